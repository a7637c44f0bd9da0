"""The package loads its public names lazily, for Python and for type checkers."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import embedlinear

CODE = """
import embedlinear, embedlinear.explain, sys
heavy = {"torch", "numpy", "matplotlib", "pandas", "polars", "pyarrow"}
assert not heavy & set(sys.modules) and "Embedding" in dir(embedlinear)
from embedlinear import *
assert Embedding is embedlinear.Embedding and "torch" in sys.modules
assert "matplotlib" not in sys.modules and not hasattr(embedlinear, "Embeddings")
"""


def test_names_are_lazy_and_known_to_type_checkers():
    subprocess.run([sys.executable, "-c", CODE], check=True)
    path = Path(embedlinear.__file__)
    assert (path.parent / "py.typed").exists()
    (block,) = (n for n in ast.parse(path.read_text()).body if isinstance(n, ast.If))
    hints = {alias.name: line.module for line in block.body for alias in line.names}
    homes = {name: f"embedlinear.{home}" for name, home in embedlinear._HOME.items()}
    assert hints == homes


def test_every_public_name_is_on_the_page_of_names():
    """Whose cells print the docstrings, and are compared like those of any other page."""
    page = Path(__file__).parents[2] / "book/en/api.ipynb"
    shown = re.findall(r"reference\(embedlinear\.(\w+)\)", page.read_text("utf-8"))
    assert sorted(shown) == sorted(embedlinear.__all__)
