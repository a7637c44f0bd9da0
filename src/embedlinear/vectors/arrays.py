"""``.npy`` and ``.safetensors``: a matrix and its word list, in a second file or the same.

Neither is ever unpickled. A safetensors file written here has two tensors, ``matrix`` float32
(n, d) and ``words`` uint8, the words in UTF-8 separated by line ends, so that any reader of the
format can use it. An ``.npy`` written here ends with the digest of its word list, which NumPy
ignores: a matrix with another table's words is rejected.
"""

import hashlib
import json
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from embedlinear.language import say
from embedlinear.vectors import words as lists
from embedlinear.vectors.files import Source
from embedlinear.vectors.words import few, plural, refusal

SEAL = b"\nwords sha256 %s\n"
FLOATS = "F64", "F32", "F16", "BF16"


def seal(text):
    """The end of an ``.npy`` whose word list is ``text`` (bytes)."""
    return SEAL % hashlib.sha256(text).hexdigest().encode()


@contextmanager
def unpacked(source):
    """The path of the file, or of its unpacked copy."""
    with (
        source.open() as stream,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        path = Path(folder, "unpacked") if source.packed else source.path
        if source.packed:
            with open(path, "wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
        yield path


def npy(name, path):
    """The matrix of an ``.npy``, memory-mapped (copy on write), and the bytes after it."""
    with open(path, "rb") as file:
        start = file.read(12)
        try:
            if start[6:7] > b"\1" and int.from_bytes(start[8:], "little") > 1 << 20:
                raise ValueError("no header is that long")
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except (
            Exception
        ) as error:  # NumPy raises SyntaxError, TokenError and others on damage
            raise refusal("npy", name=name, error=error) from error
        if array.dtype.kind != "f" or array.dtype.itemsize > 8 or array.ndim != 2:
            about = {"shape": array.shape, "dtype": array.dtype}
            raise refusal("not-a-matrix", name=name, **about)
        file.seek(array.offset + array.nbytes)
        rest = file.read(128)
    if rest and not re.fullmatch(SEAL % rb"[0-9a-f]{64}", rest):
        raise refusal("after-array", name=name, rest=rest[:16])
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(native.view(np.ndarray)), rest


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


def shard(source, tensor):
    """The ``Source`` of the file with ``tensor``, according to a sharded model's index."""
    try:
        places = json.loads(source.path.read_bytes())["weight_map"]
        names = {name: str(file) for name, file in places.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusal("index", name=source.name, error=error) from error
    if tensor not in names or Path(names[tensor]).name != names[tensor]:
        near = sorted(names, key=lambda name: "embed" not in name) or ["NAME"]
        raise refusal("shard", name=source.name, example=near[0], names=few(near, 12))
    return Source(source.path.with_name(names[tensor]))


def read(source, kind, tensor=None, words=None, encoding=None, errors="strict"):
    """The words (of the file, or the given ones) and the matrix (n, d), a tensor."""
    with unpacked(source) as path:
        if kind == "npy":
            matrix, rest = npy(source.name, path)
        else:
            matrix, rest = safetensors(source.name, path, tensor)
    if words is not None:
        return words, matrix
    if kind == "safetensors" and rest is not None:
        rest += b"\n" * bool(len(matrix))
        return lists.from_bytes(rest, source.name, errors=errors, ours=True), matrix
    path = lists.word_list(source.path)
    if not path.is_file():
        raise refusal("no-list", name=source.name, list=path.name)
    data = path.read_bytes()
    if rest and rest != seal(data):
        raise refusal("torn", name=source.name, list=path.name, path=str(path))
    return lists.from_bytes(data, path, encoding, errors, ours=bool(rest)), matrix


def rows(name, words, matrix, limit, problems):
    """Yield (first row, words, numbers in float32) for blocks of rows."""
    words, matrix = words[:limit], matrix[:limit]
    least = min(len(words), len(matrix))
    if len(words) != len(matrix) or (words and not matrix.shape[1]):
        about = {"shape": tuple(matrix.shape), "words": plural(len(words), "word")}
        raise refusal("count", name=name, least=least, **about)
    if not matrix.is_contiguous():
        problems.append(say("by-columns"))
    if matrix.dtype != torch.float32:
        kind = str(matrix.dtype).removeprefix("torch.")
        problems.append(say("converted", kind=kind))
    for at in range(0, max(len(words), 1), 1 << 14):
        part = slice(at, at + (1 << 14))
        yield at + 1, words[part], matrix[part].float().numpy()
