"""The layers and helpers behind the book on PyTorch's Embedding and Linear."""

from embedlinear.device import select_device, show

__all__ = ["select_device", "show"]
