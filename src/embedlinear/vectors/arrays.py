"""``.npy`` and ``.safetensors``: a raw matrix, beside a word list or with one inside.

Both are a short description of the array, then its bytes. Only the description is interpreted, as
numbers and names: nothing is ever unpickled. A safetensors file written here holds two tensors,
``matrix`` float32 (n, d) and ``words`` uint8, the words in UTF-8 parted by line ends, so that any
reader of the format (https://github.com/huggingface/safetensors) can use it.
"""

import json
import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16", "U8": "<u1"}
KINDS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "U8": 1, "I8": 1, "BOOL": 1, "I16": 2, "U16": 2,
         "I32": 4, "U32": 4, "I64": 8, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1}  # fmt: skip


class Array(NamedTuple):
    """Where an array lies in a file: its type, shape, first byte, and whether by columns."""

    dtype: str
    shape: tuple
    at: int
    fortran: bool = False

    @property
    def size(self):
        width = 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize
        return math.prod(self.shape) * width


def npy(source, stream):
    """Read the description of an ``.npy``: an ``Array`` of floats with two dimensions."""
    form = np.lib.format
    try:
        version = form.read_magic(stream)
        read = {
            (1, 0): form.read_array_header_1_0,
            (2, 0): form.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"version {version} is none of 1.0 and 2.0")
        shape, fortran, dtype = read(stream, max_header_size=10_000)
    except (
        Exception
    ) as error:  # NumPy raises SyntaxError, TokenError and others on damage
        raise ValueError(
            f"{source.name}: the header of the .npy is damaged: {error}"
        ) from error
    if dtype.hasobject:
        raise ValueError(
            f"{source.name}: the array holds Python objects, which are pickled and so are never "
            f"read; expected float32. Save it again as np.save(path, array.astype(np.float32))."
        )
    if dtype.kind != "f" or dtype.itemsize > 8 or len(shape) != 2:
        raise ValueError(
            f"{source.name}: expected a matrix (n, d) of floats, but found shape {shape} of "
            f"{dtype}. Save it again as np.save(path, matrix.astype(np.float32))."
        )
    array = checked(
        source, "the array", Array(dtype.str, shape, stream.position, fortran)
    )
    if source.size is not None and source.size > array.at + array.size:
        raise ValueError(too_long(source, array.at + array.size))
    return array


def safetensors(source, stream):
    """Read the description of a ``.safetensors``: the ``Array`` of each tensor, by name."""
    count = int.from_bytes(stream.exactly(8), "little")
    if source.size is not None and count > source.size - 8:
        raise ValueError(
            f"{source.name}, byte 0: the header promises {count:,} bytes, but the file has "
            f"{source.size:,}. It is cut off or damaged."
        )
    try:
        header = json.loads(stream.exactly(count).decode())
        header.pop("__metadata__", None)
        arrays = {}
        for name, about in header.items():
            begin, end = about["data_offsets"]
            shape, kind = tuple(about["shape"]), about["dtype"]
            if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
                raise ValueError(f"the sizes of {name!r} are no whole numbers")
            if end - begin != math.prod(shape) * KINDS[kind]:
                raise ValueError(
                    f"{name!r} has {end - begin} bytes, not those of {kind}{shape}"
                )
            if kind in DTYPES:
                arrays[name] = Array(DTYPES[kind], shape, 8 + count + begin)
            else:
                arrays[name] = None
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{source.name}, byte 8: the header of the safetensors is damaged: {error!r}."
        ) from error
    for name, array in arrays.items():
        if array:
            checked(source, f"the tensor {name!r}", array)
    end = (
        8
        + count
        + max((about["data_offsets"][1] for about in header.values()), default=0)
    )
    if source.size is not None and source.size > end:
        raise ValueError(too_long(source, end))
    return arrays


def the_matrix(source, arrays):
    """The one matrix of floats among ``arrays``, or the one called matrix."""
    found = {
        n: a for n, a in arrays.items() if a and len(a.shape) == 2 and a.dtype != "<u1"
    }
    if "matrix" in found or len(found) == 1:
        return found.get("matrix") or next(iter(found.values()))
    raise ValueError(
        f"{source.name}: expected one matrix (n, d) of floats, but found {list(found) or 'none'} "
        f"among the tensors {list(arrays)[:20]}. Save the table alone, or under the name matrix."
    )


def checked(source, what, array):
    """Refuse an array that the file does not hold in whole."""
    if source.size is not None and array.at + array.size > source.size:
        raise ValueError(
            f"{source.name}, byte {array.at}: {what} {array.shape} takes {array.size:,} bytes, but "
            f"the file has {source.size - array.at:,} from there on. It is cut off or damaged."
        )
    return array


def too_long(source, end):
    return (
        f"{source.name}, byte {end}: expected the end of the file, where the header has it, but "
        f"there is more. The file is damaged, or holds more than one table."
    )


def mapped(source, array):
    """The array as it lies in the file, mapped into memory: nothing is read before it is used.

    What is written to it stays in this process (copy on write): the file never changes.
    """
    dtype = "<u2" if array.dtype == "bfloat16" else array.dtype
    if array.size == 0:
        return np.empty(array.shape, dtype)
    order = "F" if array.fortran else "C"
    return np.memmap(source.path, dtype, "c", array.at, array.shape, order)


