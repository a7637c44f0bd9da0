"""Pictures of results: a panel for each machine, all on the same axes.

Lines go through the medians, bands from the lower to the upper quartile. Whatever results are
given are drawn: those that ``stored`` finds, and the reader's own beside them.
"""

import textwrap

import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, NullFormatter, PercentFormatter

from embedlinear.book.bench.results import rate, series, share, side
from embedlinear.book.figures import _HALO, _LINES, _curves, _styled
from embedlinear.book.language import labels

UNITS = {"seconds": "s", "peak": "B", "rate": "B/s"}


@_styled
def curves(results, family, lines, over="V", quantity="seconds", **size):
    """Draw ``quantity`` against a size, both axes logarithmic: a panel for each result.

    ``lines`` maps a label to a side of ``family``; ``over`` is ``"V"``, ``"batch"`` or ``"D"``, and
    ``size`` holds the others fast (see ``series``); ``quantity`` is ``"seconds"`` or ``"peak"``.
    Raises ValueError where no result has such a line.
    """
    found = [
        {label: {x: y for x, y in series(result, family, name, over, quantity, **size).items()
                 if y}
         for label, name in lines.items()}
        for result in results
    ]  # fmt: skip
    points = [
        point for here in found for line in here.values() for point in line.items()
    ]
    if results and not points:
        raise ValueError(
            f"results: none holds {quantity} of {family!r} over {over!r} with {size}"
        )
    fig, axes = _panels(results, 2.9)
    for ax, result, here in zip(axes, results, found):
        _logarithmic(ax, labels("bench")[over] if ax is axes[-1] else "", labels("bench")[quantity],
                     "", UNITS[quantity])  # fmt: skip
        for set_limits, values in zip((ax.set_xlim, ax.set_ylim), zip(*points)):
            set_limits(
                min(values) / 1.6, max(values) * 1.6
            )  # names are placed within limits
        for (label, line), (colour, _, _) in zip(here.items(), _LINES):
            if quantity == "seconds" and line:
                low, high = (list(series(result, family, lines[label], over, edge, **size).values())
                             for edge in ("low", "high"))  # fmt: skip
                ax.fill_between(list(line), low, high, color=colour, alpha=0.2, lw=0)
        _curves(
            ax,
            {label: tuple(zip(*line.items())) for label, line in here.items() if line},
        )
    return fig


@_styled
def wall(results, family="lookup", name="torch.nn", batch=65_536):
    """Draw how many bytes a lookup moves per second, against the size of its table.

    Dotted lines are the caches of the machine, the dashed one is the speed of a large copy.
    """
    fig, axes = _panels(results, 3.1)
    text = labels("bench")
    for ax, result in zip(axes, results):
        sizes = series(result, family, name, batch=batch)
        points = {}
        for rows in sizes:
            figures = side(result, family, name, V=rows, D=64, batch=batch)
            points[rows * 64 * 4] = rate(figures)
        _logarithmic(
            ax, text["table"] if ax is axes[-1] else "", text["rate"], "B", "B/s"
        )
        ax.plot(
            list(points), list(points.values()), color=_LINES[0][0], marker="o", ms=5
        )
        ceiling = result["ceilings"]["copy"]
        ax.axhline(ceiling, color=_LINES[1][0], linestyle="--")
        ax.annotate(text["copying"], (1, ceiling), (-2, 3), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", color=_LINES[1][0],
                    path_effects=_HALO)  # fmt: skip
        low = min([ceiling, *points.values()])
        ax.set_ylim(low / 3, 1.6 * max([ceiling, *points.values()]))
        for cache, size in result["about"]["caches"].items():
            ax.axvline(size, color="#555555", linestyle=":", lw=1.2)
            ax.annotate(cache, (size, 0), (3, 4), xycoords=("data", "axes fraction"),
                        textcoords="offset points", color="#555555")  # fmt: skip
    return fig


