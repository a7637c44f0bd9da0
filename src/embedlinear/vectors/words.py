"""Words: in order, from a collection, a mapping or a file; and how messages show them."""

import os
from collections.abc import Mapping, Set
from pathlib import Path

from embedlinear.language import say


def refusal(message, **values):
    """A ValueError with a message from ``messages.toml``."""
    return ValueError(say(message, **values))


def plural(count, noun):
    """``count`` and its noun: 1 row, 2 rows."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def few(items, most=5):
    """The first ``most`` of ``items``, as text."""
    items = list(map(str, items))
    return ", ".join(items[:most]) + ", ..." * (len(items) > most)


def checked(words, what):
    """``words``, an iterable of str, as a list; a TypeError for others names ``what``."""
    try:
        found = [words] if isinstance(words, bytes) else list(words)
    except TypeError:
        found = [words]
    wrong = [word for word in found if not isinstance(word, str)]
    if wrong or isinstance(words, str):
        one = wrong[0] if wrong else words
        shown, kind = repr(one)[:60], type(one).__name__
        raise TypeError(say("not-words", what=what, shown=shown, kind=kind))
    return found


def in_order(words, what):
    """The words of a list, or of a mapping from word to id in the order of its ids.

    Raises TypeError for a set, whose order changes from one run of Python to the next, and
    ValueError for ids that are not 0..n-1, each once.
    """
    if isinstance(words, Set):
        raise TypeError(say("set", what=what))
    found = checked(words, what)
    if isinstance(words, Mapping):
        if set(words.values()) != set(range(len(found))):
            ids = few(words.values())
            raise refusal("ids", what=what, last=len(found) - 1, ids=ids)
        found.sort(key=words.__getitem__)
    return found


def numbered(words, what):
    """A dict from each of ``words`` to its place; a ValueError for a repeated one."""
    places = {word: place for place, word in enumerate(words)}
    if len(places) < len(words):
        twice = next(w for place, w in enumerate(words) if places[w] != place)
        raise refusal("twice", what=what, word=twice)
    return places


def check_count(name, words, shape, limit=None):
    """Raise ValueError unless ``shape`` is that of a matrix (n, d), and the first ``limit`` of
    its rows have a word each."""
    rows = len(range(shape[0])[:limit]) if len(shape) == 2 else None
    if len(words[:limit]) != rows or (words and not shape[1]):
        least, count = min([len(words), *shape[:1]]), plural(len(words), "word")
        raise refusal("count", name=name, shape=shape, words=count, least=least)


def decoded(data, name, encoding, errors):
    """``data`` (bytes) as text; a ValueError names the line that is not in this encoding."""
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        where = f"{name}, line {data.count(bytes([10]), 0, error.start) + 1}"
        about = {"encoding": encoding.upper(), "reason": error.reason}
        raise refusal("text-encoding", where=where, **about) from error


def given(words, encoding=None, errors="strict"):
    """``words`` as a list: as in ``in_order``, or from a file with one word per line."""
    if not isinstance(words, (str, os.PathLike)):
        return in_order(words, "words")
    path = Path(words).expanduser()
    text = decoded(path.read_bytes(), path, encoding or "utf-8-sig", errors)
    text = text.replace("\r\n", "\n").removesuffix("\n")
    return text.split("\n") if text else []
