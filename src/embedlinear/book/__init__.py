"""What only the chapters need: figures, widgets, exercises, data and measurements."""

from embedlinear.book.exercises import check
from embedlinear.book.language import use_language

__all__ = ["check", "use_language"]
