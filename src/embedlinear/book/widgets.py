"""Figures that answer: on the book's site readers operate them, everywhere else they are tables.

Each function runs or takes what a cell computed, and returns a Widget with all the numbers in it,
already formatted. The script on the site chooses which of them to show, and calculates nothing.
"""

import html
import json
import math
import re
from itertools import combinations_with_replacement, product

import torch

from embedlinear.book.figures import _drawable, _numbers, _ratio
from embedlinear.book.language import labels


class Widget:
    """What a cell shows: HTML that is complete as it stands, and the data that bring it to life.

    The HTML holds a table in its first state, a sentence that says the same, and a table of all
    numbers. ``controls`` are what a reader chooses with; ``frames`` holds the entries of the first
    table for every combination of choices, the last control's changing fastest.
    """

    def __init__(self, kind, controls, frames, said, state, plain):
        self.kind, self.controls, self.frames, self.said = kind, controls, frames, said
        self.title, self.all, self.plain, place = (
            labels("widgets")[kind],
            labels("widgets")["all"],
            plain,
            0,
        )
        for control in controls:
            place = place * len(control["names"]) + control["start"]
        self.state = list(state(iter(frames[place])))
        entries = {str(number): entry for number, entry in enumerate(frames[place])}
        entries |= {key: c["names"][c["start"]] for key, c in zip("abc", controls)}
        self.sentence = re.sub(
            r"{(\w+)}", lambda found: _shown(entries[found[1]]), said
        )

    def _repr_html_(self):
        data = {"controls": self.controls, "said": self.said, "frames": self.frames}
        data = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace(
            "<", r"\u003c"
        )
        head, *rows = self.plain
        return "\n".join(
            [
                f'<div class="widget widget-{self.kind}" role="group" aria-label="{self.title}">',
                f'<p class="widget-title">{self.title}</p>',
                '<div class="widget-controls"></div>',
                '<table class="widget-state">',
                *self.state,
                "</table>",
                f'<p class="widget-said" role="status">{_safe(self.sentence)}</p>',
                f'<div class="widget-all" role="region" tabindex="0" aria-label="{self.all}">',
                f"<table><caption>{self.all}</caption>",
                _row(*(_th(name, "col") for name in head)),
                *(_row(_th(name), *map(_td, cells)) for name, *cells in rows),
                "</table></div>",
                f'<script type="application/json">{data}</script>',
                "</div>",
            ]
        )

    def __repr__(self):
        return "\n".join(
            [self.title, *(" | ".join(row) for row in self.plain), self.sentence]
        )


def lookup(embedding, encode, words=None, decimals=2):
    """Choose an index: the row that is looked up, its one-hot vector, and their product.

    ``embedding`` is a layer on the CPU with a ``weight`` (V, D); ``encode`` turns an index into a
    one-hot vector (V,). Both are run on every index from -1 to V, and what they raise for the two
    that are no rows is shown. ``words`` names the V rows.
    """
    _runs("embedding", embedding)
    _runs("encode", encode)
    table, text = getattr(embedding, "weight", None), labels("widgets")
    if not isinstance(table, torch.Tensor):
        raise TypeError(f"embedding is {embedding!r}; expected a layer with a weight")
    if table.device.type != "cpu":
        raise ValueError(
            f"embedding is on {table.device}, where an index out of range would end"
            " the process; pass a copy on the CPU, copy.deepcopy(embedding).cpu()"
        )
    _drawable("weight", _numbers("weight", table, (2,)))
    rows, columns = table.shape
    names = _names(words, rows)
    choices = {-1: "-1", **dict(enumerate(names)), rows: str(rows)}
    frames, plain = (
        [],
        [[text[key] for key in ("index", "one_hot", "looked_up", "multiplied")]],
    )
    for index, name in choices.items():
        row = _result("embedding", embedding, index, rows, columns)
        hot = _result("encode", encode, index, rows, rows)
        if isinstance(row, Exception) or isinstance(hot, Exception):
            frame = ["–"] * (rows + 2 * columns)
            said = text["refused"].format(
                index=index, lookup=_said(row), encode=_said(hot)
            )
            plain.append([name, _said(hot), _said(row), "–"])
        else:
            made = hot.to(table.dtype) @ table.detach()
            lists = [
                _fixed(hot.double(), 0),
                _fixed(row, decimals),
                _fixed(made, decimals),
            ]
            frame = [entry for entries in lists for entry in entries]
            said = text["equal" if torch.equal(row, made) else "different"]
            said = said.format(index=index, count=columns)
            plain.append([name, *map(" ".join, lists)])
        frames.append([*frame, said])

    def state(entries):
        yield _row(
            "<td></td>",
            _th(text["one_hot"], "col"),
            _th(text["rows"], "colgroup", columns),
        )
        for name, row in zip(names, table):
            digit = next(entries)
            yield _row(
                _th(name),
                _slot(digit, marks=True),
                *map(_td, _fixed(row, decimals)),
                on=digit == "1",
            )
        for name in (text["looked_up"], text["multiplied"]):
            yield _row(
                _th(name, span=2), *(_slot(next(entries)) for _ in range(columns))
            )

    control = {
        "kind": "choice",
        "label": text["index"],
        "names": list(choices.values()),
        "start": rows,
    }
    return Widget(
        "lookup", [control], frames, f"{{{rows + 2 * columns}}}", state, plain
    )


