"""Find the book's section for an error: in a notebook, in a script, or from a log.

    %load_ext embedlinear.explain                  # in a notebook or in IPython
    from embedlinear import explain; explain.install()      # in a script
    python -m embedlinear.explain train.log        # or through a pipe

The explanation is printed below the traceback, which does not change. It works offline:
templates of messages, causes and cures are in ``pitfalls.toml`` next to this file; the book's
pages show them as well. No heavy import, and a failure in here never hides the error.
"""

import argparse
import functools
import os
import re
import sys
import tomllib
import traceback
from pathlib import Path
from typing import NamedTuple

from embedlinear import language as reader

DATA = Path(__file__).with_name("pitfalls.toml")
LONGEST = 20_000  # characters of a log that are read, from its end
WORD, INTEGER = r"\S+?", r"-?\d++"
CURE = {"en": "Cure: ", "zh": "解法："}


class Entry(NamedTuple):
    """One section of the book: its address, and what it says about the error."""

    anchor: str
    title: str
    cause: str
    cure: str
    url: str


def _template(text):
    """The pattern of a message, its longest literal (to reject fast), and its weight.

    ``{name}`` is an integer, ``{name:word}`` a word, ``...`` anything.
    """
    parts = re.split(r"(\{\w+(?::word)?\}|\.\.\.)", text.lower())
    literals, regex = parts[::2], [re.escape(parts[0])]
    for slot, literal in zip(parts[1::2], literals[1:]):
        name, _, kind = slot[1:-1].partition(":")
        # An integer is matched whole, so that 12 does not match in 128.
        group = f"(?P<{name}>{WORD if kind else INTEGER})"
        if slot == "...":
            group = r".{0,2000}?"
        elif group in regex:
            group = f"(?P={name})"
        regex += [group, re.escape(literal)]
    weight = sum(map(len, literals))
    return re.compile("".join(regex)), max(literals, key=len), weight


@functools.cache
def book():
    """The sections of ``pitfalls.toml`` by anchor, and its rules, both in the book's order.

    A rule applies if a template matches, a word of ``needs`` occurs, and none of
    ``never``; a table with ``same`` is a rule for the section that it names.
    """
    tables = tomllib.loads(DATA.read_text(encoding="utf-8"))
    contexts = tables.pop("contexts")
    for name, table in tables.items():
        table["templates"] = [_template(text) for text in table.get("templates", [])]
        if isinstance(table.get("needs"), str):
            table["needs"] = contexts[table["needs"]]
        table.setdefault("same", name)
    sections = {name: t for name, t in tables.items() if t["same"] == name}
    return sections, [*tables.values()]


