"""The layers and helpers behind the book on PyTorch's Embedding and Linear."""

from embedlinear.device import select_device, show
from embedlinear.embedding import Embedding
from embedlinear.equivalence import compare, embedding_from_linear, linear_from_embedding
from embedlinear.exercises import check
from embedlinear.language import use_language
from embedlinear.linear import Linear
from embedlinear.onehot import one_hot
from embedlinear.vectors import WordVectors, embedding_for, load_vectors

__all__ = [
    "Embedding",
    "Linear",
    "WordVectors",
    "check",
    "compare",
    "embedding_for",
    "embedding_from_linear",
    "linear_from_embedding",
    "load_vectors",
    "one_hot",
    "select_device",
    "show",
    "use_language",
]
