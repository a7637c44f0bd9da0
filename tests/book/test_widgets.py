"""Interactive figures: every number in them is torch.nn's, in both languages, and none is lost."""

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

from embedlinear import one_hot
from embedlinear.book import use_language, widgets
from embedlinear.book.language import current_language
from tests.notebooks.rules.parity import FACTS

BOOK = Path(__file__).parents[2] / "book"
WORDS = ["优", "良", "差"]
SIZES = [100, 1_000, 30_000]
TIME = {
    "a": {100: 4.21e-6, 1_000: 4.3e-6, 30_000: 5e-6},
    "b": {100: 9.999e-4, 1_000: 0.012, 30_000: 1.24},
}
MEMORY = {"c": dict.fromkeys(SIZES, 1024), "d": {size: 512 * size for size in SIZES}}
STEPS = [0, 20, 300]
HISTORY = {
    "first": {"优·良": [-0.001, 0.125, 0.9], "优·差": [0.2, -0.3, -1.0]},
    "second": {"优·良": [0.1, 0.2, 0.3], "优·差": [0.4, 0.5, 0.6]},
}


@pytest.fixture(autouse=True)
def any_language():
    before = current_language()
    yield
    use_language(before)


def encode(index):
    return F.one_hot(index, num_classes=3)


def layer():
    torch.manual_seed(1)
    return nn.Embedding(3, 5)


def gradient(batch, **options):
    table = nn.Embedding(4, 1, **options)
    table(torch.tensor(batch)).sum().backward()
    return table.weight.grad


MAKE = {
    "lookup": lambda: widgets.lookup(layer(), encode, WORDS),
    "gradients": lambda: widgets.gradients(
        gradient,
        ["<pad>", *WORDS],
        [0, 1, 1, 3],
        padding_idx=0,
        scale_grad_by_freq=True,
    ),
    "cost": lambda: widgets.cost(TIME, MEMORY),
    "similarity": lambda: widgets.similarity(HISTORY, STEPS),
}
every_kind = pytest.mark.parametrize("kind", MAKE)


def parts(widget):
    """The page's own reading of a widget: its soup and its data."""
    soup = BeautifulSoup(widget._repr_html_(), "html.parser")
    return soup, json.loads(soup.script.string)


def frame(data, *places):
    """What the script shows for these choices, by the same rule."""
    index = 0
    for control, place in zip(data["controls"], places, strict=True):
        index = index * len(control["names"]) + place
    return data["frames"][index]


@every_kind
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_state_is_in_the_page_and_in_the_data(kind, language):
    use_language(language)
    soup, data = parts(MAKE[kind]())
    first = [
        entry[0] if isinstance(entry, list) else entry
        for entry in frame(data, *(control["start"] for control in data["controls"]))
    ]
    slots = [slot.get_text() for slot in soup.select("[data-slot]")]
    assert slots == [str(entry) for entry in first][: len(slots)]
    assert len(data["frames"]) == math.prod(
        len(control["names"]) for control in data["controls"]
    )
    assert len({len(entries) for entries in data["frames"]}) == 1
    said = soup.select_one("[role=status]").get_text()
    assert said and "{" not in said
    for slot in soup.select("[data-slot=marks]"):
        assert ("on" in slot.find_parent("tr").get("class", [])) == (
            float(slot.get_text()) != 0
        )


@every_kind
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_can_be_read_without_a_script(kind, language):
    use_language(language)
    widget = MAKE[kind]()
    soup, _ = parts(widget)
    assert not soup.select(
        "input, select, button"
    )  # a dead control would be worse than none
    everything = soup.select_one(".widget-all")
    rows = [
        [cell.get_text() for cell in row.select("th, td")]
        for row in everything.select("tr")
    ]
    assert len({len(row) for row in rows}) == 1 and everything.caption.get_text()
    for row in rows:
        assert " | ".join(row) in repr(widget).split(
            "\n"
        )  # for a terminal, and for paper
    assert all(row.th for row in everything.select("tr"))


@every_kind
def test_both_languages_have_the_same_numbers_and_other_words(kind):
    pages = {}
    for language in ("zh", "en"):
        use_language(language)
        soup, data = parts(MAKE[kind]())
        facts = [
            FACTS.findall(text) for text in (soup.get_text(" "), soup.script.string)
        ]
        words = {
            soup.select_one(".widget-title").get_text(),
            data["said"],
            *(control.get("label") for control in data["controls"]),
        } - {None}
        pages[language] = facts, words
    assert pages["zh"][0] == pages["en"][0]
    # `{13}` is no word: the sentence of lookup comes whole from the frame.
    assert {
        w for w in pages["zh"][1] & pages["en"][1] if not re.fullmatch(r"{\d+}", w)
    } == set()


