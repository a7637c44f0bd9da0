"""Pictures of a result: lines through medians, bands from quartile to quartile."""

import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, NullLocator, PercentFormatter

from embedlinear.book.bench.results import roof, series, variant
from embedlinear.book.language import labels
from embedlinear.book.style import HALO, LINES, styled
from embedlinear.book.style import curves as named_curves


@styled
def curves(result, family, lines, over="V", quantity="seconds", **size):
    """Draw ``quantity`` against a size, both axes logarithmic.

    ``lines`` maps a label to a variant of ``family``; ``over`` is ``"V"``, ``"batch"``
    or ``"D"``, and ``size`` fixes the others (see ``series``); ``quantity`` is
    ``"seconds"`` or ``"memory"``.
    """
    name, unit = {"seconds": ("seconds", "s"), "memory": ("new", "B")}[quantity]
    ax = _logarithmic(over, name, "", unit)
    drawn, values = {}, []
    for (label, name), (colour, _, _) in zip(lines.items(), LINES):
        found = series(result, family, name, over, **size)
        found = {x: one for x, one in found.items() if getattr(one, quantity)}
        drawn[label] = list(found), [getattr(one, quantity) for one in found.values()]
        values += drawn[label][1]
        if quantity == "seconds":
            low, high = zip(*(one.time[1:3] for one in found.values()))
            ax.fill_between(list(found), low, high, color=colour, alpha=0.2, lw=0)
    ax.set_ylim(min(values) / 1.6, max(values) * 1.6)  # names are placed within limits
    named_curves(ax, drawn)
    return ax.figure


@styled
def bandwidth(result, family="lookup", name="torch.nn", batch=65_536):
    """Draw the bytes that a lookup moves per second, against the size of its table.

    Dotted lines are the caches of the machine, the dashed one is the speed of a large
    copy.
    """
    found = series(result, family, name, batch=batch)
    copy = variant(result, "roofline", "copy")
    sizes = [rows * 64 * 4 for rows in found]
    rates = [one.bytes / one.seconds for one in found.values()]
    most = copy.bytes / copy.seconds
    ax = _logarithmic("table", "rate", "B", "B/s")
    ax.plot(sizes, rates, color=LINES[0][0], marker="o", ms=5)
    ax.set_ylim(min(most, *rates) / 3, 1.6 * max(most, *rates))
    offset = {"textcoords": "offset points", "path_effects": HALO}
    colour, text = LINES[1][0], labels("bench")["copying"]
    ax.axhline(most, color=colour, linestyle="--")
    ax.annotate(text, (sizes[-1], most), (0, 3), ha="right", color=colour, **offset)
    for cache, size in result["about"]["caches"].items():
        ax.axvline(size, color="#555555", linestyle=":", lw=1.2)
        place = size, ax.get_ylim()[0]
        ax.annotate(cache, place, (3, 4), color="#555555", **offset)
    return ax.figure


@styled
def shares(result, bars):
    """Draw the share of the roofline that each variant reaches; compute-bound ones hatched.

    ``bars`` maps a label to ``(family, variant, size)``, the size being a dict. Dashes
    stand at the roof.
    """
    size = 4.8, 0.9 + 0.3 * len(bars)
    fig, ax = plt.subplots(figsize=size, layout="constrained")
    hatched = {"color": "white", "edgecolor": LINES[1][0], "hatch": "///"}
    looks, longest = {"memory": {"color": LINES[0][0]}, "compute": hatched}, 1
    for bound, look in looks.items():
        ax.barh(0, 0, label=labels("bench")[bound], **look)
    for row, (label, (family, name, size)) in enumerate(bars.items()):
        bound, share = roof(result, variant(result, family, name, **size))
        ax.barh(row, share, 0.6, **looks[bound])
        longest = max(longest, share)
        percent = f"{share:.0%}" if share >= 0.095 else f"{share:.1%}"
        place = {"va": "center", "textcoords": "offset points", "gid": label}
        ax.annotate(percent, (share, row), (3, 0), **place)
    ax.set_yticks(range(len(bars)), list(bars))
    ax.invert_yaxis()
    ax.axvline(1, color="#555555", linestyle="--", lw=1, zorder=0)
    ax.set_xlim(0, 1.2 * longest)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    above = {"loc": "lower center", "bbox_to_anchor": (0.4, 1.0), "ncols": 2}
    ax.legend(frameon=False, handlelength=1.2, columnspacing=1, **above)
    return fig


def _logarithmic(x, y, xunit, yunit):
    _, ax = plt.subplots(figsize=(4.8, 3), layout="constrained")
    names = {"xlabel": labels("bench")[x], "ylabel": labels("bench")[y]}
    ax.set(xscale="log", yscale="log", **names)
    for axis, unit in ((ax.xaxis, xunit), (ax.yaxis, yunit)):
        axis.set_major_formatter(EngFormatter(unit=unit, sep=" " if unit else ""))
        axis.set_minor_locator(NullLocator())  # they double the time of a drawing
    return ax
