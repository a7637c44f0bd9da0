"""How a chapter reads a result, the dict that ``measure.run`` returns."""

import json
import statistics
from importlib.resources import files
from typing import NamedTuple

from embedlinear.book.language import labels
from embedlinear.book.table import Table
from embedlinear.book.values import duration, two_digits


class Middle(NamedTuple):
    """A median and its quartiles, of times or of ratios; shown with two digits."""

    middle: float
    low: float
    high: float
    write: object = duration

    @classmethod
    def of(cls, values, write=duration):
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(middle, low, high, write)

    def __repr__(self):
        middle, low, high = map(self.write, self[:3])
        return f"{middle} [{low}, {high}]"


class Measured(NamedTuple):
    """One variant: its seconds in each round, and a call's counts (see ``measure``)."""

    times: list
    faults: int | None
    memory: int | None
    bytes: int | None
    operations: int | None

    @property
    def time(self):
        return Middle.of(self.times)

    @property
    def seconds(self):
        return statistics.median(self.times)


def stored():
    """The committed results, a file ``bench-*.json`` for each machine; CPUs first."""
    paths = sorted((files("embedlinear.book") / "data").glob("bench-*.json"))
    found = [json.loads(path.read_text("utf-8")) for path in paths]
    return sorted(found, key=lambda result: result["about"]["device"])


def provenance(results):
    """A table: machine, date and version of each result, or that there is no GPU yet."""
    text, keys = labels("bench"), ("model", "threads", "date", "torch")
    kinds = ["CPU" if r["about"]["device"] == "cpu" else "GPU" for r in results]
    rows = [[str(result["about"][key]) for key in keys] for result in results]
    if "GPU" not in kinds:
        kinds, rows = [*kinds, "GPU"], [*rows, [text["none"], "", "", ""]]
    return Table(text["head"], [[kind, *row] for kind, row in zip(kinds, rows)])


def variant(result, family, name, **size):
    """What was measured of one variant, as ``Measured``.

    ``size`` chooses among the cases of ``family``, as in ``V=100_000``; the first that
    fits counts. Raises KeyError if there is none.
    """
    for _, found in _fitting(result, family, name, size):
        return found
    raise KeyError(f"no variant {name!r} of {family!r} with {size} was measured")


def _fitting(result, family, name, size):
    """The size of each case that fits, and what was measured."""
    for case in result["results"]:
        fits = case["family"] == family and size.items() <= case["size"].items()
        if fits and name in case["variants"]:
            yield case["size"], Measured(**case["variants"][name])


def series(result, family, name, over="V", **size):
    """``{value: Measured}`` of a variant for every value of ``over`` that was measured.

    ``size`` fixes the other sizes; those not given are the usual ones, V 100,000, D 64
    and batch 1024.
    """
    fixed = {"V": 100_000, "D": 64, "batch": 1024} | size
    del fixed[over]
    found = _fitting(result, family, name, fixed)
    return dict(sorted((size[over], one) for size, one in found))


def ratio(one, other):
    """How many times as long ``one`` takes as ``other``, round by round: a ``Middle``.

    Both must be variants of one case, because only these took turns.
    """
    ratios = [a / b for a, b in zip(one.times, other.times, strict=True)]
    return Middle.of(ratios, lambda number: f"{two_digits(number)}×")


def roof(result, one):
    """Which limit applies to a variant, and the share of it reached: ("memory", 0.5).

    The limit is the least time that its bytes, or its operations (``"compute"``), would
    take at the speed of a large copy, or product, measured in the same run. A share
    above 1 means that its bytes came from a cache, or cost less than a copy's.
    """
    copy, product = (variant(result, "roofline", name) for name in ("copy", "product"))
    least = {
        "memory": one.bytes / copy.bytes * copy.seconds,
        "compute": one.operations / product.operations * product.seconds,
    }
    bound = max(least, key=least.get)
    return bound, least[bound] / one.seconds


def lines(name, case):
    """One case as text, a line for each variant: its time, and beside the first's."""
    found = {name: Measured(**kept) for name, kept in case["variants"].items()}
    first = next(iter(found.values()))
    text = [f"{name} ({len(first.times)} rounds)"]
    for name, one in found.items():
        times = repr(ratio(one, first))
        text.append(f"  {name:26} {one.time!r:26} {times:22} {one.faults} faults")
    return "\n".join(text)