def test_lookup_holds_the_rows_the_products_and_the_real_errors():
    use_language("en")
    table = layer()
    soup, data = parts(widgets.lookup(table, encode, WORDS, decimals=4))
    assert data["controls"][0]["names"] == ["-1", "0 优", "1 良", "2 差", "3"]
    weight = table.weight.detach()
    for index in range(3):
        *entries, said = frame(data, index + 1)
        hot, found, made = entries[:3], entries[3:8], entries[8:]
        assert [int(digit) for digit in hot] == one_hot(torch.tensor(index), 3).tolist()
        assert (
            found == made == [f"{x:.4f}" for x in table(torch.tensor(index)).tolist()]
        )
        assert f"row {index}" in said and "the same 5 numbers" in said
    shown = [
        [float(cell.get_text()) for cell in row.select("td")[1:]]
        for row in soup.select(".widget-state tr")[1:4]
    ]
    assert torch.allclose(torch.tensor(shown), weight, atol=5.1e-5)
    for index in (-1, 3):
        *entries, said = frame(data, index + 1)
        assert set(entries) == {"–"}
        for run, name in ((table, "IndexError"), (encode, "RuntimeError")):
            with pytest.raises((IndexError, RuntimeError)) as raised:
                run(torch.tensor(index))
            assert f"{name}: {raised.value}" in said


def test_lookup_says_when_the_two_ways_differ():
    use_language("en")
    _, data = parts(widgets.lookup(layer(), lambda index: encode(index) * 2))
    assert "other numbers" in frame(data, 1)[-1]
    assert frame(data, 1)[3:8] != frame(data, 1)[8:13]


def test_gradients_are_torch_s_for_every_batch_and_option():
    soup, data = parts(MAKE["gradients"]())
    batches = data["controls"][0]["names"]
    assert len(batches) == 35 and data["controls"][0]["start"] == batches.index(
        "0, 1, 1, 3"
    )
    for (place, batch), pad, scale in product(enumerate(batches), (0, 1), (0, 1)):
        indices = torch.tensor([int(index) for index in batch.split(", ")])
        counts = torch.bincount(indices, minlength=4)
        want = counts.float()
        if scale:
            want = want.clamp(max=1)
        if pad:
            want[0] = 0
        options = {"padding_idx": 0} if pad else {}
        table = nn.Embedding(4, 1, scale_grad_by_freq=bool(scale), **options)
        table(indices).sum().backward()
        entries = torch.tensor(frame(data, place, pad, scale)).float()
        assert torch.equal(entries[0::2], counts.float())
        assert torch.equal(entries[1::2], want)
        assert torch.allclose(entries[1::2], table.weight.grad[:, 0])
    said = soup.select_one("[role=status]").get_text()
    assert all(
        part in said for part in ("0, 1, 1, 3", "<pad> 1", "优 2", "良 0", "差 1")
    )
    assert len(soup.script.string.encode()) < 4096


def test_cost_holds_the_measured_times_and_exact_bytes():
    use_language("en")
    soup, data = parts(MAKE["cost"]())
    shown = [
        [entry[0] if isinstance(entry, list) else entry for entry in entries]
        for entries in data["frames"]
    ]
    assert shown == [
        ["4.2 µs", "1×", "1.0 ms", "240×", "1,024 bytes", "1×", "51,200 bytes", "50×"],
        [
            "4.3 µs",
            "1×",
            "12 ms",
            "2,800×",
            "1,024 bytes",
            "1×",
            "512,000 bytes",
            "500×",
        ],
        [
            "5.0 µs",
            "1×",
            "1.2 s",
            "250,000×",
            "1,024 bytes",
            "1×",
            "15,360,000 bytes",
            "15,000×",
        ],
    ]
    # The time axis runs from 1 µs to 10 s, in seven decades; the memory axis from 1 kB to 100 MB.
    bars = [
        [entry[1] for entry in entries if isinstance(entry, list)]
        for entries in data["frames"]
    ]
    for size, (a, b, c, d) in zip(SIZES, bars):
        for bar, value, low, decades in (
            (a, TIME["a"][size], -6, 7),
            (b, TIME["b"][size], -6, 7),
            (c, 1024, 3, 5),
            (d, 512 * size, 3, 5),
        ):
            assert bar == pytest.approx(
                100 * (math.log10(value) - low) / decades, abs=0.5
            )
    assert [
        re.search(r"--parts:(\d+)", bar["style"])[1]
        for bar in soup.select(".widget-bar")
    ] == [
        "7",
        "7",
        "5",
        "5",
    ]


def test_similarity_holds_the_given_history():
    _, data = parts(MAKE["similarity"]())
    for task, curves in enumerate(HISTORY.values()):
        for step in range(3):
            want = [values[step] for values in curves.values()]
            assert [float(x) for x in frame(data, task, step)] == pytest.approx(
                want, abs=0.00501
            )
    assert frame(data, 0, 0) == ["0.00", "0.20"]  # and not -0.00
    assert data["controls"][1]["names"] == ["0", "20", "300"]


def test_any_kind_of_numbers():
    tensors = {
        "a": {"p": torch.tensor([0.5, 1.0], dtype=torch.bfloat16, requires_grad=True)}
    }
    assert parts(widgets.similarity(tensors, torch.tensor([0, 5])))[1]["frames"] == [
        ["0.50"],
        ["1.00"],
    ]
    half = nn.Embedding(2, 1, dtype=torch.float64)
    widgets.lookup(half, lambda index: one_hot(index, 2))
    widgets.gradients(lambda batch: [1.0, 0.5], ["a", "b"], [0])
    widgets.cost({"only": {10: 2}}, {"only": {10: 1}})


