"""The pictures of the book: small functions that return a matplotlib Figure.

Colour never carries a meaning alone: marked rows have an outline, lines a style, a marker and a
name of their own. Labels are in the language chosen with ``use_language``.
"""

import functools
import math
import unicodedata
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib import font_manager, patheffects
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import EngFormatter, NullFormatter

from embedlinear.book.language import labels

# The package brings its own Chinese font: Colab, Windows and Linux share none. Registering it only
# makes it known; the readers' own figures look as before.
font_manager.fontManager.addfont(
    Path(__file__).parent / "fonts" / "NotoSansSC-subset.otf"
)
_STYLE = {
    "font.family": ["DejaVu Sans", "Noto Sans SC"],
    "font.size": 11,
    "figure.dpi": 120,
    "text.parse_math": False,  # a reader's word may hold a dollar sign
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Sizes in inches. Narrow figures with 11-point text stay readable on a phone.
_WIDTH, _HEIGHT, _PAD = 0.54, 0.34, 0.08
_MOST_ROWS, _MOST_COLUMNS = 12, 8
# Okabe and Ito's colours, which colour-blind readers tell apart; dark enough for text on white.
_LINES = [
    ("#0072B2", "-", "o"),
    ("#B34700", "--", "s"),
    ("#006B4F", "-.", "^"),
    ("#8C3A6B", ":", "D"),
    ("#000000", (0, (5, 1, 1, 1, 1, 1)), "v"),
    ("#6B5B00", (0, (1, 1)), "X"),
]
_HALO = [patheffects.withStroke(linewidth=3, foreground="white")]


def _styled(draw):
    # Matplotlib's defaults plus our few settings, for the time of one drawing: neither do readers'
    # settings change the figures nor the figures the settings.
    @functools.wraps(draw)
    def styled(*args, **kwargs):
        # Loads the backend now: a notebook's turns interactive drawing on as it loads, and inside
        # the context that would be undone, so that readers' own figures no longer appeared.
        plt.draw_if_interactive()
        with plt.style.context(["default", _STYLE]):
            fig = draw(*args, **kwargs)
            fig.draw_without_rendering()  # ticks take their style when they are first drawn
        return fig

    return styled


@_styled
def lookup(weight, indices, words=None, decimals=2):
    """Draw the table ``weight`` (V, D), the rows that ``indices`` looks up, and the output (N, D).

    ``indices`` is one index or N of them; ``words`` names the V rows. Looked-up rows have an
    outline, and an arrow leads from each to its row of the output.
    """
    weight, indices, names = _table(weight, indices, words)
    picks, found = [names[i] for i in indices], weight[indices]
    text, cell, lane = labels("figures"), _cell(decimals, weight), 0.17
    left, top = _width(*names), _HEIGHT
    right, below = left + weight.shape[1] * cell, top + (len(weight) + 1.3) * _HEIGHT
    title, result = _title(text["table"], weight), _title(text["output"], found)
    fig, ax = _board(
        max(right + lane * (len(picks) + 1), left + _width(title, result)),
        below + (len(picks) + 0.2) * _HEIGHT,
    )
    scale = weight.abs().max()
    _grid(
        ax, left, top, ("weight", title, weight), cell, decimals, scale, names, indices
    )
    _grid(ax, left, below, ("output", result, found), cell, decimals, scale, picks)
    for out, row in enumerate(indices):
        # Each arrow has a lane of its own at the right, so that repeated indices stay apart.
        x = right + lane * (out + 1)
        start, end = top + (row + 0.5) * _HEIGHT, below + (out + 0.5) * _HEIGHT
        ax.plot(
            [right, x, x, right + 0.08],
            [start, start, end, end],
            "k-",
            lw=1.2,
            path_effects=_HALO,
            gid=f"arrow {row} to {out}",
        )
        ax.plot(right + 0.06, end, "k<", ms=6)
    return fig


@_styled
def sharded(weight, indices, processes, words=None, decimals=2):
    """Draw ``weight`` (V, D) sharded by rows, and what each process sends for a lookup.

    Each process has its rows at the left and at the right what it found for ``indices`` (N): its
    own rows, and zeros (grey) for those of others. Only this travels; the sum (N, D) is below.
    """
    weight, indices, names = _table(weight, indices, words)
    if not isinstance(processes, int) or not 1 <= processes <= len(weight):
        raise ValueError(
            f"processes is {processes!r}; expected a whole number from 1 to"
            f" {len(weight)}, the rows of weight"
        )
    text, cell, picks = (
        labels("figures"),
        _cell(decimals, weight),
        [names[i] for i in indices],
    )
    parts, scale = weight.chunk(processes), weight.abs().max()
    left = max(_width(*names), 0.2)
    right = left + max(
        weight.shape[1] * cell, _width(text["process"].format(number=processes))
    )
    right += 0.55 + _width(*names)
    tall = [max(len(part), len(indices)) + 1.4 for part in parts]
    fig, ax = _board(
        right + max(weight.shape[1] * cell, _width(text["reduced"])) + 0.1,
        _HEIGHT * (sum(tall) + len(indices) + 1.2),
    )
    first, y = 0, _HEIGHT
    for number, (part, height) in enumerate(zip(parts, tall)):
        own = range(first, first + len(part))
        mine = [place for place, index in enumerate(indices) if index in own]
        found = torch.zeros(len(indices), weight.shape[1], dtype=weight.dtype)
        found[mine] = weight[[indices[place] for place in mine]]
        _grid(
            ax,
            left,
            y,
            (f"rows {number}", text["process"].format(number=number), part),
            cell,
            decimals,
            scale,
            names[first : first + len(part)],
            [indices[place] - first for place in mine],
        )
        _grid(
            ax,
            right,
            y,
            (f"found {number}", ("+ " if number else "") + text["found"], found),
            cell,
            decimals,
            scale,
            picks,
            mine,
            fade=True,
        )
        for place in mine:
            start, end = (
                y + (row + 0.5) * _HEIGHT for row in (indices[place] - first, place)
            )
            edge = left + part.shape[1] * cell
            ax.annotate(
                "",
                (right - _width(picks[place]), end),
                (edge, start),
                gid=f"arrow {place}",
                arrowprops={
                    "arrowstyle": "->",
                    "lw": 1.2,
                    "shrinkA": 1,
                    "shrinkB": 1,
                    "path_effects": _HALO,
                },
            )
        first, y = first + len(part), y + height * _HEIGHT
    _grid(
        ax,
        right,
        y,
        ("output", "= " + text["reduced"], weight[indices]),
        cell,
        decimals,
        scale,
        picks,
    )
    return fig


@_styled
def one_hot_product(weight, indices, words=None, decimals=2):
    """Draw one-hot rows (N, V) times ``weight`` (V, D): the product (N, D) stands under the table.

    ``indices`` is one index or N of them; ``words`` names the V rows. The rows that survive the
    product have an outline; the others, multiplied by zero, are grey.
    """
    weight, indices, names = _table(weight, indices, words)
    text, picks = labels("figures"), [names[i] for i in indices]
    hot = torch.zeros(len(indices), len(weight), dtype=weight.dtype)
    hot[torch.arange(len(indices)), indices] = 1
    if len(indices) == 1:
        names = [f"{name}   {int(row in indices)} ×" for row, name in enumerate(names)]
    output = hot @ weight
    return _product(
        ("one_hot", _title(f"{text['one_hot']} x", hot), hot),
        ("weight", _title(f"{text['table']} W", weight), weight),
        [("output", _title(f"x @ W = {text['output']}", output), output)],
        decimals,
        0,
        names,
        picks,
        indices,
    )


@_styled
def linear_blocks(x, weight, bias=None, decimals=2):
    """Draw ``x @ weight.T + bias`` block by block, with shapes.

    ``x`` is (N, in) or (in,), ``weight`` (out, in), ``bias`` (out,) or None.
    """
    weight, bias = _layer(weight, bias)
    x = torch.atleast_2d(_numbers("x", x, (1, 2)))
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"x: its rows have {x.shape[1]} numbers, but weight {tuple(weight.shape)}"
            f" expects in_features = {weight.shape[1]}"
        )
    _drawable("x", x)
    text, product = labels("figures"), x @ weight.T
    blocks = [("product", _title("x @ W.T", product), product)]
    if bias is not None:
        blocks += [
            ("bias", f"+ {_title(text['bias'] + ' b', bias)}", bias[None]),
            ("output", f"= {_title(text['output'], product)}", product + bias),
        ]
    return _product(
        ("x", _title(f"{text['input']} x", x), x),
        ("weight", _title("W.T", weight.T), weight.T),
        blocks,
        decimals,
        decimals,
    )


