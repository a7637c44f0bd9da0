"""The benchmark measures what it says; a chapter reads and draws it."""

import itertools
import json

import pytest
import torch
from matplotlib.text import Text

from embedlinear.book import use_language
from embedlinear.book.bench import __main__ as command
from embedlinear.book.bench import cases, draw, measure, results
from embedlinear.book.bench.cases import Case, Variant
from embedlinear.book.bench.results import Measured

CPU, ROOFS = torch.device("cpu"), ("copy", "product")


@pytest.mark.parametrize("build", ["lookup", "product", "storage", "backward"])
def test_all_variants_do_the_same(build, monkeypatch):
    weight, ids = torch.randn(50, 4), torch.randint(50, (9,))
    monkeypatch.setattr(cases, "table", lambda *_: weight)
    monkeypatch.setattr(cases, "batches", lambda *_: itertools.repeat(ids))
    variants = getattr(cases, build)(CPU, V=50, D=4, batch=9)
    done = {name: variant.run() for name, variant in variants.items()}
    if build == "backward":
        done = {n: out[0].to_dense() for n, out in done.items() if n != "zeros"}
    first, *others = (torch.as_tensor(o) for n, o in done.items() if n != "build")
    assert len(others) >= 2
    for other in others:
        torch.testing.assert_close(other.float(), first, atol=0.02, rtol=0.01)


def test_work_is_counted_and_indices_are_new():
    """A lookup of 3 rows of 4 float32 numbers; the product does V times as much."""
    variants = cases.product(CPU, V=10, D=4, batch=3)
    least = 4 * (3 * 10 + 10 * 4 + 3 * 4)
    assert variants["lookup"][1:] == (3 * (8 + 16 + 16), 0)
    assert variants["multiply"][1:] == (least, 2 * 3 * 10 * 4)
    assert variants["both"].bytes == least + 3 * (8 + 10 * 4)
    ids = cases.batches(10_000_000, 1024, CPU)
    drawn = torch.cat([next(ids) for _ in range(cases.POOL // 1024)])
    assert len(drawn.unique()) * 64 * 4 > 2**27  # their rows fill 128 MiB


@pytest.fixture
def toy(monkeypatch):
    """A case of two variants; each run moves the clock by its time."""
    now, order = [0.0], []

    def run(name, takes):
        order.append(name)
        now[0] += takes

    def build(device):
        takes = {"a": 1, "b": 3}
        return {n: Variant(lambda n=n: run(n, takes[n]), 8, 0) for n in takes}

    monkeypatch.setattr(measure, "timer", lambda: now[0])
    return Case("toy", build, {}), order


def test_variants_take_turns(toy, monkeypatch):
    case, order = toy
    found = measure.measure(case, CPU, 4, 1e-9, apart=False)
    assert "".join(order) == "aabb" + 2 * "baab"  # twice each to warm up
    assert found["a"]["times"] == [1] * 4 and found["b"]["times"] == [3] * 4
    measure.measure(case, CPU, 5, 20, apart=False)  # 20 seconds: 5 rounds, 2 a and 1 b
    assert order[12:].count("a") == 2 + 5 * 2 and order[12:].count("b") == 2 + 5
    monkeypatch.setattr(measure, "LONGEST", 1)
    found = measure.measure(case, CPU, 20, 1, apart=False)
    assert len(found["b"]["times"]) == 3  # a slow case has three rounds


@pytest.mark.weekly  # each of its processes imports torch
def test_the_command_in_real_processes(tmp_path):
    """A dense gradient is a table, 25.6 MB; it is new memory if the settings arrive."""
    file, rounds = tmp_path / "bench-here.json", ["--rounds", "3", "--seconds", "0.01"]
    command.main(["backward, V=100000,", *rounds, "--json", str(file)])
    stored = json.loads(file.read_text("utf-8"))
    assert stored["about"]["torch"] == torch.__version__.split("+")[0]
    assert "embedlinear.book.bench backward" in stored["about"]["command"]
    names = "dense", "sparse", "dense, memory kept"
    dense, sparse, kept = (results.variant(stored, "backward", n) for n in names)
    assert len(dense.times) == 3 and min(dense.times) > 0
    if measure.resource:
        assert 25.6e6 <= dense.memory < 28e6 and sparse.memory < 2e6
        assert kept.faults < dense.faults / 10


def test_unknown_names(capsys):
    with pytest.raises(SystemExit):
        command.main(["no such case"])
    assert "no case has such a name: roofline, numbers" in capsys.readouterr().err


def test_questions_to_a_result():
    result = results.stored()[0]
    sizes = results.series(result, "lookup", "ours", over="batch")
    assert list(sizes) == [1, 32, 1024, 32_768, 65_536]
    assert sizes[1024] == results.variant(result, "lookup", "ours", V=100_000)
    one, twice = (Measured([r, 2 * r, 3 * r], 0, 0, 8, 0) for r in (1e-4, 2e-4))
    assert repr(one.time) == "200 µs [150 µs, 250 µs]" and one.seconds == 2e-4
    assert repr(results.ratio(twice, one)) == "2.0× [2.0×, 2.0×]"
    with pytest.raises(KeyError, match="V.: 5"):
        results.variant(result, "lookup", "ours", V=5)
    copy, product = (results.variant(result, "roofline", n) for n in ROOFS)
    assert results.roof(result, copy) == ("memory", 1)
    assert results.roof(result, product) == ("compute", 1)
    assert "GPU | no result yet" in repr(results.provenance([result]))


def test_the_stored_results_are_complete():
    """The chapter draws them: every case is there, with rounds enough for ratios."""
    stored = results.stored()
    assert stored and stored[0]["about"]["device"] == "cpu"
    for result in stored:
        kept = [(case["family"], case["size"]) for case in result["results"]]
        assert kept == [(case.family, case.size) for case in cases.CASES.values()]
        rounds = [v["times"] for c in result["results"] for v in c["variants"].values()]
        assert min(map(len, rounds)) >= 20


@pytest.mark.filterwarnings("error")  # matplotlib warns of a missing glyph
@pytest.mark.parametrize("language", ["zh", "en"])
def test_drawings_show_what_was_measured(language):
    use_language(language)
    result, ours = results.stored()[0], {"x": "ours"}
    bars = {name: ("roofline", name, {}) for name in ROOFS}
    for fig, label in (
        (draw.curves(result, "lookup", ours), ("词表大小", "time")),
        (draw.curves(result, "lookup", ours, quantity="memory"), ("新", "new memory")),
        (draw.bandwidth(result), ("大块复制", "a large copy")),
        (draw.shares(result, bars), ("访存受限", "compute-bound")),
    ):
        fig.canvas.draw()
        texts = [text.get_text() for text in fig.findobj(Text)]
        assert any(t.startswith(label[language == "en"]) for t in texts)
        assert fig.get_figwidth() <= 5
        shown = [line.get_xydata().tolist() for line in fig.axes[0].lines][:1]
        if "time" in label:
            wanted = results.series(result, "lookup", "ours")
            assert shown == [[[v, one.seconds] for v, one in wanted.items()]]
        if "a large copy" in label:
            one = results.variant(result, "lookup", "torch.nn", V=100, batch=65_536)
            assert shown[0][0] == [100 * 64 * 4, one.bytes / one.seconds]
    assert texts.count("100%") >= 2  # each of the two, beside the axis
    assert [bar.get_width() for bar in fig.axes[0].patches[2:]] == [1, 1]
