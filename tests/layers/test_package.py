"""The package hands its public names out lazily, to Python and to type checkers."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import embedlinear


def test_importing_the_package_imports_nothing_heavy():
    code = """
import embedlinear, sys
heavy = {"torch", "numpy", "matplotlib", "pandas", "polars", "pyarrow"}
assert not heavy & set(sys.modules) and "Embedding" in dir(embedlinear)
from embedlinear import *
assert Embedding is embedlinear.Embedding and "torch" in sys.modules
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there_for_python_and_for_type_checkers():
    path = Path(embedlinear.__file__)
    assert (path.parent / "py.typed").exists()
    imports = [
        node for node in ast.walk(ast.parse(path.read_text())) if "If" in str(node)
    ]
    hints = {
        alias.name: node.module for node in imports[0].body for alias in node.names
    }
    assert sorted(hints) == sorted(embedlinear.__all__)
    for name, module in hints.items():
        home = importlib.import_module(module)
        assert getattr(embedlinear, name) is getattr(home, name)
    assert not hasattr(embedlinear, "Embeddings")