@_styled
def affine(weight, bias=None):
    """Draw what Linear(2, 2) does to the plane: ``x @ weight.T + bias``, before and after.

    ``weight`` is (2, 2), ``bias`` (2,) or None. The arrow b shows where the origin goes.
    """
    weight, bias = _layer(weight, bias)
    if weight.shape != (2, 2):
        raise ValueError(
            f"weight has shape {tuple(weight.shape)}; to draw it, it must be (2, 2)"
        )
    shift = torch.zeros(2, dtype=weight.dtype) if bias is None else bias
    text, formula = labels("figures"), "x @ W.T" + ("" if bias is None else " + b")
    fig, axes = plt.subplots(1, 2, figsize=(4.7, 2.6), layout="constrained")
    corners = torch.tensor([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=weight.dtype)
    # Both panels share one scale, so that stretching is seen as stretching.
    limit = 0.25 + max(1, (corners @ weight.T + shift).abs().max().item())
    for ax, matrix, offset, title in (
        (
            axes[0],
            torch.eye(2, dtype=weight.dtype),
            torch.zeros_like(shift),
            text["before"],
        ),
        (axes[1], weight, shift, text["after"].format(formula=formula)),
    ):

        def move(*points):
            return (
                torch.tensor(points, dtype=matrix.dtype) @ matrix.T + offset
            ).numpy()

        for k in (-1, -0.5, 0, 0.5, 1):
            for line in (move([k, -1], [k, 1]), move([-1, k], [1, k])):
                ax.plot(*line.T, color="#777777", lw=0.8)
        ax.add_patch(
            Polygon(
                move([0, 0], [1, 0], [1, 1], [0, 1]),
                facecolor="#CFE3F2",
                edgecolor="#0072B2",
                hatch="//",
                gid="unit square",
            )
        )
        for label, point, colour in (
            ("e₁", [1, 0], "#0072B2"),
            ("e₂", [0, 1], "#B34700"),
        ):
            _arrow(ax, move([0, 0])[0], move(point)[0], label, colour)
        if offset.any():
            _arrow(
                ax, [0, 0], offset.tolist(), "b", "black", at_tip=False, linestyle="--"
            )
        ax.plot(0, 0, "k+", ms=9)
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", title=title)
        ax.locator_params(nbins=5)
    return fig


@_styled
def similarity(history, steps=None):
    """Draw how cosine similarities change: ``history`` maps a label to T values, ``steps`` is (T,).

    Without ``steps`` they are counted from 0.
    """
    curves = {
        label: _numbers(f"history[{label!r}]", values, (1,)).tolist()
        for label, values in _named("history", history).items()
    }
    steps = (
        list(range(len(next(iter(curves.values())))))
        if steps is None
        else _numbers("steps", steps, (1,)).tolist()
    )
    for label, values in curves.items():
        if len(values) != len(steps):
            raise ValueError(
                f"history[{label!r}] has {len(values)} values; expected {len(steps)},"
                " one for each step"
            )
        if max(map(abs, values)) > 1.001:
            raise ValueError(
                f"history[{label!r}] holds {max(values, key=abs):.4g}; a cosine lies"
                " between -1 and 1"
            )
    fig, ax = plt.subplots(figsize=(4.7, 3), layout="constrained")
    text = labels("figures")
    ax.axhline(0, color="#777777", lw=0.8)
    ax.set(xlabel=text["step"], ylabel=text["cosine"], ylim=(-1.05, 1.05))
    _curves(
        ax,
        {label: (steps, values) for label, values in curves.items()},
        markevery=max(1, len(steps) // 6),
    )
    return fig


@_styled
def spread(history, steps=None, quantity="accuracy", across=None):
    """Draw runs that were repeated: a line through their means, a band from lowest to highest.

    ``history`` maps a label to (runs, T) values, ``steps`` is (T,), counted from 0 if missing;
    ``quantity`` is ``"accuracy"``, ``"cosine"`` or ``"loss"`` and sets the range that values
    must lie in; ``across`` names what ``steps`` are, by default training steps.
    """
    ranges = {"accuracy": (0, 1), "cosine": (-1, 1), "loss": (0, math.inf)}
    if quantity not in ranges:
        raise ValueError(
            f"quantity is {quantity!r}; it must be one of {sorted(ranges)}"
        )
    low, high = ranges[quantity]
    runs = {
        label: _numbers(f"history[{label!r}]", values, (2,)).numpy()
        for label, values in _named("history", history).items()
    }
    steps = (
        list(range(next(iter(runs.values())).shape[1]))
        if steps is None
        else _numbers("steps", steps, (1,)).tolist()
    )
    for label, values in runs.items():
        if values.shape[1] != len(steps):
            raise ValueError(
                f"history[{label!r}] has {values.shape[1]} values a run; expected"
                f" {len(steps)}, one for each step"
            )
        if values.min() < low - 0.001 or values.max() > high + 0.001:
            raise ValueError(
                f"history[{label!r}] holds numbers from {values.min():.4g} to"
                f" {values.max():.4g}; they must lie between {low} and {high}"
            )
    fig, ax = plt.subplots(figsize=(4.7, 3), layout="constrained")
    text = labels("figures")
    ax.set(xlabel=across or text["step"], ylabel=text[quantity])
    if quantity == "cosine":
        ax.axhline(0, color="#777777", lw=0.8)
        ax.set(ylim=(-1.05, 1.05))
    for (label, values), (colour, _, _) in zip(runs.items(), _LINES):
        ax.fill_between(
            steps,
            values.min(axis=0),
            values.max(axis=0),
            color=colour,
            alpha=0.15,
            lw=0,
            gid=f"band {label}",
        )
    if quantity != "cosine":  # curves may end high, and their names need room
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.15 * (top - bottom))
    _curves(
        ax,
        {
            label: (steps, values.mean(axis=0).tolist())
            for label, values in runs.items()
        },
        markevery=max(1, len(steps) // 6),
    )
    return fig


@_styled
def cost(measurements, quantity="time"):
    """Draw cost against vocabulary size, both axes logarithmic.

    ``measurements`` maps a method to ``{size: cost}``, in seconds or bytes; ``quantity`` is
    ``"time"`` or ``"memory"``. Ratios are to the first method, at the sizes both have.
    """
    units = {"time": "s", "memory": "B"}
    if quantity not in units:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {sorted(units)}")
    curves = {}
    for label, points in _named("measurements", measurements).items():
        if not isinstance(points, dict) or not points:
            raise TypeError(
                f"measurements[{label!r}] is {points!r}; expected {{size: cost}}"
            )
        pairs = sorted((float(size), float(value)) for size, value in points.items())
        if not all(0 < number < math.inf for pair in pairs for number in pair):
            raise ValueError(
                f"measurements[{label!r}] is {points!r}; sizes and costs must be"
                " above 0, for the axes are logarithmic"
            )
        curves[label] = tuple(zip(*pairs))
    text, first = labels("figures"), dict(zip(*next(iter(curves.values()))))
    fig, ax = plt.subplots(figsize=(4.7, 3.3), layout="constrained")
    ax.set(xscale="log", yscale="log", xlabel=text["vocabulary"], ylabel=text[quantity])
    sizes = sorted({size for xs, _ in curves.values() for size in xs})
    highest = max(value for _, values in curves.values() for value in values)
    lowest = min(value for _, values in curves.values() for value in values)
    # Room for the ratios, which stand to the upper left of their points.
    ax.set(xlim=(sizes[0] / 5, sizes[-1] * 1.5), ylim=(lowest / 2, highest * 5))
    if len(sizes) <= 6:
        ax.set_xticks(sizes)
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(EngFormatter(unit=units[quantity]))
    ax.yaxis.set_minor_formatter(NullFormatter())
    _curves(ax, curves)
    for size in first:
        # Only the dearest method at each size: a number at every point would hide the lines.
        dearest = max(dict(zip(*curve)).get(size, 0) for curve in curves.values())
        if dearest > first[size]:
            ratio = text["ratio"].format(ratio=_ratio(dearest / first[size]))
            ax.annotate(
                ratio,
                (size, dearest),
                (2, 6),
                textcoords="offset points",
                ha="right",
                path_effects=_HALO,
            )
    return fig


def _product(
    left, right, blocks, decimals, left_decimals, names=(), picks=(), marked=()
):
    # Each block is (key, title, values). Rows meet columns where they cross: left (N, V) stands
    # beside its product (N, D), right (V, D) above it. That is half as wide as three blocks in a
    # row, so that it fits a phone, and it shows why the shapes must agree.
    columns, scale = right[2].shape[1], right[2].abs().max()
    narrow = _cell(left_decimals, left[2])
    cell = _cell(decimals, right[2], *(values for _, _, values in blocks))
    split = 0.25 + max(
        _width(*picks) + left[2].shape[1] * narrow, _width(left[1]), _width(*names)
    )
    y = (1 + len(right[2]) + 1.3) * _HEIGHT
    fig, ax = _board(
        max(split + columns * cell, split + max(_width(b[1]) for b in blocks)) + 0.05,
        y + (sum(len(b[2]) + 1.3 for b in blocks) - 1.1) * _HEIGHT,
    )
    _grid(
        ax,
        split,
        _HEIGHT,
        right,
        cell,
        decimals,
        scale,
        names,
        marked,
        fade=bool(marked),
    )
    start = split - 0.25 - left[2].shape[1] * narrow
    _grid(ax, start, y, left, narrow, left_decimals, None, picks, align="right")
    for block in blocks:
        # Shades help to recognise a row that comes back unchanged; sums get none.
        _grid(ax, split, y, block, cell, decimals, scale if marked else None)
        y += (len(block[2]) + 1.3) * _HEIGHT
    return fig


def _board(width, height):
    # One unit is one inch and y points down, so that cells and text have sizes that fit together.
    width, height = (math.ceil(10 * size) / 10 for size in (width, height))
    fig = plt.figure(figsize=(width, height))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return fig, ax


def _grid(
    ax,
    x,
    y,
    block,
    cell,
    decimals,
    scale,
    names=(),
    marked=(),
    fade=False,
    align="left",
):
    # A grid of numbers with its top left corner at (x, y). Shades are light: black text stays
    # readable on them. The gids let tests, and readers of an SVG, find each number.
    key, title, values = block
    edge = x if align == "left" else x + cell * values.shape[1]
    ax.text(edge, y - 0.06, title, ha=align, va="bottom", gid=f"{key} title")
    for row, numbers in enumerate(values.tolist()):
        middle, grey = y + (row + 0.5) * _HEIGHT, fade and row not in marked
        if names:
            ax.text(x - 0.08, middle, names[row], ha="right", va="center")
        for column, number in enumerate(numbers):
            shade = 0 if scale is None or grey or not scale else number / float(scale)
            corner = (x + column * cell, y + row * _HEIGHT)
            ax.add_patch(
                Rectangle(
                    corner,
                    cell,
                    _HEIGHT,
                    ec="#999999",
                    lw=0.6,
                    fc=plt.cm.PuOr(0.5 - 0.25 * max(-1, min(1, shade))),
                )
            )
            ax.text(
                corner[0] + cell / 2,
                middle,
                f"{number:.{decimals}f}",
                ha="center",
                va="center",
                color="#6B6B6B" if grey else "black",
                gid=f"{key}[{row},{column}]",
            )
    for row in sorted(set(marked)):
        ax.add_patch(
            Rectangle(
                (x, y + row * _HEIGHT),
                cell * values.shape[1],
                _HEIGHT,
                fc="none",
                ec="black",
                lw=2.4,
                zorder=3,
                gid=f"{key} row {row}",
            )
        )


def _curves(ax, curves, **style):
    # Lines with their names at their ends; names that would collide are moved apart.
    ends = []
    for (label, (xs, ys)), (colour, dash, marker) in zip(curves.items(), _LINES):
        ax.plot(
            xs,
            ys,
            color=colour,
            linestyle=dash,
            marker=marker,
            ms=5,
            label=label,
            **style,
        )
        ends.append([xs[-1], ys[-1], label, colour])
    to_axes, gap, height = ax.transScale + ax.transLimits, 0.095, -1.0
    places = [to_axes.transform(end[:2])[1] for end in ends]
    order = sorted(range(len(ends)), key=places.__getitem__)
    for rank, index in enumerate(order):
        above = len(order) - 1 - rank
        height = max(height + gap, min(places[index], 1 - above * gap))
        x, y, label, colour = ends[index]
        ax.annotate(
            label,
            (x, y),
            (1.06, height),
            textcoords="axes fraction",
            color=colour,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.8, "shrinkB": 3},
        )


def _arrow(ax, start, end, label, colour, at_tip=True, **style):
    ax.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "->",
            "color": colour,
            "lw": 1.8,
            "shrinkA": 0,
            "shrinkB": 0,
            **style,
        },
    )
    # The name stands 9 points past the tip or beside the middle, where it covers no other arrow.
    dx, dy = end[0] - start[0], end[1] - start[1]
    step = 9 / (math.hypot(dx, dy) or 1)
    place, away = (
        (end, (dx, dy))
        if at_tip
        else (
            (start[0] + dx / 2, start[1] + dy / 2),
            (dy, -dx) if dx < 0 else (-dy, dx),
        )
    )
    ax.annotate(
        label,
        place,
        (away[0] * step, away[1] * step),
        textcoords="offset points",
        color=colour,
        ha="center",
        va="center",
        path_effects=_HALO,
    )


