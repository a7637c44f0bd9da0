"""Interactive figures: readers operate them on the site and in a notebook they run.

Each function takes or computes a cell's results, and returns a Widget with all the
numbers. The script (static/widgets.js) shows those that a reader chooses; it calculates
only where a dragged plane goes. Where no script runs they are tables.
"""

import json
import math
import re
from importlib.resources import files
from itertools import combinations_with_replacement, product

import jinja2
import numpy as np
import torch

from embedlinear.book import values
from embedlinear.book.language import labels
from embedlinear.book.values import numbers, row_names

_ON_THE_MAP = "plane_of", "find", "near", "absent", "in", "out"
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("embedlinear.book", "data"),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.globals["next"] = next  # slots take the entries of a frame in order


class Widget:
    """The output of a cell: complete HTML, and the data for the script.

    The HTML has a table in its first state (data/widget-KIND.html), a sentence that
    says the same, and a table of all numbers. ``controls`` are the reader's choices;
    ``frames`` has the entries of the first table for every combination of choices, the
    last control's changing fastest; ``script`` goes to the script as it is, and
    ``shown`` to the template.
    """

    def __init__(self, kind, controls, frames, said, plain, script=None, **shown):
        text, place = labels("widgets"), 0
        for control in controls:
            place = place * len(control["names"]) + control["start"]
        entries = {str(number): entry for number, entry in enumerate(frames[place])}
        entries |= {key: c["names"][c["start"]] for key, c in zip("abc", controls)}
        self.title, self.plain, self.many = text[kind], plain, len(frames) > 1
        self.sentence = re.sub(r"{(\w+)}", lambda key: _text(entries[key[1]]), said)
        self.shown = shown | {"kind": kind, "text": text, "frame": frames[place]}
        self.data = {"controls": controls, "said": said, "frames": frames}
        self.data |= script or {}

    def _repr_html_(self):
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        static = files(__package__) / "static"
        return _TEMPLATES.get_template("widget.html").render(
            vars(self) | self.shown,
            entries=iter(self.shown["frame"]),
            data=data.replace("<", r"\u003c"),
            # The site provides these itself, so tools.execute does not store them.
            css=(static / "widgets.css").read_text("utf-8"),
            js=(static / "widgets.js").read_text("utf-8"),
        )

    def __repr__(self):
        rows = (" | ".join(row) for row in self.plain)
        return "\n".join([self.title, *rows, self.sentence])


def lookup(embedding, encode, words=None):
    """Choose an index: the row that it looks up, its one-hot vector, and the product.

    ``embedding`` is a layer on the CPU with a ``weight`` (V, D); ``encode`` turns an
    index into a one-hot vector (V,). Both are run on every index from -1 to V; for the
    two that are not rows, their errors are shown. ``words`` names the V rows.
    """
    table, text = embedding.weight.detach(), labels("widgets")
    rows, columns = values.small_table("weight", table).shape
    count = rows + 2 * columns + rows * (1 + columns)
    choices = {-1: "-1", **dict(enumerate(row_names(words, rows))), rows: str(rows)}
    head = [text[key] for key in ("index", "one_hot", "looked_up", "multiplied")]
    frames, plain = [], [head]
    for index, name in choices.items():
        row, hot = (_result(run, index, rows) for run in (embedding, encode))
        if isinstance(row, str) or isinstance(hot, str):
            said = text["refused"].format(index=index, lookup=row, encode=hot)
            frames.append(["–"] * count + [said])
            plain.append([name, hot, row, "–"])
            continue
        terms = hot.to(table.dtype)[:, None] * table
        made = hot.to(table.dtype) @ table
        lists = _fixed(hot.double(), 0), _fixed(row), _fixed(made)
        said = text["equal" if torch.equal(row, made) else "different"]
        summed = [
            entry
            for digit, term in zip(lists[0], terms)
            for entry in (digit, *_fixed(term))
        ]
        said = said.format(index=index, count=columns)
        frames.append([*lists[0], *lists[1], *summed, *lists[2], said])
        plain.append([name, *map(" ".join, lists)])
    shown = {
        "rows": list(map(_fixed, table)),
        "names": list(choices.values())[1:],
        "places": [str(row).translate(_SUBSCRIPTS) for row in range(rows)],
    }
    control = _control("choice", text["index"], list(choices.values()), rows)
    return Widget("lookup", [control], frames, f"{{{count}}}", plain, **shown)


