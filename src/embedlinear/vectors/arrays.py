"""``.npy`` and ``.safetensors``: a matrix and its word list, in a second file or the same.

Neither is ever unpickled. ``save`` writes a safetensors file with two tensors: ``matrix`` float32
(n, d), and ``words`` uint8, the words in UTF-8 separated by line ends, so that any reader of the
format can use it. Saving is atomic: the file is written under another name in the same folder and
renamed, so if the disk is full or the process is killed, the old table is still there.
"""

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from embedlinear.language import say
from embedlinear.vectors import words as lists
from embedlinear.vectors.collect import Found
from embedlinear.vectors.words import few, refusal

BLOCK = 1 << 14  # rows
FLOATS = "F64", "F32", "F16", "BF16"


def kind(start):
    """ "npy" or "safetensors", by the first bytes of a file; None for others."""
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= 100_000_000:
        return "safetensors"
    return None


def npy(name, path):
    """The matrix of an ``.npy``, memory-mapped (copy on write)."""
    with open(path, "rb") as file:
        start = file.read(12)
        try:
            if start[6:7] > b"\1" and int.from_bytes(start[8:], "little") > 1 << 20:
                raise ValueError("no header is that long")
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except Exception as error:  # on damage, NumPy raises many kinds
            raise refusal("npy", name=name, error=error) from error
        if array.dtype.kind != "f" or array.dtype.itemsize > 8 or array.ndim != 2:
            about = {"shape": array.shape, "dtype": array.dtype}
            raise refusal("not-a-matrix", name=name, **about)
        file.seek(array.offset + array.nbytes)
        if rest := file.read(16):
            raise refusal("after-array", name=name, rest=rest)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(native.view(np.ndarray))


def safetensors(name, path, tensor):
    """The matrix ``tensor`` of a ``.safetensors``, memory-mapped, and its words or None."""
    try:
        file = safe_open(path, framework="pt")
        parts = {key: file.get_slice(key) for key in file.keys()}
        shapes = {key: tuple(part.get_shape()) for key, part in parts.items()}
        floats = [key for key, part in parts.items() if part.get_dtype() in FLOATS]
        matrices = [key for key in floats if len(shapes[key]) == 2]
        named = tensor or ("matrix" if "matrix" in matrices else "".join(matrices))
        if named not in matrices:
            found = few((f"{key} {shapes[key]}" for key in matrices), 12) or "none"
            wanted, example = f" {tensor!r}" if tensor else "", [*matrices, "NAME"][0]
            about = {"named": wanted, "matrices": found, "example": example}
            raise refusal("tensor", name=name, tensors=few(shapes, 12), **about)
        inside = len(shapes.get("words", ())) == 1 and tensor is None
        text = file.get_tensor("words").numpy().tobytes() if inside else None
        return file.get_tensor(named), text
    except SafetensorError as error:
        raise refusal("safetensors", name=name, error=error) from error


def read(
    source, start, tensor=None, words=None, encoding=None, errors="strict", limit=None
):
    """The words (of the file, or the given ones) and the matrix (n, d), a tensor.

    ``start`` is the beginning of the file; of the words, the first ``limit`` must have a row.
    """
    name, text = source.name, None
    if source.packed:
        raise refusal("packed", name=name, packed=source.packed)
    if kind(start) == "npy":
        matrix = npy(name, source.path)
    else:
        matrix, text = safetensors(name, source.path, tensor)
    if words is None and text is not None:
        text = lists.decoded(text, name, "utf-8", errors)
        words = text.split("\n") if len(matrix) else []
    elif words is None:
        path = source.path.with_suffix(".words.txt")
        if not path.is_file():
            raise refusal("no-list", name=name, list=path.name)
        words = lists.given(path, encoding, errors)
    lists.check_count(name, words, tuple(matrix.shape), limit)
    return words, matrix


def table(format, words, matrix, problems):
    """The array as ``Found``; what was converted is appended to ``problems``."""
    if not matrix.is_contiguous():
        problems.append(say("by-columns"))
    if matrix.dtype != torch.float32:
        dtype = str(matrix.dtype).removeprefix("torch.")
        problems.append(say("converted", kind=dtype))
    places = range(0, len(matrix), BLOCK)
    blocks = ((at + 1, None, matrix[at : at + BLOCK].float().numpy()) for at in places)
    return Found(format, "row", matrix.shape[1], blocks, words=words)


def target(path, *read):
    """``path`` with symbolic links followed; ValueError if a table cannot be saved there, or if
    it is one of the files to ``read``."""
    real = Path(os.path.realpath(os.path.expanduser(path)))
    if Path(path).suffix != ".safetensors":
        raise refusal("ending", path=str(path))
    if real.is_dir() or not real.parent.is_dir() or not os.access(real.parent, os.W_OK):
        raise refusal("folder", path=str(path))
    for other in filter(None, read):
        used = Path(other).expanduser()
        if real.exists() and used.exists() and real.samefile(used):
            raise refusal("overwrite", out=path, path=other)
    return real


def save(path, words, matrix):
    """Write the tensor ``matrix`` (n, d) float32 and its ``words``."""
    real = target(path)
    wrong = next((word for word in words if "\n" in word), None)
    if wrong is not None:
        raise refusal("line-end", word=wrong)
    text = np.frombuffer(bytearray("\n".join(words).encode()), np.uint8)
    try:
        beside = {"dir": real.parent, "prefix": f".{real.name}.", "suffix": ".part"}
        with TemporaryDirectory(ignore_cleanup_errors=True, **beside) as folder:
            new = Path(folder, "new")
            new.touch()
            mode = (real if real.exists() else new).stat().st_mode
            save_file({"matrix": matrix, "words": torch.from_numpy(text)}, new)
            new.chmod(mode & 0o7777)
            with open(new, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(new, real)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        code = getattr(error, "errno", None) or errno.EIO
        raise OSError(code, say("not-saved", reason=reason), str(path)) from error
