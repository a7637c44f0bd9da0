"""The language of what the helpers draw and print: set once, in a notebook's first cell."""

LANGUAGES = ("zh", "en")
_current = "en"


def use_language(language):
    """Draw and print labels in ``language``, ``"zh"`` or ``"en"``, from now on.

    Raises ValueError for any other value.
    """
    global _current
    # A list or a tensor is not hashable or compares in odd ways, so the type is asked first.
    if not isinstance(language, str) or language not in LANGUAGES:
        allowed = " or ".join(f'"{name}"' for name in LANGUAGES)
        raise ValueError(
            f"use_language: language is {language!r}; it must be {allowed}"
        )
    _current = language


def current_language():
    """Return the language in use, ``"en"`` until ``use_language`` is called."""
    return _current
