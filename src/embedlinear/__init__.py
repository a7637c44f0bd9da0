"""The layers and helpers behind the book on PyTorch's Embedding and Linear."""

from embedlinear.device import select_device, show
from embedlinear.exercises import check
from embedlinear.language import use_language

__all__ = ["check", "select_device", "show", "use_language"]