def gradients(gradient, words, batch, **options):
    """Choose a batch of indices, and which ``options`` are on: the gradient of each row.

    ``gradient(batch, **options)`` returns the gradient (V, 1) of a table whose rows ``words``
    names. It is run for every batch as long as ``batch``, which is shown first, whatever the order
    of its indices, and for every choice of options.
    """
    _runs("gradient", gradient)
    names, text, batch = _names(words), labels("widgets"), sorted(batch)
    if not 1 <= len(batch) <= 4 or not all(
        index in range(len(names)) for index in batch
    ):
        raise ValueError(
            f"batch is {batch}; expected 1 to 4 indices from 0 to {len(names) - 1}"
        )
    if len(names) > 5 or len(options) > 2:
        raise ValueError(
            f"there are {len(names)} words and {len(options)} options; more than 5"
            " and 2 make too many choices to compute beforehand"
        )
    batches = list(
        map(list, combinations_with_replacement(range(len(names)), len(batch)))
    )
    settings = [
        {name: options[name] for name, on in zip(options, switches) if on}
        for switches in product([False, True], repeat=len(options))
    ]
    frames, plain = [], [[text["row"], text["count"]]]
    plain += [[name, str(batch.count(row))] for row, name in enumerate(names)]
    for indices, chosen in product(batches, settings):
        result = _numbers("gradient(...)", gradient(list(indices), **chosen), (1, 2))
        if result.numel() != len(names):
            raise ValueError(
                f"gradient({indices}) has shape {tuple(result.shape)}; expected"
                f" ({len(names)}, 1), a number for each word"
            )
        result = [_rounded(number) for number in result.flatten().tolist()]
        frames.append(
            [
                entry
                for row, number in enumerate(result)
                for entry in (indices.count(row), number)
            ]
        )
        if indices == batch:
            label = ", ".join(f"{name}={value}" for name, value in chosen.items())
            for line, cell in zip(plain, [label or text["default"], *map(str, result)]):
                line.append(cell)

    def state(entries):
        yield _row(*(_th(text[key], "col") for key in ("row", "count", "gradient")))
        for name in names:
            count, number = next(entries), next(entries)
            bar = len(batch), len(batch)
            yield _row(
                _th(name), _slot(count), _slot(number, True, bar), on=number != 0
            )

    controls = [
        {
            "kind": "batch",
            "label": text["batch"],
            "place": text["place"],
            "rows": names,
            "names": [", ".join(map(str, indices)) for indices in batches],
            "start": batches.index(batch),
        }
    ]
    for name, value in options.items():
        controls.append({"kind": "check", "names": ["", f"{name}={value}"], "start": 0})
    said = text["and"].join(
        f"{name} {{{2 * row + 1}}}" for row, name in enumerate(words)
    )
    said = text["batch_said"].replace("{all}", said)
    return Widget("gradients", controls, frames, said, state, plain)


