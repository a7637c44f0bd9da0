"""The reader's language, and the package's messages in it.

All messages are in ``messages.toml``, in each language of the book.
"""

import os
import tomllib
from importlib.resources import files

_MESSAGES = tomllib.loads((files("embedlinear") / "messages.toml").read_text("utf-8"))
_ASKED = os.environ.get("EMBEDLINEAR_LANGUAGE", "").lower()
chosen = None  # by ``embedlinear.book.use_language``


def current():
    """The language set by ``use_language``, else EMBEDLINEAR_LANGUAGE, else English."""
    return chosen or ("zh" if _ASKED.startswith("zh") else "en")


def say(message, **values):
    """The text of a message: the part common to all languages, then the reader's."""
    texts = _MESSAGES[message]
    parts = texts.get("text"), texts.get(current())
    return " ".join(part for part in parts if part).format(**values)
