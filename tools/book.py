"""What the book consists of: its languages, its pages, and what a page computed.

`_config.yml` lists the languages and `_toc.yml` the pages; everything else asks here.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "book" / "data" / "verified.json"  # of the last `make execute`


@cache
def config(root: Path = ROOT) -> dict:
    """What `_config.yml` says."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))


def languages(root: Path = ROOT) -> list[str]:
    """The languages of the book, the first of which the others are compared with."""
    return list(config(root)["languages"])


@cache
def pages(root: Path = ROOT) -> list[str]:
    """The pages in reading order, those in parts too."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *files_in(toc)]


def files_in(toc) -> list[str]:
    """The files that a table of contents, or a part of one, lists at any depth."""
    if isinstance(toc, list):
        return [name for entry in toc for name in files_in(entry)]
    if not isinstance(toc, dict):
        return []
    inner = [
        name
        for key in ("parts", "chapters", "sections")
        for name in files_in(toc.get(key))
    ]
    return [toc["file"], *inner] if "file" in toc else inner


def fingerprint(path: Path) -> str:
    """Of a notebook's code and text output; not of prose, pictures and timings."""
    told = hashlib.sha256()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        texts = [*cell["source"], "\0"]
        timed = "nbval-ignore-output" in cell["metadata"].get("tags", [])
        for output in [] if timed else cell["outputs"]:
            data = output.get("data", {})
            drawn = any(kind.startswith("image/") for kind in data)
            texts += [*output.get("text", []), output.get("evalue", "")]
            texts += [] if drawn else data.get("text/plain", [])
        told.update("".join(texts).encode() + b"\0")
    return told.hexdigest()[:16]