def cost(time, memory):
    """Choose a vocabulary size: the time and the memory that each method took there.

    ``time`` and ``memory`` map a method to ``{size: cost}``, in seconds and in bytes, as
    ``figures.cost`` takes them. Ratios are to the first method of each.
    """
    groups, text, scales, sizes = (
        {"time": time, "memory": memory},
        labels("widgets"),
        {},
        None,
    )
    for key, methods in groups.items():
        for label, points in _dict(key, methods).items():
            where = f"{key}[{label!r}]"
            sizes = sizes or sorted(_dict(where, points))
            if sorted(_dict(where, points)) != sizes:
                raise ValueError(
                    f"{where} has the sizes {sorted(points)}; expected {sizes}, those"
                    " of the first method"
                )
            if not all(0 < value < math.inf for value in points.values()):
                raise ValueError(
                    f"{where} is {points!r}; costs must be above 0, for the bars are logarithmic"
                )
        powers = [
            math.log10(value)
            for points in methods.values()
            for value in points.values()
        ]
        scales[key] = math.floor(min(powers)), math.floor(max(powers)) + 1

    def entries(size):
        for key, methods in groups.items():
            first, (low, high) = next(iter(methods.values())), scales[key]
            for points in methods.values():
                value = points[size]
                shown = (
                    _duration(value)
                    if key == "time"
                    else text["bytes"].format(bytes=f"{value:,}")
                )
                yield [shown, round(100 * (math.log10(value) - low) / (high - low))]
                ratio = _ratio(value / first[size]) if points is not first else "1"
                yield text["times"].format(ratio=ratio)

    def state(entries):
        for key, methods in groups.items():
            bar = 100, scales[key][1] - scales[key][0]
            yield _row(
                _th(text[key] + text["tick"], "col", 2), _th(text["ratio"], "col")
            )
            for label in methods:
                yield _row(
                    _th(label), _slot(next(entries), bar=bar), _slot(next(entries))
                )

    frames, said, number = [list(entries(size)) for size in sizes], text["size_said"], 0
    for key, methods in groups.items():
        values = [f"{label} {{{number + 2 * n}}}" for n, label in enumerate(methods)]
        said = said.replace(f"{{{key}}}", text["and"].join(values))
        number += 2 * len(values)
    plain = [
        [
            text["size"],
            *(f"{text[key]} {label}" for key in groups for label in groups[key]),
        ]
    ]
    plain += [
        [f"{size:,}", *map(_shown, frame[::2])] for size, frame in zip(sizes, frames)
    ]
    control = {
        "kind": "range",
        "label": text["size"],
        "names": [f"{size:,}" for size in sizes],
        "start": len(sizes) - 1,
    }
    return Widget("cost", [control], frames, said, state, plain)


def similarity(history, steps):
    """Choose a task and a step of its training: how alike the vectors of two words were by then.

    ``history`` maps a task to ``{pair of words: T cosines}``; ``steps`` (T,) says after how many.
    """
    text, curves, pairs = labels("widgets"), {}, None
    steps = _numbers("steps", steps, (1,)).tolist()
    for task, given in _dict("history", history).items():
        where = f"history[{task!r}]"
        pairs = pairs or list(_dict(where, given))
        if list(_dict(where, given)) != pairs:
            raise ValueError(
                f"{where} has {list(given)}; expected {pairs}, as the first task has"
            )
        for pair, values in given.items():
            values = _numbers(f"{where}[{pair!r}]", values, (1,))
            if len(values) != len(steps):
                raise ValueError(
                    f"{where}[{pair!r}] has {len(values)} values; expected"
                    f" {len(steps)}, one for each of steps"
                )
            if values.abs().max() > 1.001:
                raise ValueError(
                    f"{where}[{pair!r}] holds {values.abs().max():.4g}; a cosine lies"
                    " between -1 and 1"
                )
            curves[task, pair] = _fixed(values, 2)
    frames = [
        list(frame)
        for task in history
        for frame in zip(*(curves[task, p] for p in pairs))
    ]

    def state(entries):
        yield _row(*(_th(text[key], "col") for key in ("pair", "cosine")))
        for pair in pairs:
            yield _row(_th(pair), _slot(next(entries), bar=(1, 4)))

    names = [f"{step:g}" for step in steps]
    controls = [
        {"kind": "choice", "label": text["task"], "names": list(history), "start": 0},
        {"kind": "range", "label": text["step"], "names": names, "start": 0},
    ]
    said = text["and"].join(f"{pair} {{{number}}}" for number, pair in enumerate(pairs))
    plain = [[text["step"], *(f"{task} {pair}" for task, pair in curves)]]
    plain += [list(line) for line in zip(names, *curves.values())]
    said = text["step_said"].replace("{all}", said)
    return Widget("similarity", controls, frames, said, state, plain)