@_styled
def shares(results, bars):
    """Draw which part of the two ceilings each side reaches, as bars with their percentages.

    ``bars`` maps a label to ``(family, side, size)``, the size being a dict. A share above 1 is
    drawn as 1, with its number.
    """
    fig, axes = _panels(results, 0.9 + 0.52 * len(bars), share_y=False)
    text = labels("bench")
    for ax, result in zip(axes, results):
        for row, (label, (family, name, size)) in enumerate(bars.items()):
            reached = share(result, side(result, family, name, **size))
            for offset, (key, colour, hatch) in enumerate(
                (("copy", _LINES[0][0], ""), ("product", _LINES[1][0], "///"))
            ):
                value, y = reached[key] or 0, row + 0.38 * offset - 0.19
                ax.barh(y, min(value, 1), 0.36, color=colour if not hatch else "white", hatch=hatch,
                        edgecolor=colour, label=text[key] if row == 0 else None)  # fmt: skip
                ax.annotate(_percent(value), (min(value, 1), y), (3, 0), va="center",
                            textcoords="offset points", gid=f"{label} {key}")  # fmt: skip
        ax.set_yticks(range(len(bars)), list(bars))
        ax.invert_yaxis()
        ax.set_xlim(0, 1.15)
        ax.xaxis.set_major_formatter(PercentFormatter(1))
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2,
                  handlelength=1.2, columnspacing=1)  # fmt: skip
        if len(results) > 1:
            ax.set_title(_name(result), loc="left", pad=24)
    return fig


@_styled
def overview(result):
    """Draw all that one run measured: each family over its largest number of sizes."""
    families = {}
    for case in result["results"]:
        families.setdefault(case["family"], []).append(case)
    heights = [
        1 + 0.17 * sum(len(case["sides"]) for case in cases)
        for cases in families.values()
    ]
    fig, axes = plt.subplots(len(families), 1, squeeze=False, layout="constrained",
                             figsize=(8, sum(heights)), height_ratios=heights)  # fmt: skip
    for ax, (family, cases) in zip(axes[:, 0], families.items()):
        names = []
        for case in cases:
            for name, figures in case["sides"].items():
                middle = figures["seconds"]
                ax.errorbar(middle, len(names), fmt="o", color=_LINES[0][0], ms=4, capsize=2,
                            xerr=[[middle - figures["low"]], [figures["high"] - middle]],
                            )  # fmt: skip
                names.append(f"{case['name'].removeprefix(family + ', ')}: {name}")
        ax.set(xscale="log", title=family)
        ax.set_yticks(range(len(names)), names, fontsize=8)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.grid(axis="x", color="#DDDDDD")
        ax.xaxis.set_major_formatter(EngFormatter(unit="s"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    fig.suptitle(_name(result))
    return fig


def _panels(results, height, share_y=True):
    if not results:
        raise ValueError(
            "results is empty; expected what stored() finds, or [run(...)]"
        )
    fig, axes = plt.subplots(len(results), 1, figsize=(4.8, height * len(results)), squeeze=False,
                             sharex=True, sharey=share_y, layout="constrained")  # fmt: skip
    if len(results) > 1:  # alone, a machine is named by the text around it
        for ax, result in zip(axes[:, 0], results):
            ax.set_title(_name(result), loc="left")
    return fig, list(axes[:, 0])


def _name(result):
    about = result["about"]
    threads = f" × {about['threads']}" if about["device"] == "cpu" else ""
    return "\n".join(textwrap.wrap(f"{about['model']}{threads}", 44))


def _logarithmic(ax, xlabel, ylabel, xunit, yunit):
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    for axis, unit in ((ax.xaxis, xunit), (ax.yaxis, yunit)):
        axis.set_major_formatter(EngFormatter(unit=unit, sep="" if not unit else " "))
        axis.set_minor_formatter(NullFormatter())


def _percent(value):
    return f"{value:.0%}" if value >= 0.095 else f"{value:.1%}" if value else "0"
