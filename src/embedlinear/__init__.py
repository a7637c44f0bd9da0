"""PyTorch's Embedding and Linear, written out to be read, and a loader for word vectors.

Read ``embedding``, ``linear``, ``onehot``, ``equivalence``, ``checks`` and ``device`` in this order;
``vectors`` reads files of word vectors; ``book`` holds what only the chapters need.
"""

from importlib import import_module

# Each public name and the module that defines it. A module is imported when its name is first
# used (PEP 562), so that ``import embedlinear`` alone loads neither torch nor NumPy.
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


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__():
    return sorted([*globals(), *__all__])
