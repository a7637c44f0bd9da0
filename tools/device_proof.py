"""Prove the book on a device: every cell and every test, run there, and a record of what came out.

    python tools/device_proof.py --device cuda

nbval compares each cell's output with the stored one, to the letter, while EMBEDLINEAR_DEVICE makes
the chapters compute on the device; the tests run beside it. The record, with every failure by name,
goes to book/data/device-NAME.json, where the colophon finds it. A record is written only of a run
that came to its end; the exit status is 0 only if everything in it passed. A part of the book
(`... book/en/setup.ipynb tests/test_linear.py --out FILE`) is for trying it out.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from colophon import DATA, fingerprint

VERSIONS = ("torch", "numpy", "matplotlib", "nbval", "pytest")
ENDED = (
    0,
    1,
)  # pytest's statuses: all passed, some failed; with any other one the run broke off


def said_by(*command: str) -> str:
    """What a command prints, or nothing: that a machine lacks it is no reason to stop."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def compute_on(device) -> None:
    """Raises RuntimeError if the device is there, but cannot be used."""
    import torch

    ones = torch.ones(8, 8, device=device)
    if (ones @ ones).sum().item() != 512:
        raise RuntimeError(
            f"{device} is there, but computes wrongly: 8 × 8 ones times themselves are not 512"
        )


def describe(device) -> dict[str, str]:
    """The device's name and what drives it."""
    import torch

    from embedlinear.book.bench.results import about as where

    if device.type == "mps":
        return {
            "name": torch.backends.mps.get_name(),
            "driver": f"macOS {platform.mac_ver()[0]}",
        }
    about = {"name": where(device, "")["model"]}
    if device.type == "cuda" and torch.version.cuda:
        query = [
            "--query-gpu=driver_version",
            "--format=csv,noheader",
            f"--id={device.index or 0}",
        ]
        about |= {"driver": said_by("nvidia-smi", *query), "CUDA": torch.version.cuda}
    elif device.type == "cuda":
        about["ROCm"] = torch.version.hip
    elif device.type == "xpu":
        about["driver"] = torch.xpu.get_device_properties(device).driver_version
    return about


def outcomes(report: Path) -> dict[str, str]:
    """The outcome of each test and cell, by its name, from pytest's JUnit report."""
    found = {}
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = (
            "failed"
            if kinds & {"failure", "error"}
            else "skipped"
            if "skipped" in kinds
            else "passed"
        )
        name = f"{case.get('classname')}::{case.get('name')}"
        if found.get(name) != "failed":  # an error while tidying up is a second entry
            found[name] = outcome
    return found


def counted(found: list[str]) -> dict[str, int]:
    return {kind: Counter(found)[kind] for kind in ("passed", "failed", "skipped")}


def by_part(found: dict[str, str], marks: dict[str, str]) -> dict:
    """Counts for each notebook, with what the code was and how many cells it has; counts for the tests."""
    notebooks, tests = {}, dict(found)
    for name, mark in marks.items():
        prefix = f"book.{name.replace('/', '.')}::"
        mine = {case: tests.pop(case) for case in found if case.startswith(prefix)}
        cells = json.loads((ROOT / "book" / name).read_text(encoding="utf-8"))["cells"]
        count = sum(cell["cell_type"] == "code" for cell in cells)
        if mine or not count:
            notebooks[name] = {
                "fingerprint": mark,
                "cells": count,
                **counted(list(mine.values())),
            }
    return {
        "tests": counted(list(tests.values())),
        "notebooks": notebooks,
        "failures": sorted(
            name for name, outcome in found.items() if outcome == "failed"
        ),
    }


def prints(wanted: list[Path]) -> dict[str, str]:
    """The fingerprint of each notebook that lies in, or is, one of the paths wanted."""
    paths = sorted((ROOT / "book").glob("*/*.ipynb"))
    chosen = [
        path for path in paths if any(path.is_relative_to(place) for place in wanted)
    ]
    return {f"{path.parent.name}/{path.name}": fingerprint(path) for path in chosen}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="*",
        type=Path,
        help="notebooks and test files; all of them when none is named",
    )
    parser.add_argument(
        "--device",
        default="cuda",
        help="cuda, cuda:1, mps, xpu or cpu (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="the record's file (default: book/data/device-NAME.json)",
    )
    parser.add_argument(
        "-n",
        type=int,
        default=2,
        help="how many processes side by side (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.parts and not options.out:
        sys.exit(
            "a part of the book is no proof for the colophon: give --out FILE for its record"
        )
    absent = [str(part) for part in options.parts if not part.exists()]
    if absent:
        sys.exit(f"no such notebook or test file: {', '.join(absent)}")

    from embedlinear import select_device  # it loads torch

    try:
        device = select_device(options.device)
        compute_on(device)
    except (ValueError, RuntimeError) as error:
        sys.exit(
            f"nothing was run and no record written: {str(error).replace('preference=', '--device ')}"
        )
    about = describe(device)
    print(f"on {about['name']} ({device})", flush=True)

    parts = [part.resolve() for part in options.parts] or [
        ROOT / "tests",
        ROOT / "book",
    ]
    marks = prints(parts)
    # Options that the environment adds could leave tests out, and the record would not know.
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"} | {
        "EMBEDLINEAR_DEVICE": str(device)
    }
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"-n{options.n}",
        ]
        command += [f"--junitxml={report}", *map(str, parts)]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if status not in ENDED:
            sys.exit(f"no record written: the run broke off (pytest's status {status})")
        found = outcomes(report)
    if marks != prints(parts):
        sys.exit("no record written: notebooks were changed while they ran")

    arguments = [os.path.relpath(part, ROOT) for part in parts] if options.parts else []
    record = {
        "device": str(device),
        **about,
        "system": f"{platform.system()} {platform.machine()}",
        "date": date.today().isoformat(),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in VERSIONS},
        "commit": said_by("git", "describe", "--always", "--dirty"),
        "command": " ".join(
            ["python tools/device_proof.py --device", options.device, *arguments]
        ),
        "parts": arguments,
        **by_part(found, marks),
    }
    slug = re.sub(r"[^a-z0-9]+", "-", about["name"].lower()).strip("-")
    out = options.out or DATA / f"device-{slug}.json"
    out.write_text(
        json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"the record is {out}")
    if status:
        sys.exit(
            f"{len(record['failures'])} failed: {', '.join(record['failures'][:5])}"
        )


if __name__ == "__main__":
    main()
