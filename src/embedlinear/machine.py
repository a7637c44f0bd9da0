"""Which machine is this? Every committed measurement records it."""

import datetime
import platform
from pathlib import Path

import numpy as np
import torch


def machine(device="cpu"):
    """Return model, caches, threads, system, date and versions, as a dict for JSON."""
    device = torch.device(device)
    return {
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


def _model(device):
    if device.type != "cpu":
        name = getattr(torch.get_device_module(device), "get_device_name", None)
        return name(device) if name else device.type
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _caches(device):
    # The bytes of each cache by its name, the smallest first; empty if unknown.
    if device.type != "cpu":
        module = torch.get_device_module(device)
        found = getattr(module, "get_device_properties", lambda device: None)(device)
        size = getattr(found, "L2_cache_size", 0)
        return {"L2": size} if size else {}
    caches = {}
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, size, kind = (
            (cache / what).read_text().strip() for what in ("level", "size", "type")
        )
        if kind != "Instruction":
            caches[f"L{level}"] = int(size.removesuffix("K")) * 1024
    return caches
