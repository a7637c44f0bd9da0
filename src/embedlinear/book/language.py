"""The language of what the helpers draw and print, set in a notebook's first cell.

Their words stand in ``labels.toml``, each in every language, and nowhere else.
"""

import tomllib
from importlib.resources import files

_LABELS = tomllib.loads((files(__package__) / "labels.toml").read_text("utf-8"))
#: Those that any label has. A test finds the label that lacks one.
LANGUAGES = tuple(
    dict.fromkeys(
        language
        for section in _LABELS.values()
        for label in section.values()
        for language in label
    )
)
_current = "en"


def use_language(language):
    """Draw and print labels in ``language``, ``"zh"`` or ``"en"``, from now on.

    Raises ValueError for any other value.
    """
    global _current
    # A list or a tensor is not hashable or compares in odd ways, so the type is asked
    # first.
    if not isinstance(language, str) or language not in LANGUAGES:
        allowed = " or ".join(f'"{name}"' for name in LANGUAGES)
        raise ValueError(
            f"use_language: language is {language!r}; it must be {allowed}"
        )
    _current = language


def current_language():
    """Return the language in use, ``"en"`` until ``use_language`` is called."""
    return _current


def labels(section):
    """Return the words of a section of ``labels.toml``, in the current language."""
    return {key: label[_current] for key, label in _LABELS[section].items()}
