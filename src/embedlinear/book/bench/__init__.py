"""How fast are lookup, product, gradient and step, and how fast could they be?

``python -m embedlinear.book.bench`` (``--help`` says the rest) runs every case's sides in turns and
prints, for each side, the median time with its quartiles, the ratio to the first side, the bytes it
must move and the operations it must do, as shares of two ceilings that the same run measures: a
large copy and a large matrix product. ``run`` does the same from Python. The chapter
"speed-and-memory" draws what ``--json`` wrote, from ``src/embedlinear/book/data/bench-*.json``.

``cases`` says what is measured, ``timing``, ``memory`` and ``ceilings`` how, ``results`` what is
known afterwards, ``draw`` shows it.
"""

import torch

from embedlinear.book.bench import ceilings
from embedlinear.book.bench import memory as memory_
from embedlinear.book.bench.cases import CASES, Skipped
from embedlinear.book.bench.results import (
    about,
    lines,
    provenance,
    rate,
    series,
    share,
    side,
    stored,
)
from embedlinear.book.bench.timing import rounds as in_rounds
from embedlinear.book.bench.timing import summary
from embedlinear.device import select_device

__all__ = [
    "CASES",
    "lines",
    "provenance",
    "rate",
    "run",
    "series",
    "share",
    "side",
    "stored",
]


def chosen(words=()):
    """The names of the cases whose name holds one of ``words``; without words, all.

    Raises ValueError if there is none.
    """
    names = [name for name in CASES if not words or any(word in name for word in words)]
    if not names:
        raise ValueError(
            f"words is {list(words)}; no case has such a name: {'; '.join(CASES)}"
        )
    return names


def run(words=(), *, device=None, rounds=15, seconds=1.0, memory=False, command=None,
        show=lambda text: None, say=lambda text: None):  # fmt: skip
    """Measure the cases whose name holds one of ``words``; return what ``--json`` writes, a dict.

    Args:
        words: parts of names; none: every case.
        device: as in ``select_device``.
        rounds, seconds: at most so many turns for a case, and about so long.
        memory: measure each side's peak too.
        command: how to call it again, to be noted in the result.
        show: is given the lines of each case as soon as it is measured; ``say``: the progress.

    A case that cannot run here is left out, and said. Ctrl-C ends it early; what was measured is
    returned, with ``"stopped": True``. Raises
    ValueError if no name fits, and what ``select_device`` raises.
    """
    names, device = chosen(words), select_device(device)
    torch.manual_seed(0)
    done = {
        "about": about(device, command),
        "ceilings": {},
        "results": [],
        "stopped": False,
    }
    try:
        say("ceilings")
        done["ceilings"] = ceilings.measure(device)
        show(lines(done))
        for number, name in enumerate(names, 1):
            progress = f"{number} of {len(names)}: {name}"
            try:
                result = _measure(name, device, rounds, seconds, memory, progress, say)
            except (Skipped, RuntimeError) as reason:
                if device.type == "cpu" and not isinstance(reason, Skipped):
                    raise
                # Not every accelerator has every operation, or room for every table.
                show(f"{name}: skipped: {str(reason).splitlines()[0]}")
                continue
            done["results"].append(result)
            show(lines(done, result))
            if result["stopped"]:
                raise KeyboardInterrupt
        say("ceilings")
        again = ceilings.measure(
            device
        )  # one lowered by a busy moment would flatter every side
        done["ceilings"] = {
            key: max(rate, again[key]) for key, rate in done["ceilings"].items()
        }
        show(lines(done))
    except KeyboardInterrupt:
        done["stopped"] = True
    say("")
    return done


def _measure(name, device, most, seconds, memory, progress, say):
    case = CASES[name]
    say(progress)
    sides = case.sides(device)
    runs = {key: side.run for key, side in sides.items()}
    times, stopped = in_rounds(
        runs, device, most, seconds, lambda lap: say(f"{progress}, {lap}")
    )
    work = {key: {"bytes": side.bytes, "operations": side.operations}
            for key, side in sides.items()}  # fmt: skip
    del runs, sides  # the peaks are measured elsewhere: make room for them
    found = {}
    for key, values in times.items():
        say(f"{progress}, memory of {key}")
        peak = memory_.peak(name, key, device) if memory and not stopped else None
        found[key] = {**summary(values), **work[key], "peak": peak}
    return {
        "name": name,
        "family": case.family,
        "size": case.size,
        "promised": case.promised,
        "rounds": min(map(len, times.values())),
        "stopped": stopped,
        "sides": found,
    }
