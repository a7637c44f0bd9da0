"""The language of what the package draws and prints, set in a notebook's first cell.

The words of figures, widgets and tables stand in ``labels.toml``, each in every
language; those of errors and reports in ``embedlinear/messages.toml``.
"""

import tomllib
from importlib.resources import files

from embedlinear import language as reader
from embedlinear.language import current as current_language

_LABELS = tomllib.loads((files(__package__) / "labels.toml").read_text("utf-8"))
LANGUAGES = tuple(_LABELS["figures"]["table"])  # a test finds a label that lacks one


def use_language(language):
    """Speak ``language``, ``"zh"`` or ``"en"``, from now on: in figures, reports, messages.

    Raises ValueError for any other value.
    """
    if language not in LANGUAGES:
        allowed = " or ".join(f'"{name}"' for name in LANGUAGES)
        raise ValueError(
            f"use_language: language is {language!r}; it must be {allowed}"
        )
    reader.chosen = language


def labels(section):
    """Return the words of a section of ``labels.toml``, in the current language."""
    return {key: label[current_language()] for key, label in _LABELS[section].items()}
