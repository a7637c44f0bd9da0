"""How fast are the written-out layers? ``python -m embedlinear.bench [--json FILE] [words ...]``

Every case runs its sides (PyTorch's layer and ours, or ours with and without a switch) in turns,
round by round, so that a busy machine slows them alike; medians and their ratio are reported, and,
with ``--memory`` on Linux, each side's peak in a process of its own. Ctrl-C stops early and keeps
what was measured. Reading word vectors, beside gensim, is in ``embedlinear.bench_vectors``. To add
a case, write a function that returns its sides, and name it in ``CASES``.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch import nn

from embedlinear import Embedding, Linear, bench_vectors
from embedlinear.checks import index_check

V, D = 100_000, 64


def step(layer, x):
    """Forward and backward, as one training step without the optimiser."""

    def run():
        layer.zero_grad(set_to_none=True)
        layer(x).sum().backward()

    return run


def embedding(batch, **options):
    ids = torch.randint(V, (batch,))
    table = torch.randn(V, D)
    layers = [E.from_pretrained(table, freeze=False, **options) for E in (nn.Embedding, Embedding)]
    return {"torch": step(layers[0], ids), "ours": step(layers[1], ids)}


def linear(batch, n, m):
    theirs, ours = nn.Linear(n, m), Linear(n, m)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(batch, n)
    return {"torch": step(theirs, x), "ours": step(ours, x)}


def range_check(batch, backward):
    layer, ids = Embedding(V, D), torch.randint(V, (batch,))
    once = step(layer, ids) if backward else lambda: layer(ids)

    def checked(enabled):
        def run():
            with index_check(enabled):
                once()

        return run

    return {"without": checked(False), "with": checked(True)}


CASES = {  # name: the two sides, and the ratio (second to first) that is promised
    "embedding, batch 1024": (lambda: embedding(1024), 1.15),
    "embedding, batch 1": (lambda: embedding(1), 3.0),
    "embedding, batch 1024, padding_idx": (lambda: embedding(1024, padding_idx=0), 1.15),
    "embedding, batch 1024, max_norm": (lambda: embedding(1024, max_norm=1.0), None),
    "embedding, batch 1024, by frequency": (lambda: embedding(1024, scale_grad_by_freq=True), None),
    "embedding, batch 1024, sparse": (lambda: embedding(1024, sparse=True), None),
    "embedding, batch 1, sparse": (lambda: embedding(1, sparse=True), None),
    "linear V to D, batch 1024": (lambda: linear(1024, V, D), 1.15),
    "linear V to D, batch 1": (lambda: linear(1, V, D), 3.0),
    "linear D to D, batch 1024": (lambda: linear(1024, D, D), None),
    "linear D to D, batch 1": (lambda: linear(1, D, D), 3.0),
    "range check, batch 1024, forward": (lambda: range_check(1024, False), None),
    "range check, batch 1024, both ways": (lambda: range_check(1024, True), None),
    "range check, batch 1, forward": (lambda: range_check(1, False), None),
    "range check, batch 1, both ways": (lambda: range_check(1, True), None),
    **bench_vectors.CASES,
}


def timed(run, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def resident(field):
    """This process's VmRSS (now) or VmHWM (peak) in bytes; Linux only."""
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index(field + ":") + 1]) * 1024


def peak_here(run):
    """How far three runs raise the memory of this process above what it holds before them."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = resident("VmRSS")
    for _ in range(3):
        run()
    return resident("VmHWM") - before


def peak_bytes(name, side):
    """``peak_here`` in a fresh process, where no other side has left memory to be used again."""
    command = [sys.executable, "-m", "embedlinear.bench", name, "--peak-of", side]
    given_back = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}  # glibc else keeps what is freed
    done = subprocess.run(command, env=given_back, capture_output=True, text=True, check=True)
    return int(done.stdout)


def measure(name, rounds, seconds, memory, say):
    """One case: a dict of medians (milliseconds), their ratio, and each side's peak memory."""
    make, promised = CASES[name]
    sides = make()
    for run in sides.values():
        run()  # the first call also builds caches
    slowest = max(timed(run, 1) for run in sides.values())
    rounds = max(3, min(rounds, int(seconds / max(2 * slowest, 1e-6))))
    repeats = max(1, int(seconds / (2 * rounds * max(slowest, 1e-6))))
    times = {side: [] for side in sides}
    stopped = False
    try:
        for round_ in range(rounds):
            say(f"{name}: round {round_ + 1} of {rounds}")
            order = list(sides) if round_ % 2 else list(sides)[::-1]
            for side in order:
                times[side].append(timed(sides[side], repeats))
    except KeyboardInterrupt:
        stopped = True
    if not all(times.values()):
        raise KeyboardInterrupt
    medians = {side: statistics.median(values) * 1e3 for side, values in times.items()}
    first, second = medians.values()
    del run, sides  # the peaks are measured elsewhere: make room for them
    peaks = {side: peak_bytes(name, side) for side in times} if memory and not stopped else {}
    return {
        "name": name,
        "milliseconds": medians,
        "ratio": second / first,
        "promised": promised,
        "rounds": min(map(len, times.values())),
        "repeats": repeats,
        "peak_bytes": peaks,
        "stopped": stopped,
    }


def line(result):
    (a, first), (b, second) = result["milliseconds"].items()
    peaks = list(result["peak_bytes"].values())
    memory = "memory {:.1f} and {:.1f} MB".format(*(p / 1e6 for p in peaks)) if peaks else ""
    promised = f"(promised {result['promised']:.3g})" if result["promised"] else ""
    return (
        f"{result['name']:38} {a} {first:9.4f} ms  {b} {second:9.4f} ms  "
        f"time x {result['ratio']:5.2f} {promised:15} {memory}"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.bench", description="Time our layers beside PyTorch's."
    )
    parser.add_argument("words", nargs="*", help="only cases whose name contains one of these")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--rounds", type=int, default=15, help="turns per case, at most")
    parser.add_argument("--seconds", type=float, default=3.0, help="about this long per case")
    parser.add_argument("--memory", action="store_true", help="measure peak memory too (Linux)")
    parser.add_argument("--peak-of", metavar="SIDE", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    if options.peak_of:
        make, _ = CASES[options.words[0]]
        make()[options.peak_of]()  # once for the code that is loaded at first use
        print(peak_here(make()[options.peak_of]))
        return 0
    names = [n for n in CASES if not options.words or any(w in n for w in options.words)]
    if not names:
        parser.error(f"no case has such a name; there are: {'; '.join(CASES)}")

    def say(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    results = []
    try:
        for name in names:
            try:
                results.append(measure(name, options.rounds, options.seconds, options.memory, say))
            except bench_vectors.Skipped as reason:
                print(f"{name:38} skipped: {reason}", flush=True)
                continue
            finally:
                say("")
            print(line(results[-1]), flush=True)
            if results[-1]["stopped"]:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        say("")
        print(f"stopped: {len(results)} of {len(names)} cases measured", flush=True)
    if options.json:
        about = {"torch": torch.__version__, "threads": torch.get_num_threads(), "V": V, "D": D}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({**about, "results": results}, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