def _title(name, values):
    return f"{name} ({' × '.join(map(str, values.shape))})"


def _width(*texts):
    # Inches that the longest text takes at 11 points, on the safe side; Han characters are square.
    ems = (
        sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.62 for c in t)
        for t in texts
    )
    return max(ems, default=0) * 11 / 72 + 0.12


def _cell(decimals, *blocks):
    if not isinstance(decimals, int) or not 0 <= decimals <= 6:
        raise ValueError(
            f"decimals is {decimals!r}; expected a whole number from 0 to 6"
        )
    longest = max(
        (f"{n:.{decimals}f}" for block in blocks for n in block.flatten().tolist()),
        key=len,
    )
    return max(0.36, _width(longest))


def _ratio(number):
    # Two digits that count are all that a time measurement gives.
    digits = max(0, 1 - math.floor(math.log10(number)))
    return f"{round(number, 1 - math.floor(math.log10(number))):,.{digits}f}"


def _numbers(name, value, dims):
    try:
        tensor = torch.as_tensor(value).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{name} is a {type(value).__name__}; expected a tensor or a list of numbers"
        ) from error
    if tensor.dtype is torch.bool or tensor.is_complex():
        raise TypeError(f"{name} has dtype {tensor.dtype}; expected real numbers")
    if tensor.dim() not in dims or tensor.numel() == 0:
        allowed = " or ".join(map(str, dims))
        raise ValueError(
            f"{name} has shape {tuple(tensor.shape)}; expected {allowed} dimensions, none of size 0"
        )
    tensor = tensor.double()
    if not tensor.isfinite().all():
        raise ValueError(
            f"{name} holds a number that is not finite; expected finite numbers only"
        )
    return tensor


