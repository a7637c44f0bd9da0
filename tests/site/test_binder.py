"""The recipe of the image in which readers run the book: in step with what the book is tested with."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tools import footprint

RECIPE = ROOT / ".binder"
LINES = [
    line
    for line in (RECIPE / "requirements.txt").read_text().splitlines()
    if not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]


def pins(*names: str) -> dict[str, str]:
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)
    }


def test_versions_are_those_of_the_tests():
    tested = pins("requirements.txt", "constraints.txt")
    ours = pins(".binder/requirements.txt")
    assert "torch" in ours and ours == {name: tested.get(name) for name in ours}


def test_paths_lead_where_pip_looks_for_them():
    """repo2docker calls pip at the repository's root: -c is taken from the file's folder, -e from there."""
    constraints, package = (
        next(line for line in LINES if line.startswith(o)).split()[1]
        for o in ("-c", "-e")
    )
    assert (RECIPE / constraints).resolve() == ROOT / "constraints.txt"
    assert (ROOT / package / "pyproject.toml").is_file()


def test_the_python_is_one_of_those_that_are_tested():
    (version,) = re.fullmatch(
        r"python-(3\.\d+)\s*", (RECIPE / "runtime.txt").read_text()
    ).groups()
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")
    assert f'"{version}"' in (ROOT / ".github" / "workflows" / "test.yml").read_text()


def installed(names: set[str]) -> set[str]:
    """These packages with all that they need in turn, as far as it is installed here."""
    found, todo = set(), {canonicalize_name(name) for name in names}
    while todo:
        name = todo.pop()
        found.add(name)
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:
            continue
        needed = {
            canonicalize_name(n.name)
            for n in needs
            if not n.marker or n.marker.evaluate({"extra": ""})
        }
        todo |= needed - found
    return found


def imported(path) -> set[str]:
    """The packages that a notebook's code imports."""
    names = set()
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            code = "\n".join(
                "" if line.lstrip()[:1] in ("%", "!") else line
                for line in cell.source.splitlines()
            )
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                if isinstance(node, ast.ImportFrom):
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_package_that_a_chapter_imports_is_in_the_image(language):
    image = installed(
        {line for line in LINES if re.match(r"\w", line)}
        - set(pins(".binder/requirements.txt"))
    )
    image |= installed(
        {"torch", *(Requirement(need).name for need in PROJECT["dependencies"])}
    ) | {"embedlinear"}
    providers, seen = packages_distributions(), set()
    for path in sorted((ROOT / "book" / language).glob("*.ipynb")):
        for name in imported(path):
            seen.add(name)
            there = {
                canonicalize_name(provider) for provider in providers.get(name, [])
            }
            assert there & image, (
                f"{language}/{path.name} imports {name}; the image of .binder lacks it"
            )
    assert {"torch", "matplotlib", "embedlinear"} <= seen


def test_a_package_that_only_the_tests_have_would_be_found_out():
    image = installed({Requirement(need).name for need in PROJECT["dependencies"]})
    assert {"numpy", "sympy", "kiwisolver"} <= image and not {
        "gensim",
        "hypothesis",
        "sphinx",
    } & image


# --- what a reader's kernel takes ---


@pytest.mark.skipif(sys.platform != "linux", reason="it asks Linux")
def test_the_memory_of_a_kernel_and_of_what_it_starts_is_seen(tmp_path):
    child = "import time; x = bytearray(150_000_000); time.sleep(1)"
    cells = [
        "import subprocess, sys",
        "held = bytearray(100_000_000)",
        f"_ = subprocess.run([sys.executable, '-c', {child!r}])",
        "sum(range(3_000_000))",
    ]
    path = tmp_path / "hungry.ipynb"
    path.write_text(
        nbformat.writes(new_notebook(cells=[new_code_cell(text) for text in cells]))
    )
    taken = footprint.run(path)
    assert (
        250 < taken["memory MB"] < 500
        and 0.1 < taken["processor s"] < taken["wall s"] * 3
    )


def test_a_file_with_two_names_counts_once(tmp_path):
    (tmp_path / "a").write_bytes(bytes(5000))
    before = footprint.on_disk(tmp_path)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert before == footprint.on_disk(tmp_path) == 5000


def test_the_figures_in_the_text_are_those_of_the_record():
    record = json.loads(
        (ROOT / "deploy" / "footprint.json").read_text(encoding="utf-8")
    )
    text = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    assert footprint.table(record) in text and record["machine"] in text
    assert f"{record['environment MB']:,} MB" in text
    guarantee, limit = (
        1000 * int(n)
        for n in re.search(r"guarantee: (\d+)G, limit: (\d+)G", text).groups()
    )
    server, taken = (
        record["server"]["memory MB"],
        {n: row["memory MB"] for n, row in record["chapters"].items()},
    )
    large = {name for name, memory in taken.items() if server + memory > guarantee}
    assert (
        large == {"beyond-one-machine", "speed-and-memory"}
        and server + max(taken.values()) < limit
    )