# --- what a widget is given ---


def _runs(name, value):
    if not callable(value):
        raise TypeError(f"{name} is {value!r}; expected a function or a layer")


def _dict(name, value):
    if not isinstance(value, dict) or not value:
        raise TypeError(f"{name} is {value!r}; expected a dict that is not empty")
    return value


def _names(words, rows=None):
    if words is None and rows:
        return [str(row) for row in range(rows)]
    if isinstance(words, str) or not words or len(words) != (rows or len(words)):
        wanted = f"{rows} words" if rows else "words"
        raise ValueError(
            f"words is {words!r}; expected a list of {wanted}, one for each row"
        )
    return [f"{row} {word}" for row, word in enumerate(words)]


def _result(name, run, index, rows, size):
    """The ``size`` numbers that ``run`` makes of an index, or what it raises for one of no row."""
    try:
        result = run(torch.tensor(index)).detach()
    except (IndexError, RuntimeError, ValueError) as error:
        if 0 <= index < rows:
            raise
        return error
    if result.shape != (size,):
        raise ValueError(
            f"{name}({index}) has shape {tuple(result.shape)}; expected ({size},)"
        )
    return result


# --- how it is shown ---


def _said(result):
    return (
        f"{type(result).__name__}: {result}" if isinstance(result, Exception) else "–"
    )


def _fixed(values, decimals):
    # Adding 0 turns -0.0 into 0.0.
    return [f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values.tolist()]


def _rounded(number):
    number = round(number, 2)
    return int(number) if number == int(number) else number


def _duration(seconds):
    seconds = float(f"{seconds:.1e}")  # two digits count; and 999.6 µs are 1 ms
    power = min(0, max(-3, math.floor(math.log10(seconds) / 3)))
    return f"{_ratio(seconds / 1000.0**power)} {('s', 'ms', 'µs', 'ns')[-power]}"


def _shown(entry):
    return str(entry[0] if isinstance(entry, list) else entry)


def _safe(text):
    return html.escape(str(text), quote=False)


def _th(text, scope="row", span=1):
    span = f' colspan="{span}"' if span > 1 else ""
    return f'<th scope="{scope}"{span}>{_safe(text)}</th>'


def _td(text):
    return f"<td>{_safe(text)}</td>"


def _row(*cells, on=False):
    mark = ' class="on"' if on else ""
    return f"<tr{mark}>{''.join(cells)}</tr>"


def _slot(entry, marks=False, bar=None):
    """A cell whose entry the script replaces; it ``marks`` its row unless the entry is zero.

    ``bar`` is the number at which its bar is full, and into how many parts that is divided.
    """
    slot = f"data-slot{'=marks' * marks}>{_safe(_shown(entry))}"
    if bar is None:
        return f"<td {slot}</td>"
    size = entry[1] if isinstance(entry, list) else entry
    style = f"--size:{size};--full:{bar[0]};--parts:{bar[1]}"
    return f'<td><div class="widget-bar" style="{style}"><span {slot}</span></div></td>'