def gradients(gradient, words, batch, **options):
    """Choose a batch of indices, and the ``options``: the gradient of each row.

    ``gradient(batch, **options)`` returns the gradient (V, 1) of a table whose rows
    ``words`` names. It is run for every batch as long as ``batch``, which is shown
    first, whatever the order of its indices, and for every choice of options.
    """
    names, text, batch = row_names(words, len(words)), labels("widgets"), sorted(batch)
    batches = combinations_with_replacement(range(len(names)), len(batch))
    batches = list(map(list, batches))
    settings = [
        {name: options[name] for name, on in zip(options, switches) if on}
        for switches in product([False, True], repeat=len(options))
    ]
    frames, plain = [], [[text["row"], text["count"]]]
    plain += [[name, str(batch.count(row))] for row, name in enumerate(names)]
    for indices, chosen in product(batches, settings):
        result = numbers(gradient(list(indices), **chosen)).flatten().tolist()
        result = [_rounded(number) for number in result]
        pairs = [(indices.count(row), number) for row, number in enumerate(result)]
        frames.append([entry for pair in pairs for entry in pair])
        if indices == batch:
            label = ", ".join(f"{name}={value}" for name, value in chosen.items())
            for line, cell in zip(plain, [label or text["default"], *map(str, result)]):
                line.append(cell)
    shown = [", ".join(map(str, indices)) for indices in batches]
    place = {"place": text["place"], "rows": names}
    controls = [_control("batch", text["batch"], shown, batches.index(batch), **place)]
    for name, value in options.items():
        controls.append({"kind": "check", "names": ["", f"{name}={value}"], "start": 0})
    said = _sentence(text["batch_said"], all=(words, 1, 2))
    shown = {"names": names, "size": len(batch)}
    return Widget("gradients", controls, frames, said, plain, **shown)


def cost(time, memory):
    """Choose a vocabulary size: the time and the memory that each method took there.

    ``time`` and ``memory`` map a method to ``{size: cost}``, in seconds and in bytes,
    with the same sizes. Ratios are to the first method of each.
    """
    groups, text = {"time": time, "memory": memory}, labels("widgets")
    (first, *_), scales = time.values(), {}
    sizes = sorted(first)
    for key, methods in groups.items():
        powers = [math.log10(x) for points in methods.values() for x in points.values()]
        scales[key] = math.floor(min(powers)), math.floor(max(powers)) + 1

    def entries(size):
        for key, methods in groups.items():
            (first, *_), (low, high) = methods.values(), scales[key]
            for points in methods.values():
                value = points[size]
                shown = text["bytes"].format(bytes=f"{value:,}")
                shown = values.duration(value) if key == "time" else shown
                yield [shown, round(100 * (math.log10(value) - low) / (high - low))]
                ratio = values.two_digits(value / first[size])
                ratio = "1" if points is first else ratio
                yield text["times"].format(ratio=ratio)

    frames = [list(entries(size)) for size in sizes]
    labelled = [f"{text[key]} {label}" for key in groups for label in groups[key]]
    names, plain = [f"{size:,}" for size in sizes], [[text["size"], *labelled]]
    plain += [[name, *map(_text, frame[::2])] for name, frame in zip(names, frames)]
    lists = {"time": (time, 0, 2), "memory": (memory, 2 * len(time), 2)}
    said = _sentence(text["size_said"], **lists)
    control = _control("range", text["size"], names, len(sizes) - 1)
    decades = {key: high - low for key, (low, high) in scales.items()}
    shown = {"groups": groups, "decades": decades}
    return Widget("cost", [control], frames, said, plain, **shown)


def similarity(history, steps):
    """Choose a task and a step of its training: how similar the vectors were then.

    ``history`` maps a task to ``{pair of words: T cosines}``, with the same pairs for
    every task; ``steps`` (T,) says after how many.
    """
    text, (first, *_) = labels("widgets"), history.values()
    pairs = list(first)
    frames, columns = [], []
    for given in history.values():
        curves = [_fixed(numbers(given[pair])) for pair in pairs]
        frames += map(list, zip(*curves))
        columns += curves
    names = [f"{step:g}" for step in steps]
    controls = [
        _control("choice", text["task"], list(history), 0),
        _control("range", text["step"], names, 0),
    ]
    plain = [[text["step"], *(f"{task} {pair}" for task in history for pair in pairs)]]
    plain += map(list, zip(names, *columns))
    said = _sentence(text["step_said"], all=(pairs, 0, 1))
    return Widget("similarity", controls, frames, said, plain, pairs=pairs)


