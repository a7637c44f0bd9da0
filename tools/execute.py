"""Run notebooks in place, side by side: `python -m tools.execute [NOTEBOOK ...]`.

A notebook is written back only when all its cells ran; one that fails keeps its file.
After a run of all notebooks, book/data/verified.json records versions and date; the
colophon shows them.
"""

import argparse
import json
import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from tools.book import METADATA, RECORD, ROOT, fingerprint

VERIFIED = ("torch", "numpy", "matplotlib", "ipykernel", "jupyter-book", "nbval")
KEPT = ("tags", "mystnb")
LIVE = '\n<style class="widget-live">'  # what makes a figure interactive in a notebook


def clean(notebook) -> None:
    """Remove traces of place and time; keep the authors' text and the cells' outputs."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in cell.metadata if key in KEPT}
        cell.metadata = nbformat.from_dict(kept)
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = output.traceback[-1:]
            page = output.get("data", {}).get("text/html", "")
            if LIVE in page:  # the site has this for all its figures
                output.data["text/html"] = page[: page.index(LIVE)]


def write(notebook, path: Path) -> None:
    """Write through a temporary file: an interrupted run does not damage the notebook."""
    temporary = path.with_suffix(".ipynb.tmp")
    text = nbformat.writes(notebook, indent=1, ensure_ascii=False)
    temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def execute(path: Path) -> str | None:
    """Run one notebook in place; returns the error and its cell, or nothing."""
    notebook, failed = nbformat.read(path, as_version=4), []
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # otherwise the file would depend on how fast a cell prints
        on_cell_error=lambda cell_index, **_: failed.append(cell_index + 1),
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"cell {failed[-1]} failed: {error.ename}: {error.evalue}"
    except Exception as error:  # a dead kernel, a cell that never ends
        return f"{type(error).__name__}: {error}"
    clean(notebook)
    write(notebook, path)
    return None


def record(paths: list[Path]) -> None:
    """Record the versions that all notebooks ran with, and their fingerprints."""
    from embedlinear import select_device  # it loads torch

    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    kinds = [cell.cell_type for notebook in notebooks for cell in notebook.cells]
    run = {
        "date": date.today().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": select_device().type,
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in VERIFIED},
        "cells": kinds.count("code"),
        "notebooks": {f"{p.parent.name}/{p.name}": fingerprint(p) for p in paths},
    }
    RECORD.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("notebooks", nargs="*", type=Path, help="all of book/ when none is named")
    add("-n", type=int, default=os.cpu_count(), help="how many side by side")
    options = parser.parse_args()
    paths = options.notebooks or sorted((ROOT / "book").glob("*/*.ipynb"))
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        sys.exit(f"no such notebook: {', '.join(absent)}")
    problems = []
    with ThreadPoolExecutor(options.n) as pool:
        running = {pool.submit(execute, path): path for path in paths}
        for done in tqdm(as_completed(running), total=len(running), unit="notebook"):
            if done.result():
                problems.append(f"{running[done]} was not changed: {done.result()}")
    if problems:
        sys.exit("\n".join(problems))
    if not options.notebooks:
        record(paths)


if __name__ == "__main__":
    main()
