"""Interactive figures: every number in them is torch.nn's, in both languages."""

import json
import math
import re
from itertools import product
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from torch import nn
from torch.nn import functional as F

from embedlinear import WordVectors
from embedlinear.book import use_language, widgets
from tests.notebooks.rules.parity import FACTS
from tools.execute import LIVE

STATIC = Path(widgets.__file__).parent / "static"
WORDS = ["优", "良", "差"]
SIZES = [100, 1_000, 30_000]
TIME = {
    "a": {100: 4.21e-6, 1_000: 4.3e-6, 30_000: 5e-6},
    "b": {100: 9.999e-4, 1_000: 0.012, 30_000: 1.24},
}
MEMORY = {"c": dict.fromkeys(SIZES, 1024), "d": {size: 512 * size for size in SIZES}}
HISTORY = {
    "first": {"优·良": [-0.001, 0.125, 0.9], "优·差": [0.2, -0.3, -1.0]},
    "second": {"优·良": [0.1, 0.2, 0.3], "优·差": [0.4, 0.5, 0.6]},
}


def encode(index):
    return F.one_hot(index, num_classes=3)


def layer():
    torch.manual_seed(1)
    return nn.Embedding(3, 5)


def gradient(batch, **options):
    table = nn.Embedding(4, 1, **options)
    table(torch.tensor(batch)).sum().backward()
    return table.weight.grad


OPTIONS = {"padding_idx": 0, "scale_grad_by_freq": True}
PADDED = ["<pad>", *WORDS]
PLANE = [[1.0, 0.5], [-0.5, 1.5]], [1.5, -1.0]
NAMED = WordVectors(
    list("abcde"), torch.tensor([[1.0, 0], [2, 1], [0, 1], [-1, 0], [9, 4.5]])
)
FLAT = {"plane": torch.eye(2)}


MAKE = {
    "lookup": lambda: widgets.lookup(layer(), encode, WORDS),
    "gradients": lambda: widgets.gradients(gradient, PADDED, [0, 1, 1, 3], **OPTIONS),
    "cost": lambda: widgets.cost(TIME, MEMORY),
    "similarity": lambda: widgets.similarity(HISTORY, [0, 20, 300]),
    "plane": lambda: widgets.plane(*PLANE),
    "word_map": lambda: widgets.word_map(
        NAMED, NAMED.words, FLAT, {"plane": [("a", "b")]}
    ),
}


def stored(widget):
    """What tools.execute stores of a widget: everything except its script and style."""
    html, live = widget._repr_html_().split(LIVE)
    for kind in ("js", "css"):
        assert (STATIC / f"widgets.{kind}").read_text("utf-8") in live
    return html


def parts(widget):
    """The page's own reading of a widget: its soup and its data."""
    soup = BeautifulSoup(stored(widget), "html.parser")
    return soup, json.loads(soup.script.string)


def frame(data, *places):
    """What the script shows for these choices, by the same rule."""
    index = 0
    for control, place in zip(data["controls"], places, strict=True):
        index = index * len(control["names"]) + place
    return data["frames"][index]


def texts(entries):
    return [str(entry[0] if isinstance(entry, list) else entry) for entry in entries]


@pytest.mark.parametrize("kind", MAKE)
def test_every_widget(kind):
    """Its first state is in page and data; a table holds all; languages agree."""
    numbers, words = {}, {}
    for language in ("zh", "en"):
        use_language(language)
        widget = MAKE[kind]()
        soup, data = parts(widget)
        controls = data["controls"]
        assert len(stored(widget).encode()) < 8500
        first = texts(frame(data, *(control["start"] for control in controls)))
        slots = [slot.get_text() for slot in soup.select("[data-slot]")]
        assert slots == first[: len(slots)]
        sizes = [len(control["names"]) for control in controls]
        assert len(data["frames"]) == math.prod(sizes)
        assert len({len(entries) for entries in data["frames"]}) == 1
        for slot in soup.select("[data-slot=marks]"):
            marked = "on" in slot.find_parent("tr").get("class", [])
            assert marked == (float(slot.get_text()) != 0)
        said = soup.select_one("[role=status]").get_text()
        assert said and "{" not in said
        # Without the script: no dead control, and all numbers in a table that can be
        # opened, as in a terminal.
        assert not soup.select("input, select, button")
        table = soup.select_one(".widget-all") or soup.select_one(".widget-state")
        rows = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
        assert len({*map(len, rows)}) == 1
        assert {*map(" | ".join, rows)} <= {*repr(widget).split("\n")}
        both = soup.get_text(" "), soup.script.string
        numbers[language] = [FACTS.findall(text) for text in both]
        named = [control["label"] for control in controls if "label" in control]
        words[language] = {soup.select_one(".widget-title").get_text(), *named}
    assert numbers["zh"] == numbers["en"] and not words["zh"] & words["en"]