def language_of_the_reader():
    """What ``use_language`` chose, else EMBEDLINEAR_LANGUAGE, else the locale: zh or en."""
    names = ("EMBEDLINEAR_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    asked = [reader.chosen, *map(os.environ.get, names)]
    return "zh" if next(filter(None, asked), "en").lower().startswith("zh") else "en"


def explain(message, language=None):
    """Return the sections of the book for an error, best first; an empty list if none matches.

    Args:
        message (str): the error's message, alone or with the traceback or log around it.
        language (str, optional): "zh" or "en"; the reader's language if it is left out.

    Returns:
        list[Entry]: with the message's own values in ``cause`` where they help.

    Raises TypeError if ``message`` is not a string, ValueError for an unknown language.
    """
    if not isinstance(message, str):
        raise TypeError(
            f"explain(): message must be a str, not {type(message).__name__}"
        )
    language = language or language_of_the_reader()
    if language not in CURE:
        raise ValueError(f"explain(): language is {language!r}; expected 'zh' or 'en'")
    text, last = _prepared(message)
    fits = []
    for rule in book()[1]:
        if not any(word.lower() in text for word in rule.get("needs", [""])):
            continue
        found = []
        for pattern, probe, weight in rule["templates"]:
            for match in [*pattern.finditer(text)][-1:] if probe in text else []:
                found.append((match.end() > last, weight, match))
        if found and not any(word.lower() in text for word in rule.get("never", [])):
            fits.append((*max(found, key=lambda one: one[:2]), rule))
    fits.sort(key=lambda fit: fit[:2], reverse=True)
    entries = {}
    for *_, match, rule in fits:
        entries.setdefault(rule["same"], _entry(rule, match, language))
    return list(entries.values())


def _prepared(message):
    # One line in lower case with plain quotes, and where its last error begins.
    text = re.sub(r"\x1b\[[0-9;]*m", "", message[-LONGEST:])
    text = text.translate(str.maketrans("‘’“”", "''\"\"")).lower()
    text = " ".join(text.split())
    names = [m.start() for m in re.finditer(r"\b[\w.]*(?:error|exception)\b: ", text)]
    return text, names[-1] if names else 0


def _entry(rule, match, language):
    anchor = rule["same"]
    section = book()[0][anchor]
    lead = _filled(rule.get("value", {}).get(language, ""), match.groupdict())
    gap = " " if lead and language == "en" else ""
    site = os.environ.get("EMBEDLINEAR_BOOK", "").rstrip("/")
    url = f"{language}/{section['page']}.html#{anchor}"
    url = f"{site}/{url}" if site else url
    title, cause, cure = (section[k][language] for k in ("title", "cause", "cure"))
    return Entry(anchor, title, lead + gap + cause, cure, url)


def _filled(sentence, values):
    # "{rows-1}" is one less than rows; a sentence whose values are missing is left out.
    whole = {name: int(v) for name, v in values.items() if re.fullmatch(INTEGER, v)}
    less = {f"{name}-1": number - 1 for name, number in whole.items()}
    try:
        return sentence.format_map(values | less)
    except KeyError:
        return ""


def as_text(entry, language=None):
    """The lines that are printed below a traceback."""
    cure = CURE[language or language_of_the_reader()] + entry.cure
    return f"embedlinear: {entry.title}\n  {entry.cause}\n  {cure}\n  {entry.url}"


def _print_best(error, file):
    try:
        # The source lines of the innermost frames say where the error comes from.
        lines = [
            f"{frame.filename} {frame.name}\n{frame.line}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
        lines.append(f"{type(error).__name__}: {error}")
        for entry in explain("\n".join(lines))[:1]:
            print(as_text(entry), file=file)
    except Exception:
        pass  # the reader's own error is on the screen; ours would only distract


def _after_cell(result):
    error = result.error_in_exec or result.error_before_exec
    if isinstance(error, Exception):
        _print_best(error, sys.stdout)


def load_ipython_extension(ipython):
    """``%load_ext embedlinear.explain``: explain the error of a cell below its traceback."""
    book()  # now, and not while the reader waits for an error
    ipython.events.register("post_run_cell", _after_cell)


def unload_ipython_extension(ipython):
    """``%unload_ext embedlinear.explain``"""
    ipython.events.unregister("post_run_cell", _after_cell)


def install():
    """Explain an error that ends a script, below its traceback, on standard error."""
    if getattr(sys.excepthook, "explains", False):
        return
    before = sys.excepthook

    def hook(kind, error, trace):
        before(kind, error, trace)
        if isinstance(error, Exception):
            _print_best(error, sys.stderr)

    hook.explains = True
    sys.excepthook = hook


def main(arguments=None):
    """Print the best entries for a traceback; exit code 1 if none matches."""
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser("python -m embedlinear.explain", description=about)
    parser.add_argument("file", nargs="?", help="a log (default: standard input)")
    parser.add_argument("--language", choices=sorted(CURE))
    options = parser.parse_args(arguments)
    try:
        raw = open(options.file or 0, "rb").read()
    except OSError as error:
        parser.error(f"file: {error}")
    entries = explain(raw.decode("utf-8", "replace"), options.language)
    for entry in entries[:2]:
        print(as_text(entry, options.language))
    return 0 if entries else 1


if __name__ == "__main__":
    sys.exit(main())
