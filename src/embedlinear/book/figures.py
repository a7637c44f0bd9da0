"""The pictures of the book: small functions that return a matplotlib Figure.

Colour never carries a meaning alone: marked rows have an outline, lines a style, a
marker and a name of their own. Labels are in the language chosen with ``use_language``.
"""

import math
import unicodedata

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import EngFormatter, NullFormatter

from embedlinear import checks
from embedlinear.book.language import labels
from embedlinear.book.style import HALO, LINES, curves, styled
from embedlinear.book.values import numbers, row_names, small_table, two_digits

# Sizes in inches. Narrow figures with 11-point text stay readable on a phone.
_HEIGHT = 0.34


@styled
def lookup(weight, indices, words=None):
    """Draw ``weight`` (V, D), the rows that ``indices`` look up, and the output (N, D).

    ``indices`` is one index or N of them; ``words`` names the V rows. Looked-up rows
    have an outline, and an arrow leads from each to its row of the output.
    """
    weight, indices, names = _lookup(weight, indices, words)
    text, found = labels("figures"), weight[indices]
    return _linked(
        ("weight", _title(text["table"], weight), weight, names, indices),
        ("output", _title(text["output"], found), found, [names[i] for i in indices]),
        [(row, out) for out, row in enumerate(indices)],
    )


@styled
def gradients(gradient, indices, rows, words=None):
    """Draw how an output's ``gradient`` (N, D) flows back into a table of ``rows``.

    Output row n came from row ``indices[n]``; an arrow leads back to it. What meets in
    one row is added; rows that were not looked up have zeros (grey).
    """
    gradient = small_table("gradient", gradient)
    table = torch.zeros(rows, gradient.shape[1], dtype=gradient.dtype)
    table, indices, names = _lookup(table, indices, words)
    text, table = labels("figures"), table.index_add(0, torch.tensor(indices), gradient)
    of_output, of_table = (
        text["gradient"].format(of=text[k]) for k in ("output", "table")
    )
    return _linked(
        ("output", _title(of_output, gradient), gradient, [names[i] for i in indices]),
        ("weight", _title(of_table, table), table, names, indices, True),
        list(enumerate(indices)),
    )


@styled
def growth(before, after, words=None):
    """Draw a table that grows: ``before`` (V, D) are the first rows of ``after``.

    ``words`` names the rows of ``after``; the new ones are outlined.
    """
    before, after = small_table("before", before), small_table("after", after)
    old, names = len(before), row_names(words, len(after))
    if not torch.equal(before, after[:old]):
        raise ValueError("before holds other numbers than the first rows of after")
    text = labels("figures")
    return _linked(
        ("before", _title(text["table"], before), before, names[:old]),
        ("after", _title(text["grown"], after), after, names, range(old, len(after))),
        [(row, row) for row in range(old)],
    )


@styled
def low_rank(left, right):
    """Draw a table (V, D) of rank r: ``left`` (V, r) times ``right`` (r, D)."""
    left, right = small_table("left", left), small_table("right", right)
    name, factors = labels("figures")["numbers"], {"A": left, "B": right}
    left, right, product = (
        (key, name.format(name=_title(key, values), n=values.numel()), values)
        for key, values in (factors | {"A @ B": left @ right}).items()
    )
    return _product(left, right, [product])


@styled
def sharded(weight, indices, processes, words=None):
    """Draw ``weight`` (V, D), sharded by rows over ``processes``, and a lookup.

    Each process has its rows on the left, and on the right what it found for
    ``indices``: its own rows, and zeros (grey) for the others. Only this is sent; the
    sum (N, D) is below.
    """
    weight, indices, names = _lookup(weight, indices, words)
    text, picks = labels("figures"), [names[i] for i in indices]
    grid, parts = _Grid(weight), weight.chunk(processes)
    wide = weight.shape[1] * grid.cell
    left = max(_width(*names), 0.2)
    right = left + max(wide, _width(text["process"].format(number=processes)))
    right += 0.55 + _width(*names)
    tall = [max(len(part), len(indices)) + 1.4 for part in parts]
    ax = _board(
        right + max(wide, _width(text["reduced"])) + 0.1,
        _HEIGHT * (sum(tall) + len(indices) + 1.2),
    )
    first, y = 0, _HEIGHT
    for number, (part, height) in enumerate(zip(parts, tall)):
        own = range(first, first + len(part))
        mine = {place: i - first for place, i in enumerate(indices) if i in own}
        found = torch.zeros_like(weight[indices])
        found[list(mine)] = part[list(mine.values())]
        title = text["process"].format(number=number)
        here = names[own.start : own.stop]
        grid.draw(ax, left, y, f"rows {number}", title, part, here, mine.values())
        title = ("+ " if number else "") + text["found"]
        grid.draw(ax, right, y, f"found {number}", title, found, picks, mine, True)
        for place, row in mine.items():
            tip = right - _width(picks[place]), y + (place + 0.5) * _HEIGHT
            end, look = (left + wide, y + (row + 0.5) * _HEIGHT), {"path_effects": HALO}
            look |= {"arrowstyle": "->", "lw": 1.2, "shrinkA": 1, "shrinkB": 1}
            ax.annotate("", tip, end, arrowprops=look, gid=f"arrow {place}")
        first, y = own.stop, y + height * _HEIGHT
    title = "= " + text["reduced"]
    grid.draw(ax, right, y, "output", title, weight[indices], picks)
    return ax.figure