def plane(weight, bias):
    """The plane under Linear(2, 2), whose columns and bias readers can drag.

    ``weight`` is (2, 2), ``bias`` (2,). The entries are where e₁, e₂ and the origin go,
    and the area of the unit square's image.
    """
    text, weight, bias = labels("widgets"), numbers(weight), numbers(bias)
    places = [*(weight.T + bias), bias]
    entries = [f"({', '.join(_fixed(place))})" for place in places]
    entries += _fixed(torch.linalg.det(weight).abs()[None])
    names = ["e₁ (1, 0)", "e₂ (0, 1)", text["origin"] + " (0, 0)", text["area"]]
    plain = [["x", "x @ W.T + b"], *map(list, zip(names, entries))]
    script, said = {"plane": [weight.tolist(), bias.tolist()]}, text["plane_said"]
    return Widget("plane", [], [entries], said, plain, script, names=names)


def word_map(vectors, words, planes, arrows):
    """A map to search and zoom: ``words`` of ``vectors`` on planes, with their nearest words.

    ``vectors`` is a WordVectors, ``planes`` maps a name to the (2, D) weight of a
    Linear that puts a word at a point; ``arrows`` maps it to pairs of words. Nearest,
    by cosine, are three of ``words``, of which there are at most 1,296.
    """
    if len(words) > 36**2:
        raise ValueError(f"there are {len(words):,} words; at most 1,296 are drawn")
    text = labels("widgets")
    rows = torch.stack([vectors[word] for word in words]).double()
    unit = rows / rows.norm(dim=1, keepdim=True)
    cosines = (unit @ unit.T).fill_diagonal_(-2)
    near = cosines.topk(3).indices.tolist()
    drawn = {}
    for name, weight in planes.items():
        points = rows @ weight.double().T
        low, high = points.amin(dim=0), points.amax(dim=0)
        points = 500 + 998 * (points - (low + high) / 2) / (high - low).max()
        drawn[name] = "".join(f"{round(x):03}" for x in points.flatten().tolist())
    pairs = (pair for pairs in arrows.values() for pair in pairs)
    shown = dict.fromkeys(word for pair in pairs for word in pair)
    nearest = {word: near[words.index(word)] for word in shown}
    plain = [[text["word"], text["nearest"]]]
    plain += [[w, ", ".join(words[n] for n in rows)] for w, rows in nearest.items()]
    script = {
        "words": " ".join(words),
        "planes": drawn,
        "arrows": arrows,
        "near": "".join(
            np.base_repr(n, 36).zfill(2) for row in near for n in row
        ).lower(),
        "text": {key: text[key] for key in _ON_THE_MAP},
    }
    said = text["map_said"].format(count=f"{len(words):,}")
    return Widget("word_map", [], [[]], said, plain, script)


# --- what is shown ---


def _result(run, index, rows):
    # The result of ``run`` for an index, or the text of its error if it has no row.
    try:
        return run(torch.tensor(index)).detach()
    except (IndexError, RuntimeError, ValueError) as error:
        if 0 <= index < rows:
            raise
        return f"{type(error).__name__}: {error}"


def _sentence(said, **lists):
    # Each list is (names, place of the first one's entry, entries per name).
    for key, (names, first, step) in lists.items():
        parts = (f"{name} {{{first + step * n}}}" for n, name in enumerate(names))
        said = said.replace(f"{{{key}}}", labels("widgets")["and"].join(parts))
    return said


def _fixed(values, decimals=2):
    # Adding 0 turns -0.0 into 0.0.
    return [f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values.tolist()]


def _rounded(number):
    number = round(number, 2)
    return int(number) if number == int(number) else number


def _control(kind, label, names, start, **more):
    return {"kind": kind, "label": label, **more, "names": names, "start": start}


def _text(entry):
    return str(entry[0] if isinstance(entry, list) else entry)