def values(source, array):
    """The array as it lies in the file: mapped, or out of an archive read into memory."""
    if not source.packed:
        return mapped(source, array)
    with source.open() as stream:
        stream.exactly(array.at)
        data = stream.exactly(array.size)
    if len(data) < array.size:
        raise ValueError(
            f"{source.name}, byte {array.at}: the array {array.shape} takes {array.size:,} bytes, "
            f"but only {len(data):,} are left. The file is cut off or damaged."
        )
    dtype = "<u2" if array.dtype == "bfloat16" else array.dtype
    return np.frombuffer(data, dtype).reshape(
        array.shape, order="F" if array.fortran else "C"
    )


def to_float32(source, data, array, words):
    """Copy ``data`` (n, d) to float32 in row order; refuse what is not finite."""
    if array.dtype == "bfloat16":  # the upper half of a float32
        out = (np.ascontiguousarray(data).astype(np.uint32) << 16).view(np.float32)
    else:
        with np.errstate(over="ignore"):
            out = np.array(data, np.float32, order="C")
    for start in range(0, len(out), 1 << 14):
        finite = np.isfinite(out[start : start + (1 << 14)])
        if not finite.all():
            row, column = divmod(
                start * out.shape[1] + int(finite.argmin()), out.shape[1]
            )
            word = f" of the word {words[row]!r}" if row < len(words) else ""
            raise ValueError(
                f"{source.name}, row {row + 1}: number {column + 1}{word} is "
                f"{out[row, column]}; expected a finite number in float32."
            )
    return out


# ------------------------------------------------------------------------------------- the words


def beside(path):
    """The word list that ``save`` writes beside ``table.npy``: ``table.words.txt``."""
    return Path(path).with_suffix(".words.txt")


def all_words(words, expected):
    """``words``, an iterable of str, as a list; TypeError, which begins with ``expected``, else."""
    if isinstance(words, (str, bytes)):
        raise TypeError(f"{expected}, but it is one: {words[:40]!r}.")
    try:
        found = list(words)
    except TypeError:
        kind = type(words).__name__
        raise TypeError(f"{expected}, but it is {repr(words)[:60]} ({kind}).") from None
    for word in found:
        if not isinstance(word, str):
            kind = type(word).__name__
            raise TypeError(f"{expected} (str), but one is {repr(word)[:60]} ({kind}).")
    return found


def word_list(words, errors="strict"):
    """``words`` as a list of str: a list is taken as it is, a path read, one word a line."""
    if not isinstance(words, (str, os.PathLike)):
        return all_words(words, "words must be a file or a collection of words")
    try:
        data = Path(os.path.expanduser(words)).read_bytes()
        text = data.removeprefix(b"\xef\xbb\xbf").decode(errors=errors)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{words}, line {line}: the word is no UTF-8 (byte {error.start}: {error.reason}). "
            f"Convert the file from its real encoding; for a few damaged words pass "
            f"errors='replace' or errors='ignore'."
        ) from error
    found = text.removesuffix("\n").split("\n") if text else []
    if found and all(word.endswith("\r") for word in found[:-1]) and "\r" in text:
        found = [word.removesuffix("\r") for word in found]
    return found


# ----------------------------------------------------------------------------------------- saving


@contextmanager
def replacing(path):
    """Yield a file beside ``path`` to write to, which takes its place when all went well."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def target(path):
    """``path`` to save to as a Path; ValueError if nothing can be saved there."""
    path = Path(os.path.expanduser(path))
    if path.suffix not in (".safetensors", ".npy"):
        raise ValueError(
            f"save to a path that ends in .safetensors or .npy, not to {str(path)!r}."
        )
    if path.is_dir() or not path.parent.is_dir():
        what = (
            "is a directory" if path.is_dir() else f"is in no directory: {path.parent}"
        )
        raise ValueError(
            f"save to a file in a directory that is there; {str(path)!r} {what}."
        )
    return path


def save(path, words, matrix):
    """Write ``matrix`` (n, d) float32 and its ``words``; ``path`` ends in .safetensors or .npy."""
    path = target(path)
    wrong = next((word for word in words if "\n" in word), None)
    if wrong is not None:
        raise ValueError(
            f"the word {wrong!r} holds a line end, so no word list can keep it."
        )
    text = "\n".join(words).encode()
    if path.suffix == ".npy":
        with replacing(beside(path)) as file:
            file.write(text + b"\n" * bool(words))
        with replacing(path) as file:
            np.lib.format.write_array(file, matrix, allow_pickle=False)
        return
    size = matrix.nbytes
    header = {
        "matrix": {
            "dtype": "F32",
            "shape": list(matrix.shape),
            "data_offsets": [0, size],
        },
        "words": {
            "dtype": "U8",
            "shape": [len(text)],
            "data_offsets": [size, size + len(text)],
        },
    }
    header = json.dumps(header).encode()
    header += b" " * (
        -(8 + len(header)) % 64
    )  # so that the matrix begins at a multiple of 64
    with replacing(path) as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.write(matrix.data)
        file.write(text)
