"""Sides in turns, round by round, so that a busy machine slows them alike."""

import statistics
import time

import torch


def timed(run, repeats, device):
    """Seconds for one call of ``run``, of ``repeats`` calls after each other."""
    _finish(device)
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    _finish(device)  # an accelerator is handed its work and goes on by itself
    return (time.perf_counter() - start) / repeats


def _finish(device):
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def rounds(runs, device, most=15, seconds=1.0, say=lambda text: None):
    """Time ``runs``, a dict of functions by name: ``({name: [seconds, ...]}, stopped)``.

    At most ``most`` rounds of about ``seconds`` in all, at least 3; where a single round takes five
    times as long, one round and the warm-up have to do. Ctrl-C ends it after a whole round
    (``stopped``), and is passed on if there was none.
    """
    first = {
        name: timed(run, 1, device) for name, run in runs.items()
    }  # also builds caches
    if sum(first.values()) > max(5 * seconds, 0.01):
        times, repeats, count = (
            {n: [t] for n, t in first.items()},
            dict.fromkeys(runs, 1),
            1,
        )
    else:
        once = {name: max(timed(run, 1, device), 1e-7) for name, run in runs.items()}
        count = max(3, min(most, int(seconds / sum(once.values()))))
        share = seconds / len(runs) / count
        repeats = {name: max(1, int(share / taken)) for name, taken in once.items()}
        times = {name: [] for name in runs}
    try:
        for number in range(count):
            say(f"round {number + 1} of {count}")
            lap = {}
            for name in list(runs) if number % 2 else list(runs)[::-1]:
                lap[name] = timed(runs[name], repeats[name], device)
            for name, taken in lap.items():
                times[name].append(taken)
    except KeyboardInterrupt:
        if not all(times.values()):
            raise
        return times, True
    return times, False


def summary(values):
    """Median, and the quartiles beside it."""
    if len(values) == 1:
        return dict.fromkeys(("seconds", "low", "high"), values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"seconds": median, "low": low, "high": high}
