"""Find the book's section for an error: in a notebook, in a script, or from a log.

    %load_ext embedlinear.explain                  # in a notebook or in IPython
    from embedlinear import explain; explain.install()      # in a script
    python -m embedlinear.explain train.log        # or through a pipe

The explanation is printed below the traceback, which does not change. It works offline:
templates of messages, causes and cures are in ``pitfalls.toml`` next to this file; the book's
pages show them as well. No heavy import, and a failure in here never hides the error.
"""

import functools
import os
import re
import sys
import tomllib
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


class Template:
    """A message: ``{name}`` is an integer, ``{name:word}`` a word, ``...`` anything."""

    def __init__(self, text):
        self.parts = re.split(r"(\{\w+(?::word)?\}|\.\.\.)", text.lower())
        self.probe = max(self.parts[::2], key=len)  # the fastest rejection
        self.weight = sum(map(len, self.parts[::2]))

    @functools.cached_property
    def pattern(self):
        seen, regex = set(), [re.escape(self.parts[0])]
        for slot, literal in zip(self.parts[1::2], self.parts[2::2]):
            name, _, kind = slot[1:-1].partition(":")
            if slot == "...":
                regex.append(r".{0,2000}?")
            elif name in seen:
                regex.append(f"(?P={name})")
            else:
                # An integer is matched whole, so that 12 does not match in 128.
                regex.append(f"(?P<{name}>{kind and WORD or INTEGER})")
                seen.add(name)
            regex.append(re.escape(literal))
        return re.compile("".join(regex))

    def search(self, text):
        """The last match of the template in ``text``, or None."""
        if self.probe not in text:
            return None
        return functools.reduce(lambda _, m: m, self.pattern.finditer(text), None)


class Rule(NamedTuple):
    """When an entry applies: a template matches, a word of ``needs`` occurs, none of ``never``."""

    anchor: str
    templates: list
    needs: list
    never: list
    value: dict


@functools.cache
def book():
    """The sections of ``pitfalls.toml`` by anchor, and its rules, both in the book's order.

    A table with ``same`` adds a rule to the section that it names.
    """
    tables = tomllib.loads(DATA.read_text(encoding="utf-8"))
    contexts, rules = tables.pop("contexts"), []
    for name, table in tables.items():
        templates = [Template(text) for text in table.get("templates", [])]
        needs, never = table.get("needs", []), table.get("never", [])
        needs = contexts[needs] if isinstance(needs, str) else needs
        words = [[word.lower() for word in group] for group in (needs, never)]
        anchor, value = table.get("same", name), table.get("value", {})
        rules.append(Rule(anchor, templates, *words, value))
    return {name: t for name, t in tables.items() if "same" not in t}, rules


def language_of_the_reader():
    """What ``use_language`` chose, else EMBEDLINEAR_LANGUAGE, else the locale: zh or en."""
    if reader.chosen:
        return reader.chosen
    names = ("EMBEDLINEAR_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "en")
    return "zh" if chosen.lower().startswith("zh") else "en"


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
    for order, rule in enumerate(book()[1]):
        if rule.needs and not any(word in text for word in rule.needs):
            continue
        found = [(t, m) for t in rule.templates if (m := t.search(text))]
        if not found or any(word in text for word in rule.never):
            continue
        template, match = max(
            found, key=lambda pair: (pair[1].end() > last, pair[0].weight)
        )
        fits.append((match.end() <= last, -template.weight, order, rule, match))
    entries = {}
    for *_, rule, match in sorted(fits, key=lambda fit: fit[:3]):
        entries.setdefault(rule.anchor, _entry(rule, match, language))
    return list(entries.values())


def _prepared(message):
    # One line in lower case with plain quotes, and where its last error begins.
    text = re.sub(r"\x1b\[[0-9;]*m", "", message[-LONGEST:])
    text = text.translate(str.maketrans("‘’“”", "''\"\"")).lower()
    text = " ".join(text.split())
    names = [m.start() for m in re.finditer(r"\b[\w.]*(?:error|exception)\b: ", text)]
    return text, names[-1] if names else 0


def _entry(rule, match, language):
    section = book()[0][rule.anchor]
    values = match.groupdict()
    lead = _filled(rule.value.get(language, ""), values)
    gap = " " if lead and language == "en" else ""
    site = os.environ.get("EMBEDLINEAR_BOOK", "").rstrip("/")
    url = f"{language}/{section['page']}.html#{rule.anchor}"
    url = f"{site}/{url}" if site else url
    title, cause, cure = (section[k][language] for k in ("title", "cause", "cure"))
    return Entry(rule.anchor, title, lead + gap + cause, cure, url)


def _filled(sentence, values):
    # "{rows-1}" is one less than rows; a sentence whose values are missing is left out.
    def value(found):
        return str(int(values[found[1]]) - 1) if found[2] else values[found[1]]

    try:
        return re.sub(r"\{(\w+)(-1)?\}", value, sentence)
    except (KeyError, TypeError, ValueError):
        return ""


def as_text(entry, language=None):
    """The lines that are printed below a traceback."""
    cure = CURE[language or language_of_the_reader()] + entry.cure
    return f"embedlinear: {entry.title}\n  {entry.cause}\n  {cure}\n  {entry.url}"


def _of_exception(error):
    # The source lines of the innermost frames say where the error comes from.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)[-12:]
    where = "\n".join(
        f"{frame.filename} {frame.name}\n{frame.line}" for frame in frames
    )
    return f"{where}\n{type(error).__name__}: {error}"


def _print_best(error, file):
    try:
        entries = explain(_of_exception(error))
        if entries:
            print(as_text(entries[0]), file=file)
    except Exception:
        pass  # the reader's own error is on the screen; ours would only distract


def _after_cell(result):
    error = result.error_in_exec or result.error_before_exec
    if isinstance(error, Exception):
        _print_best(error, sys.stdout)


def load_ipython_extension(ipython):
    """``%load_ext embedlinear.explain``: explain the error of a cell below its traceback."""
    book()  # now, and not while the reader waits for an error
    unload_ipython_extension(ipython)
    ipython.events.register("post_run_cell", _after_cell)


def unload_ipython_extension(ipython):
    """``%unload_ext embedlinear.explain``"""
    if _after_cell in ipython.events.callbacks["post_run_cell"]:
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
    import argparse

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
