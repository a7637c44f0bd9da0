"""What a run leaves behind: where it ran, the figures of each side, and the files of earlier runs.

A result is the dict that ``bench.run`` returns and ``--json`` writes.
"""

import datetime
import json
import platform
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch

from embedlinear.book.language import labels
from embedlinear.book.reviews import Table


def about(device, command):
    """Where, when and with what a run was made."""
    here = {
        "device": device.type,
        "model": _model(device),
        "caches": _caches(device),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
    }
    return here | {"command": command}


def _model(device):
    if device.type != "cpu":
        name = getattr(torch.get_device_module(device), "get_device_name", None)
        return name(device) if name else device.type
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [
        line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
    ]
    return names[0] if names else platform.processor() or platform.machine()


def _caches(device):
    """The bytes of each cache by its name, the smallest first; empty where nothing tells them."""
    if device.type != "cpu":
        found = getattr(
            torch.get_device_module(device), "get_device_properties", lambda d: None
        )
        size = getattr(found(device), "L2_cache_size", 0)
        return {"L2": size} if size else {}
    caches = {}
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, size, kind = ((cache / what).read_text().strip() for what in
                             ("level", "size", "type"))  # fmt: skip
        if kind != "Instruction":
            caches[f"L{level}"] = int(size.rstrip("K")) * 1024
    return caches


def stored(folder=None):
    """The results in ``folder``, by default those that come with the package; the CPUs' first.

    Every file ``bench-*.json`` counts: whoever adds one has added a machine to the figures.
    """
    folder = (
        Path(str(files("embedlinear.book"))) / "data"
        if folder is None
        else Path(folder)
    )
    found = [
        json.loads(path.read_text("utf-8"))
        for path in sorted(folder.glob("bench-*.json"))
    ]
    return sorted(found, key=lambda result: result["about"]["device"] != "cpu")


def is_gpu(result):
    return result["about"]["device"] != "cpu"


def provenance(results):
    """A table: the machine, date and version behind each result; a missing GPU is said as well."""
    text = labels("bench")
    rows = [
        ["GPU" if is_gpu(result) else "CPU",
         *(str(result["about"][key]) for key in ("model", "threads", "date", "torch"))]
        for result in results
    ]  # fmt: skip
    if not any(map(is_gpu, results)):
        rows.append(["GPU", text["none"], "", "", ""])
    return Table(text["head"], rows)


def side(result, family, name, **size):
    """The figures of one side: ``{"seconds", "low", "high", "bytes", "operations", "peak"}``.

    ``size`` chooses among the cases of ``family``, as in ``V=100_000``; the first that fits counts.
    Raises KeyError if there is none.
    """
    for case in result["results"]:
        fits = case["family"] == family and size.items() <= case["size"].items()
        if fits and name in case["sides"]:
            return case["sides"][name]
    raise KeyError(f"no side {name!r} of {family!r} with {size} was measured")


def series(result, family, name, over="V", quantity="seconds", **size):
    """``{value: quantity}`` of the side ``name`` for every value of ``over`` that was measured.

    ``size`` holds the other sizes fast; those not given are the usual ones, V 100,000, D 64 and
    batch 1024. ``quantity`` is a key of a side's figures.
    """
    fixed = {"V": 100_000, "D": 64, "batch": 1024} | size
    fixed.pop(over)
    found = {
        case["size"][over]: case["sides"][name][quantity]
        for case in result["results"]
        if case["family"] == family and over in case["size"] and name in case["sides"]
        and all(case["size"].get(key) == value for key, value in fixed.items())
    }  # fmt: skip
    return dict(sorted(found.items()))


def rate(figures, what="bytes"):
    """Bytes, or operations, per second; None where a side does not count them."""
    return None if figures[what] is None else figures[what] / figures["seconds"]


def share(result, figures):
    """Which part of its ceilings a side reaches: ``{"copy": …, "product": …}``, from 0 to 1.

    Above 1: its bytes came from a cache. None where a side does not count its work.
    """
    reached = {"copy": rate(figures), "product": rate(figures, "operations")}
    limits = result["ceilings"]
    return {name: None if value is None else value / limits[name]
            for name, value in reached.items()}  # fmt: skip


def lines(result, case=None):
    """One case as text, a line for each side; without ``case``, the ceilings."""
    if case is None:
        copy, product = (result["ceilings"][name] / 1e9 for name in ("copy", "product"))
        about = result["about"]
        return (
            f"{about['model']}, {about['threads']} threads, torch {about['torch']}\n"
            f"ceilings: copy {copy:.1f} GB/s, product {product:.0f} GFLOP/s"
        )
    first = next(iter(case["sides"].values()))["seconds"]
    promised = f", promised at most {case['promised']:.3g}" if case["promised"] else ""
    text = [f"{case['name']} ({case['rounds']} rounds{promised})"]
    for name, figures in case["sides"].items():
        reached = share(result, figures)
        parts = [
            f"  {name:16} {_duration(figures['seconds'])}",
            f"[{_duration(figures['low'])}, {_duration(figures['high'])}]",
            f"x {figures['seconds'] / first:8.3g}",
        ]
        if figures["bytes"] is not None:
            parts.append(
                f"{_size(figures['bytes'])} moved, {reached['copy']:6.1%} of copy"
            )
        if figures["operations"]:
            parts.append(f"{reached['product']:6.1%} of product")
        if figures["peak"] is not None:
            parts.append(f"peak {_size(figures['peak'])}")
        text.append("  ".join(parts))
    return "\n".join(text)


def _duration(seconds):
    for unit, factor in (("s ", 1), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:7.2f} {unit}"
    return f"{seconds * 1e6:7.2f} µs"


def _size(number):
    return f"{number / 1e6:8.2f} MB"
