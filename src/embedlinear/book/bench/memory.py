"""How much memory a side takes at its peak, above what it holds before it starts."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import torch

from embedlinear.book.bench import cases


def peak(name, side, device):
    """Bytes, or None where they cannot be told (on the CPU: elsewhere than on Linux)."""
    if device.type != "cpu":
        return _allocated(name, side, device)
    if not Path("/proc/self/clear_refs").exists():
        return None
    # In a process of its own, where no other side has left memory to be used again. It is forked
    # from a server that has imported torch and computed nothing: no threads that a fork would lose.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    given_back = {"MALLOC_MMAP_THRESHOLD_": "65536"}  # glibc else keeps what is freed
    with (
        mock.patch.dict(os.environ, given_back),
        ProcessPoolExecutor(1, context) as process,
    ):
        return process.submit(
            _resident, name, side, device, torch.get_num_threads()
        ).result()


def _resident(name, side, device, threads):
    torch.set_num_threads(threads)
    cases.POOL = 1  # indices that come again take as much memory as new ones, and less time to make
    case = cases.CASES[name]
    # Once for the code that is loaded at first use, with a small table: a large one takes seconds.
    few = {"V": min(1000, case.size["V"])} if "V" in case.size else {}
    peak, seconds = _rise(
        case._replace(size=case.size | few).sides(device)[side].run, 1
    )
    if few or seconds < 3:  # what takes longer is no matter of a few loaded libraries
        peak, _ = _rise(case.sides(device)[side].run, 3)
    return peak


def _rise(run, times):
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before, start = _status("VmRSS"), time.perf_counter()
    for _ in range(times):
        run()
    return _status("VmHWM") - before, time.perf_counter() - start


def _status(field):
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index(field + ":") + 1]) * 1024


def _allocated(name, side, device):
    module = torch.get_device_module(device)
    if not hasattr(module, "max_memory_allocated"):
        return None
    run = cases.CASES[name].sides(device)[side].run
    module.reset_peak_memory_stats(device)
    before = module.memory_allocated(device)
    for _ in range(3):
        run()
    return module.max_memory_allocated(device) - before