def _drawable(name, tensor):
    rows, columns = tensor.shape
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise ValueError(
            f"{name} has shape {(rows, columns)}; at most {_MOST_ROWS} rows and"
            f" {_MOST_COLUMNS} columns are readable: pass a slice,"
            f" {name}[:{_MOST_ROWS}, :{_MOST_COLUMNS}]"
        )


def _table(weight, indices, words):
    weight = _numbers("weight", weight, (2,))
    _drawable("weight", weight)
    _numbers("indices", indices, (0, 1))
    given, rows = torch.as_tensor(indices).cpu(), len(weight)
    if given.dtype not in (torch.int32, torch.int64):
        raise TypeError(f"indices has dtype {given.dtype}; expected int32 or int64")
    if given.numel() > _MOST_ROWS:
        raise ValueError(
            f"indices has shape {tuple(given.shape)}; at most {_MOST_ROWS} can be drawn"
        )
    given = given.reshape(-1).tolist()
    for place, index in enumerate(given):
        if not 0 <= index < rows:
            raise ValueError(
                f"indices[{place}] is {index}; weight has rows 0 to {rows - 1}"
            )
    if words is not None and (isinstance(words, str) or len(words) != rows):
        raise ValueError(
            f"words is {words!r}; expected a list of {rows} words, one for each row of weight"
        )
    return (
        weight,
        given,
        [str(i) if words is None else f"{i} {words[i]}" for i in range(rows)],
    )


def _layer(weight, bias):
    weight = _numbers("weight", weight, (2,))
    _drawable("weight.T", weight.T)
    if bias is not None:
        bias = _numbers("bias", bias, (1,))
        if len(bias) != len(weight):
            raise ValueError(
                f"bias has shape {tuple(bias.shape)}; weight {tuple(weight.shape)}"
                f" expects {(len(weight),)}"
            )
    return weight, bias


def _named(name, curves):
    if not isinstance(curves, dict) or not curves:
        raise TypeError(
            f"{name} is {curves!r}; expected a dict with a label for each line"
        )
    if len(curves) > len(_LINES):
        raise ValueError(
            f"{name} holds {len(curves)} lines; at most {len(_LINES)} can be told apart"
        )
    return curves