@styled
def one_hot_product(weight, indices, words=None):
    """Draw one-hot rows (N, V) times ``weight`` (V, D), and the product (N, D) below.

    ``indices`` is one index or N of them; ``words`` names the V rows. The rows that
    survive the product have an outline; the others, multiplied by zero, are grey.
    """
    weight, indices, names = _lookup(weight, indices, words)
    text, picks = labels("figures"), [names[i] for i in indices]
    hot = torch.eye(len(weight), dtype=torch.int64)[indices]
    if len(indices) == 1:
        names = [f"{name}   {int(row in indices)} ×" for row, name in enumerate(names)]
    output = hot.to(weight.dtype) @ weight
    return _product(
        ("one_hot", _title(f"{text['one_hot']} x", hot), hot),
        ("weight", _title(f"{text['table']} W", weight), weight),
        [("output", _title(f"x @ W = {text['output']}", output), output)],
        names,
        picks,
        indices,
    )


@styled
def linear_blocks(x, weight, bias=None):
    """Draw ``x @ weight.T + bias`` block by block, with shapes.

    ``x`` is (N, in) or (in,), ``weight`` (out, in), ``bias`` (out,) or None.
    """
    x = small_table("x", torch.atleast_2d(numbers(x)))
    weight = small_table("weight.T", numbers(weight).T).T
    text, product = labels("figures"), x @ weight.T
    blocks = [("product", _title("x @ W.T", product), product)]
    if bias is not None:
        bias = numbers(bias)
        blocks += [
            ("bias", f"+ {_title(text['bias'] + ' b', bias)}", bias[None]),
            ("output", f"= {_title(text['output'], product)}", product + bias),
        ]
    return _product(
        ("x", _title(f"{text['input']} x", x), x),
        ("weight", _title("W.T", weight.T), weight.T),
        blocks,
    )


@styled
def affine(weight, bias=None):
    """Draw what Linear(2, 2) does to the plane, before and after.

    ``weight`` is (2, 2), ``bias`` (2,) or None. The arrow b shows where the origin
    goes.
    """
    weight, shift = numbers(weight), numbers([0, 0] if bias is None else bias)
    text, formula = labels("figures"), "x @ W.T" + ("" if bias is None else " + b")
    fig, (before, after) = plt.subplots(1, 2, figsize=(4.7, 2.6), layout="constrained")
    _plane(before, numbers(torch.eye(2)), 0 * shift, text["before"])
    _plane(after, weight, shift, text["after"].format(formula=formula))
    # Both panels share one scale, so that stretching is seen as stretching.
    reach = weight.abs().sum(dim=1) + shift.abs()  # of the corners (±1, ±1)
    limit = 0.25 + max(1, reach.max().item())
    for ax in (before, after):
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        ax.locator_params(nbins=5)
    return fig


def similarity(history):
    """Draw how cosine similarities change: ``history`` maps a label to T values."""
    runs = {label: numbers(values)[None] for label, values in history.items()}
    return spread(runs, quantity="cosine")


