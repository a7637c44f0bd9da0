"""Word vectors from files: ``load_vectors``, ``WordVectors`` and ``embedding_for``."""

from embedlinear.vectors.layer import embedding_for
from embedlinear.vectors.load import load_vectors
from embedlinear.vectors.table import Coverage, WordVectors

__all__ = ["Coverage", "WordVectors", "embedding_for", "load_vectors"]
