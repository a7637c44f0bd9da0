"""``load_vectors``: one line from a file of word vectors to words and a matrix."""

import sys

import torch

from embedlinear.vectors import arrays, binary, files, text
from embedlinear.vectors.table import (
    WordVectors,
    check_words,
    described,
    without_repeats,
)

FORMATS = {  # what ``format`` may be: how it is read, and whether it has a header line
    "text": ("text", None),
    "word2vec": ("text", True),
    "fasttext": ("text", True),
    "glove": ("text", False),
    "binary": ("binary", True),
    "word2vec-binary": ("binary", True),
    "npy": ("npy", None),
    "safetensors": ("safetensors", None),
}


class Silent:
    """A progress bar that is not there."""

    n = 0

    def update(self, count):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def progress_bar(source, progress):
    """tqdm's bar on stderr over the bytes of the file; none where ``progress`` is false."""
    if not progress:
        return Silent()
    from tqdm import tqdm

    return tqdm(
        total=source.on_disk,
        desc=source.path.name,
        unit="B",
        unit_scale=True,
        file=sys.stderr,
    )


def load_vectors(path, *, words=None, format=None, header=None, limit=None, vocab=None,
                 errors="strict", normalize=False, progress=True):  # fmt: skip
    """Read word vectors from a file: word2vec, GloVe, fastText, .npy or .safetensors.

    Args:
        path: the file, perhaps packed as .gz or .zip (``table.zip/member`` names a member); ``~``
            is the home directory.
        words: for .npy and .safetensors without words: a file with one word a line, or a list;
            for ``table.npy`` the default is ``table.words.txt`` beside it.
        format: "text", "word2vec", "fasttext", "glove", "binary" (also "word2vec-binary"), "npy"
            or "safetensors"; None looks at the content.
        header: of a text: True, False, None to find out, or "ignore" for one whose row count lies.
        limit: read the first so many rows only; nothing is said of those behind them.
        vocab: keep only these words (an iterable of str). The numbers of other rows are not read,
            but each row must have the right number of fields.
        errors: what to do with words that are no UTF-8: "strict", "replace" or "ignore".
        normalize: divide each row by its length, unless that is 0.
        progress: show a bar on stderr.

    Returns WordVectors with ``matrix`` float32 (n, d), row by row.

    Raises FileNotFoundError for no such file, and ValueError, naming the file, the line, row or
    byte, and what was expected, for one that is damaged or no table of vectors: too few fields, a
    number that is not finite, a header that lies, a word that is no UTF-8, a text that ``format``
    calls binary; TypeError for a ``vocab`` or ``words`` that are no words. Nothing is skipped; a
    word that comes twice keeps its first row, with a warning.
    """
    check_arguments(format, header, limit, errors)
    if vocab is not None:
        vocab = frozenset(
            arrays.all_words(vocab, "vocab must be a collection of words")
        )
    source = files.Source(path)
    start, whole = files.head(source)
    if format is None:
        kind, expected = files.recognise(source, start), None
    else:
        kind, expected = FORMATS[format]
        if kind == "binary":
            files.check_forced_binary(source, start)
    header = expected if header is None else header
    layout = text.layout(source.name, start, whole, header) if kind == "text" else None
    del start  # up to 256 KiB
    with progress_bar(source, progress) as bar:
        if kind in ("npy", "safetensors"):
            read = read_array(source, kind, words, limit, vocab, errors)
            bar.update(source.on_disk)
            name, unit = kind, "row"
        elif kind == "binary":
            read = binary.read(source, limit=limit, vocab=vocab, errors=errors, bar=bar)
            name, unit = "word2vec binary", "record"
        else:
            read = text.read(
                source, layout, limit=limit, vocab=vocab, errors=errors, bar=bar
            )
            name = f"text with{'' if layout.first_line == 2 else 'out'} a header"
            unit = "line"
    found, matrix, lines, problems = read
    found, matrix, repeated = without_repeats(source, found, matrix, lines, unit)
    if words is not None and kind in ("text", "binary"):
        problems.append("words= was not used: the file has words of its own")
    matrix = torch.from_numpy(matrix)
    if normalize:
        length = torch.linalg.vector_norm(matrix, dim=1, keepdim=True)
        matrix /= torch.where(length > 0, length, 1)
    name += f", {source.packed}" if source.packed else ""
    return WordVectors(found, matrix, problems=problems + repeated, format=name)


def check_arguments(format, header, limit, errors):
    """Refuse arguments that mean nothing, before the file is opened."""
    if format is not None and format not in FORMATS:
        raise ValueError(
            f"format must be None or one of {list(FORMATS)}, not {format!r}."
        )
    if header not in (None, True, False, "ignore"):
        raise ValueError(
            f"header must be None, True, False or 'ignore', not {header!r}."
        )
    if limit is not None and (
        isinstance(limit, bool) or not hasattr(limit, "__index__")
    ):
        raise TypeError(f"limit must be an int or None, but it is {limit!r}.")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be 0 or more, not {limit}.")
    if errors not in ("strict", "replace", "ignore"):
        raise ValueError(
            f"errors must be 'strict', 'replace' or 'ignore', not {errors!r}."
        )


def read_array(source, kind, words, limit, vocab, errors):
    """Read a matrix and its words, as the other readers do: words, matrix, rows, problems."""
    array, found = described(source, kind, words, errors)
    check_words(source, found, array)
    data = arrays.values(source, array)
    kept = range(len(found))[:limit]
    if vocab is not None:
        kept = [row for row in kept if found[row] in vocab]
    if len(kept) < len(found):
        data = data[:limit] if vocab is None else data[kept]
        found = [found[row] for row in kept]
    problems = []
    if array.fortran:
        problems.append("the array was stored by columns; it is now stored by rows")
    if array.dtype != "<f4":
        problems.append(
            f"the numbers were {array.dtype.strip('<>')}; they are float32 now"
        )
    return (
        found,
        arrays.to_float32(source, data, array, found),
        [r + 1 for r in kept],
        problems,
    )