@styled
def spread(history, steps=None, quantity="accuracy", across=None):
    """Draw repeated runs: a line through their means, a band from lowest to highest.

    ``history`` maps a label to (runs, T) values, ``steps`` is (T,), counted from 0 if
    missing; ``quantity`` is ``"accuracy"``, ``"cosine"`` or ``"loss"``; ``across``
    names what ``steps`` are, by default training steps.
    """
    runs = {label: numbers(values).numpy() for label, values in history.items()}
    first, *_ = runs.values()
    steps = range(first.shape[1]) if steps is None else steps
    fig, ax = plt.subplots(figsize=(4.7, 3), layout="constrained")
    text = labels("figures")
    ax.set(xlabel=across or text["step"], ylabel=text[quantity])
    if quantity == "cosine":
        ax.axhline(0, color="#777777", lw=0.8)
        ax.set(ylim=(-1.05, 1.05))
    for (label, values), (colour, _, _) in zip(runs.items(), LINES):
        if len(values) > 1:
            extremes = values.min(axis=0), values.max(axis=0)
            look = {"color": colour, "alpha": 0.15, "lw": 0}
            ax.fill_between(steps, *extremes, gid=f"band {label}", **look)
    if quantity != "cosine":  # curves may end high, and their names need room
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.15 * (top - bottom))
    means = {label: (steps, values.mean(axis=0)) for label, values in runs.items()}
    curves(ax, means, markevery=max(1, len(steps) // 6))
    return fig


@styled
def cost(measurements):
    """Draw time against vocabulary size, both axes logarithmic.

    ``measurements`` maps a method to ``{size: seconds}``. Ratios are to the first
    method, at the sizes both have.
    """
    lines = {
        label: tuple(zip(*sorted(points.items())))
        for label, points in measurements.items()
    }
    text, (first, *_) = labels("figures"), measurements.values()
    sizes = [size for xs, _ in lines.values() for size in xs]
    costs = [value for _, values in lines.values() for value in values]
    fig, ax = plt.subplots(figsize=(4.7, 3.3), layout="constrained")
    ax.set(xscale="log", yscale="log", xlabel=text["vocabulary"], ylabel=text["time"])
    # Room for the ratios, which are to the upper left of their points.
    ax.set(xlim=(min(sizes) / 5, max(sizes) * 1.5))
    ax.set(ylim=(min(costs) / 2, max(costs) * 5))
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.yaxis.set_major_formatter(EngFormatter("s"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    curves(ax, lines)
    for size, least in first.items():
        # Only the slowest method at each size: a number at every point would hide the
        # lines.
        dearest = max(points.get(size, 0) for points in measurements.values())
        if dearest > least:
            ratio = text["ratio"].format(ratio=two_digits(dearest / least))
            place = {"textcoords": "offset points", "ha": "right"}
            ax.annotate(ratio, (size, dearest), (2, 6), path_effects=HALO, **place)
    return fig


# --- grids of numbers: one unit is one inch, and y points down ---


def _board(width, height):
    width, height = (math.ceil(10 * size) / 10 for size in (width, height))
    ax = plt.figure(figsize=(width, height)).add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return ax


class _Grid:
    """How the numbers of a figure are drawn: cells of one width, shades of one scale.

    Shades are light: black text stays readable on them, and only blocks that take
    numbers from one table have any. The gids let tests, and readers of an SVG, find
    each number.
    """

    def __init__(self, values, *others, shades=True):
        self.scale = values.abs().max().item() * shades
        drawn = torch.cat([block.flatten() for block in (values, *others)]).tolist()
        longest = max(map(_number, drawn), key=len)
        self.cell = max(0.36, _width(longest))

    def draw(
        self, ax, x, y, key, title, values, names=(), marked=(), fade=False, ha="left"
    ):
        """Draw ``values`` from the top left corner (x, y), ``marked`` rows outlined."""
        wide = self.cell * values.shape[1]
        edge = x if ha == "left" else x + wide
        ax.text(edge, y - 0.06, title, ha=ha, va="bottom", gid=f"{key} title")
        for row, line in enumerate(values.tolist()):
            top, grey = y + row * _HEIGHT, fade and row not in marked
            middle = top + _HEIGHT / 2
            if names:
                ax.text(x - 0.08, middle, names[row], ha="right", va="center")
            for column, number in enumerate(line):
                left = x + column * self.cell
                shade = number / self.scale if self.scale and not grey else 0
                fill = plt.cm.PuOr(0.5 - 0.25 * max(-1, min(1, shade)))
                look = {"ec": "#999999", "lw": 0.6, "fc": fill}
                ax.add_patch(Rectangle((left, top), self.cell, _HEIGHT, **look))
                look = {"ha": "center", "va": "center", "gid": f"{key}[{row},{column}]"}
                look["color"] = "#6B6B6B" if grey else "black"
                ax.text(left + self.cell / 2, middle, _number(number), **look)
        for row in sorted(set(marked)):
            look = {"fc": "none", "ec": "black", "lw": 2.4, "zorder": 3}
            corner, name = (x, y + row * _HEIGHT), f"{key} row {row}"
            ax.add_patch(Rectangle(corner, wide, _HEIGHT, gid=name, **look))


def _linked(above, below, links):
    # Two blocks, (key, title, values, names, marked, fade), and arrows between their
    # rows.
    grid, lane = _Grid(above[2], below[2]), 0.17
    left, top = _width(*above[3], *below[3]), _HEIGHT
    right = left + above[2].shape[1] * grid.cell
    under = top + (len(above[2]) + 1.3) * _HEIGHT
    ax = _board(
        max(right + lane * (len(links) + 1), left + _width(above[1], below[1])),
        under + (len(below[2]) + 0.2) * _HEIGHT,
    )
    grid.draw(ax, left, top, *above)
    grid.draw(ax, left, under, *below)
    for number, (row, out) in enumerate(links):
        # Each arrow has its own lane at the right, which keeps repeated rows apart.
        x, name = right + lane * (number + 1), f"arrow {row} to {out}"
        start, end = top + (row + 0.5) * _HEIGHT, under + (out + 0.5) * _HEIGHT
        corners = [right, x, x, right + 0.08], [start, start, end, end]
        ax.plot(*corners, "k-", lw=1.2, path_effects=HALO, gid=name)
        ax.plot(right + 0.06, end, "k<", ms=6)
    return ax.figure


def _product(left, right, blocks, names=(), picks=(), marked=()):
    # Each block is (key, title, values). Rows meet columns where they cross: left (N,
    # V) is next to its product (N, D), right (V, D) above it. That is half as wide
    # as three blocks in a row, so that it fits a phone, and it shows why the shapes
    # must agree.
    of_blocks = [values for _, _, values in blocks]
    left_grid = _Grid(left[2], shades=False)
    grid = _Grid(right[2], *of_blocks)
    wide, across = left[2].shape[1] * left_grid.cell, right[2].shape[1] * grid.cell
    split = 0.25 + max(_width(*picks) + wide, _width(left[1]), _width(*names))
    y = (1 + len(right[2]) + 1.3) * _HEIGHT
    ax = _board(
        split + max(across, *(_width(title) for _, title, _ in blocks)) + 0.05,
        y + (sum(len(values) + 1.3 for values in of_blocks) - 1.1) * _HEIGHT,
    )
    grid.draw(ax, split, _HEIGHT, *right, names, marked, fade=bool(marked))
    left_grid.draw(ax, split - 0.25 - wide, y, *left, picks, ha="right")
    if not marked:
        grid.scale = 0  # shades help to recognise a row that comes back; sums get none
    for block in blocks:
        grid.draw(ax, split, y, *block)
        y += (len(block[2]) + 1.3) * _HEIGHT
    return ax.figure


def _number(number):
    return f"{number:.2f}" if isinstance(number, float) else str(number)


def _title(name, values):
    return f"{name} ({' × '.join(map(str, values.shape))})"


def _width(*texts):
    # Inches that the longest text takes at 11 points, on the safe side; Han is square.
    ems = (
        sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.62 for c in text)
        for text in texts
    )
    return max(ems, default=0) * 11 / 72 + 0.12


# --- the plane ---


def _plane(ax, matrix, shift, title):
    def move(*points):
        return (torch.tensor(points, dtype=matrix.dtype) @ matrix.T + shift).numpy()

    for k in (-1, -0.5, 0, 0.5, 1):
        for line in (move([k, -1], [k, 1]), move([-1, k], [1, k])):
            ax.plot(*line.T, color="#777777", lw=0.8)
    square = move([0, 0], [1, 0], [1, 1], [0, 1])
    look = {"facecolor": "#CFE3F2", "edgecolor": "#0072B2", "hatch": "//"}
    ax.add_patch(Polygon(square, gid="unit square", **look))
    origin, e1, e2 = move([0, 0], [1, 0], [0, 1])
    _arrow(ax, origin, e1, "e₁", "#0072B2")
    _arrow(ax, origin, e2, "e₂", "#B34700")
    if shift.any():
        _arrow(ax, (0, 0), origin, "b", "black", at_tip=False, linestyle="--")
    ax.plot(0, 0, "k+", ms=9)
    ax.set(title=title)


def _arrow(ax, start, end, name, colour, at_tip=True, **style):
    style |= {"arrowstyle": "->", "color": colour, "lw": 1.8}
    ax.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})
    # The name is 9 points past the tip or next to the middle, clear of other arrows.
    dx, dy = end[0] - start[0], end[1] - start[1]
    place, away = end, (dx, dy)
    if not at_tip:
        place = start[0] + dx / 2, start[1] + dy / 2
        away = (dy, -dx) if dx < 0 else (-dy, dx)
    step = 9 / (math.hypot(dx, dy) or 1)
    centred = {"ha": "center", "va": "center", "path_effects": HALO}
    offset = away[0] * step, away[1] * step
    ax.annotate(
        name, place, offset, textcoords="offset points", color=colour, **centred
    )


# --- what is given ---


def _lookup(weight, indices, words):
    weight, indices = small_table("weight", weight), torch.as_tensor(indices)
    checks.index_dtype("indices", indices)  # a figure refuses what the layer refuses
    checks.index_range("indices", indices, len(weight), "rows of weight")
    return weight, indices.reshape(-1).tolist(), row_names(words, len(weight))