def test_markup_in_words_is_text():
    soup, _ = parts(
        widgets.gradients(lambda batch: [0, 1], ["</script>", "<b>&amp;"], [0, 1])
    )
    assert len(soup.select("script")) == 1 and not soup.b
    assert "1 <b>&amp;" in soup.get_text()


@pytest.mark.parametrize(
    "kind, page",
    [
        ("lookup", "embedding-vs-linear"),
        ("gradients", "embedding-how"),
        ("cost", "embedding-vs-linear"),
        ("similarity", "embedding-what"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_book_shows_it_and_it_is_small(kind, page, language):
    notebook = json.loads(
        (BOOK / language / f"{page}.ipynb").read_text(encoding="utf-8")
    )
    pages = [
        "".join(output["data"]["text/html"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    [shown] = [html for html in pages if f"widget-{kind}" in html]
    assert len(shown.encode()) < 6500
    data = json.loads(BeautifulSoup(shown, "html.parser").script.string)
    assert (
        len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) < 4096
    )


ON_GPU = nn.Embedding(3, 5, device="meta")
BAD = [
    (
        lambda: widgets.lookup(3, encode),
        TypeError,
        "embedding is 3; expected a function or a layer",
    ),
    (lambda: widgets.lookup(layer(), None), TypeError, "encode is None"),
    (
        lambda: widgets.lookup(encode, encode),
        TypeError,
        "expected a layer with a weight",
    ),
    (
        lambda: widgets.lookup(ON_GPU, encode),
        ValueError,
        r"on meta.*copy.deepcopy\(embedding\).cpu",
    ),
    (
        lambda: widgets.lookup(nn.Embedding(100, 64), encode),
        ValueError,
        "at most 12 rows",
    ),
    (
        lambda: widgets.lookup(layer(), encode, WORDS[:2]),
        ValueError,
        "a list of 3 words",
    ),
    (
        lambda: widgets.lookup(layer(), encode, "优良差"),
        ValueError,
        "words is '优良差'",
    ),
    (
        lambda: widgets.lookup(layer(), lambda index: F.one_hot(index, 2)),
        ValueError,
        r"encode\(-?\d\) has shape \(2,\); expected \(3,\)",
    ),
    (
        lambda: widgets.lookup(layer(), lambda index: encode(index - 1)),
        RuntimeError,
        "non-negative",
    ),
    (lambda: widgets.gradients([1], WORDS, [0]), TypeError, r"gradient is \[1\]"),
    (lambda: widgets.gradients(gradient, [], [0]), ValueError, r"words is \[\]"),
    (
        lambda: widgets.gradients(gradient, WORDS, [3]),
        ValueError,
        r"batch is \[3\].*from 0 to 2",
    ),
    (lambda: widgets.gradients(gradient, WORDS, []), ValueError, "1 to 4 indices"),
    (lambda: widgets.gradients(gradient, WORDS, [0] * 5), ValueError, "1 to 4 indices"),
    (
        lambda: widgets.gradients(gradient, WORDS * 2, [0]),
        ValueError,
        "6 words and 0 options",
    ),
    (
        lambda: widgets.gradients(gradient, WORDS, [0]),
        ValueError,
        r"shape \(4, 1\).*\(3, 1\)",
    ),
    (lambda: widgets.gradients(lambda batch: "x", WORDS, [0]), TypeError, "is a str"),
    (lambda: widgets.cost([], MEMORY), TypeError, r"time is \[\]"),
    (lambda: widgets.cost(TIME, {"c": []}), TypeError, r"memory\['c'\] is \[\]"),
    (
        lambda: widgets.cost(TIME, {"c": {100: 1}}),
        ValueError,
        r"memory\['c'\] has the sizes \[100\]",
    ),
    (
        lambda: widgets.cost({"a": {1: 0}}, {"c": {1: 1}}),
        ValueError,
        r"time\['a'\].*above 0",
    ),
    (lambda: widgets.similarity({}, [0]), TypeError, "history is {}"),
    (
        lambda: widgets.similarity({"t": {"p": [0.5]}}, [0, 1]),
        ValueError,
        "1 values; expected 2",
    ),
    (
        lambda: widgets.similarity({"t": {"p": [1.5]}}, [0]),
        ValueError,
        "holds 1.5; a cosine",
    ),
    (
        lambda: widgets.similarity({"t": {"p": [0]}, "u": {"q": [0]}}, [0]),
        ValueError,
        r"history\['u'\] has \['q'\]; expected \['p'\]",
    ),
    (lambda: widgets.similarity(HISTORY, "steps"), TypeError, "steps is a str"),
]


@pytest.mark.parametrize("make, error, message", BAD)
def test_errors_name_argument_given_and_expected(make, error, message):
    with pytest.raises(error, match=message):
        make()
