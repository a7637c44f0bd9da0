"""PyTorch's Embedding and Linear, written out for readers, and a loader of word vectors.

Read ``essence`` first, then ``embedding``, ``linear``, ``onehot``, ``equivalence``,
``checks`` and ``device``. ``vectors`` loads files of word vectors; ``book`` contains
what only the chapters need.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the same names as in _HOME, for type checkers and editors
    from embedlinear.device import select_device as select_device
    from embedlinear.device import show as show
    from embedlinear.embedding import Embedding as Embedding
    from embedlinear.equivalence import compare as compare
    from embedlinear.equivalence import embedding_from_linear as embedding_from_linear
    from embedlinear.equivalence import linear_from_embedding as linear_from_embedding
    from embedlinear.linear import Linear as Linear
    from embedlinear.onehot import one_hot as one_hot
    from embedlinear.vectors import WordVectors as WordVectors
    from embedlinear.vectors import embedding_for as embedding_for
    from embedlinear.vectors import load_vectors as load_vectors

# Each public name and the module that defines it. A module is imported when its name is
# first used (PEP 562): ``import embedlinear`` alone loads neither torch nor NumPy.
_HOME = {
    "Embedding": "embedding",
    "Linear": "linear",
    "WordVectors": "vectors",
    "compare": "equivalence",
    "embedding_for": "vectors",
    "embedding_from_linear": "equivalence",
    "linear_from_embedding": "equivalence",
    "load_vectors": "vectors",
    "one_hot": "onehot",
    "select_device": "device",
    "show": "device",
}

__all__ = list(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