def test_lookup_holds_the_rows_the_products_and_the_real_errors():
    table = layer()
    soup, data = parts(widgets.lookup(table, encode, WORDS))
    assert data["controls"][0]["names"] == ["-1", "0 优", "1 良", "2 差", "3"]
    rows = [[f"{x:.2f}" for x in row] for row in table.weight.tolist()]
    for index in range(3):
        *entries, said = frame(data, index + 1)
        hot = [str(digit) for digit in encode(torch.tensor(index)).tolist()]
        assert entries[:3] == hot
        assert entries[3:8] == entries[-5:] == rows[index]
        for row in range(3):  # 0 · row 0 + 0 · row 1 + 1 · row 2
            digit, *term = entries[8 + 6 * row :][:6]
            assert digit == hot[row]
            assert term == (rows[row] if row == index else ["0.00"] * 5)
        assert f"row {index}" in said and "the same 5 numbers" in said
    shown = soup.select(".widget-state tr")[1:4]
    assert [[cell.get_text() for cell in row("td")[1:]] for row in shown] == rows
    for index in (-1, 3):
        *entries, said = frame(data, index + 1)
        assert {*entries} == {"–"}
        for run, name in ((table, "IndexError"), (encode, "RuntimeError")):
            with pytest.raises((IndexError, RuntimeError)) as raised:
                run(torch.tensor(index))
            assert f"{name}: {raised.value}" in said
    _, data = parts(widgets.lookup(layer(), lambda index: encode(index) * 2))
    assert "different numbers" in frame(data, 1)[-1]


def test_gradients_are_torchs_for_every_batch_and_option():
    soup, data = parts(MAKE["gradients"]())
    batches = data["controls"][0]["names"]
    assert len(batches) == 35
    for (place, batch), pad, scale in product(enumerate(batches), (0, 1), (0, 1)):
        indices = torch.tensor([int(index) for index in batch.split(", ")])
        options = {"padding_idx": 0} if pad else {}
        wanted = gradient(indices.tolist(), scale_grad_by_freq=bool(scale), **options)
        entries = torch.tensor(frame(data, place, pad, scale)).float()
        assert torch.equal(entries[0::2], torch.bincount(indices, minlength=4).float())
        assert torch.allclose(entries[1::2], wanted[:, 0])
    said = soup.select_one("[role=status]").get_text()
    for part in ("0, 1, 1, 3", "<pad> 1", "优 2", "良 0", "差 1"):
        assert part in said


def test_cost_holds_the_measured_times_and_exact_bytes():
    soup, data = parts(MAKE["cost"]())
    assert [" ".join(texts(entries)) for entries in data["frames"]] == [
        "4.2 µs 1× 1.0 ms 240× 1,024 bytes 1× 51,200 bytes 50×",
        "4.3 µs 1× 12 ms 2,800× 1,024 bytes 1× 512,000 bytes 500×",
        "5.0 µs 1× 1.2 s 250,000× 1,024 bytes 1× 15,360,000 bytes 15,000×",
    ]
    # The time axis runs from 1 µs in seven decades, the memory's from 1 kB in five.
    bars = [entry[1] for entry in data["frames"][0] if isinstance(entry, list)]
    assert bars == [9, 43, 0, 34]
    drawn = [
        re.search(r"--parts:(\d)", b["style"])[1] for b in soup(class_="widget-bar")
    ]
    assert drawn == ["7", "7", "5", "5"]


def test_similarity_holds_the_given_history():
    _, data = parts(MAKE["similarity"]())
    for task, curves in enumerate(HISTORY.values()):
        for step, want in enumerate(zip(*curves.values())):
            found = [float(cosine) for cosine in frame(data, task, step)]
            assert found == pytest.approx(want, abs=0.00501)
    assert frame(data, 0, 0) == ["0.00", "0.20"]  # and not -0.00


def test_plane_holds_where_linear_sends_the_points():
    _, data = parts(MAKE["plane"]())
    weight, bias = map(torch.tensor, PLANE)
    sent = F.linear(torch.tensor([[1.0, 0], [0, 1], [0, 0]]), weight, bias)
    *points, area = data["frames"][0]
    assert points == [f"({x:.2f}, {y:.2f})" for x, y in sent.tolist()]
    assert area == f"{abs(torch.linalg.det(weight)):.2f}"


def test_word_map_puts_words_where_linear_does_and_knows_the_nearest():
    _, data = parts(MAKE["word_map"]())
    digits = data["planes"]["plane"]
    drawn = torch.tensor([int(digits[n : n + 3]) for n in range(0, 30, 3)]).view(5, 2)
    given = NAMED.matrix - NAMED.matrix.amin(dim=0)
    assert torch.allclose((drawn - drawn.amin(dim=0)) / 99.8, given, atol=0.011)
    near = [int(data["near"][n : n + 2], 36) for n in range(0, 30, 2)]
    for row, others in enumerate(torch.tensor(near).view(5, 3)):
        cosines = F.cosine_similarity(NAMED.matrix[row], NAMED.matrix, dim=1)
        cosines[row] = -2
        best = cosines.topk(3).values
        assert torch.allclose(cosines[others], best)


def test_what_would_be_shown_wrong_is_refused():
    with pytest.raises(RuntimeError):  # not an error to show: these indices have rows
        widgets.lookup(layer(), lambda index: F.one_hot(index, 2))
    with pytest.raises(ValueError, match="1,297 words; at most 1,296"):
        widgets.word_map(NAMED, ["a"] * 1297, FLAT, {})


def test_markup_in_words_is_text():
    words = ["</script>", "<b>&amp;"]
    soup, _ = parts(widgets.gradients(lambda batch: [0, 1], words, [0, 1]))
    assert len(soup.select("script")) == 1 and not soup.b
    assert "1 <b>&amp;" in soup.get_text()
