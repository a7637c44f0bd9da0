"""The two limits of a machine: how fast it copies memory, and how fast it multiplies matrices.

Nothing that computes is much faster than a large product of float32 matrices, and nothing that
moves bytes much faster than a large copy; unless its bytes stay in a cache, or it writes little:
on most CPUs memory is read before it is written, so that a copy moves three bytes for its two.
"""

import torch

from embedlinear.book.bench.timing import rounds


def measure(device, most=15, seconds=1.0):
    """``{"copy": bytes per second, read and written; "product": operations per second}``.

    The fastest round counts, not the median: a ceiling is what the machine can do undisturbed.
    """
    small = device.type == "cpu"
    numbers, side = (2**26, 2048) if small else (2**28, 8192)
    source = torch.ones(numbers, device=device)  # 256 MiB or 1 GiB: more than any cache
    target, matrix = torch.empty_like(source), torch.ones(side, side, device=device)
    runs = {"copy": lambda: target.copy_(source), "product": lambda: matrix @ matrix}
    work = {"copy": 2 * source.nbytes, "product": 2 * side**3}
    times, _ = rounds(runs, device, most, seconds)
    return {name: work[name] / min(values) for name, values in times.items()}
