"""Words: in order, from a collection, a mapping or a file."""

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


def word_list(path):
    """The path of the word list of ``table.npy``: ``table.words.txt``, in its folder.

    For a symbolic link, it is in the folder of the link or of its target.
    """
    near = Path(path).with_suffix(".words.txt")
    if os.path.lexists(near) or not os.path.islink(path):
        return near
    return Path(os.path.realpath(path)).with_suffix(".words.txt")


def given(words, encoding=None, errors="strict"):
    """``words`` as a list: as in ``in_order``, or the path of a file."""
    if isinstance(words, (str, os.PathLike)):
        path = Path(words).expanduser()
        return from_bytes(path.read_bytes(), path, encoding, errors)
    return in_order(words, "words")


def from_bytes(data, name, encoding=None, errors="strict", ours=False):
    """The words of the file ``name``, one per line. ``ours``: ``save`` wrote it, so a byte
    order mark or a carriage return is part of a word."""
    try:
        text = data.decode("utf-8" if ours else encoding or "utf-8-sig", errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        word = data.split(b"\n", line + 1)[line][:60]
        where, encoding = f"{name}, line {line + 1}", encoding or "UTF-8"
        about = {"where": where, "encoding": encoding, "reason": error.reason}
        raise refusal("not-encoded", word=word, **about) from error
    found = text.removesuffix("\n").split("\n") if text else []
    if not ours and "\r" in text and all(word.endswith("\r") for word in found[:-1]):
        found = [word.removesuffix("\r") for word in found]
    return found
