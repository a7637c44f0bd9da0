"""The figures: what is drawn is what was given, in both languages, and every glyph is there."""

import io
import math
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.text import Text

from embedlinear.book import figures, use_language
from embedlinear.book.language import current_language

WORDS = ["优", "良", "差"]
FONTS = Path(figures.__file__).parent / "fonts"
WEIGHT = torch.tensor(
    [[0.66, 0.27, -0.45], [-0.17, -1.52, 0.38], [-0.89, -12.06, 0.42]]
)
X = torch.tensor([[0.77, 0.38, 1.0], [0.9, 0.48, 0.17]])
BIAS = torch.tensor([1.0, -2.0, 3.0])
HISTORY = {
    "优–良": [0.1, 0.5, 0.9],
    "优–差": [0.1, -0.5, -0.91],
    "良–差": [0.1, -0.5, -0.9],
}
RUNS = {"冻结": [[0.5, 0.7, 0.8], [0.52, 0.6, 0.82]], "N(0, 1)": [[0.5, 0.6, 0.7]]}
COSTS = {
    "Embedding": {100: 1e-5, 1000: 1e-5, 100_000: 1e-5},
    "one-hot + Linear": {100: 1.4e-4, 1000: 9.4e-4, 100_000: 0.389},
}
DRAW = {
    "lookup": lambda: figures.lookup(WEIGHT, [2, 0, 2], WORDS),
    "sharded": lambda: figures.sharded(WEIGHT[:, :2], [2, 0, 2], 2, WORDS),
    "one_hot_product": lambda: figures.one_hot_product(WEIGHT, [2, 0], WORDS),
    "one_row": lambda: figures.one_hot_product(WEIGHT, 1, WORDS),
    "two_words": lambda: figures.one_hot_product(WEIGHT[:2], 0, WORDS[:2]),
    "linear_blocks": lambda: figures.linear_blocks(X, WEIGHT, BIAS),
    "affine": lambda: figures.affine([[1, 0.5], [-0.4, 1.2]], [1, -0.5]),
    "similarity": lambda: figures.similarity(HISTORY, [0, 10, 20]),
    "spread": lambda: figures.spread(RUNS, [0, 20, 40]),
    "met": lambda: figures.spread({"优·良": [[0, 0.9], [0.2, 0.5]]}, quantity="cosine"),
    "losses": lambda: figures.spread(
        {"a": [[64, 45], [60, 44]], "b": [[6, 4]]}, [1, 2], "loss", across="width"
    ),
    "cost": lambda: figures.cost(COSTS),
    "memory": lambda: figures.cost(COSTS, "memory"),
}
LABELS = {
    "lookup": {
        "zh": ["权重表 (3 × 3)", "输出 (3 × 3)"],
        "en": ["weight table (3 × 3)", "output (3 × 3)"],
    },
    "sharded": {
        "zh": ["进程 0", "进程 1", "查到的", "+ 查到的", "= 全归约：相加"],
        "en": ["process 0", "process 1", "found", "+ found", "= all-reduce: the sum"],
    },
    "one_hot_product": {
        "zh": ["独热编码 x (2 × 3)", "x @ W = 输出 (2 × 3)"],
        "en": ["one-hot x (2 × 3)", "x @ W = output (2 × 3)"],
    },
    "one_row": {"zh": ["1 良   1 ×", "0 优   0 ×"], "en": ["1 良   1 ×", "2 差   0 ×"]},
    "two_words": {"zh": ["独热编码 x (1 × 2)"], "en": ["one-hot x (1 × 2)"]},
    "linear_blocks": {
        "zh": ["输入 x (2 × 3)", "W.T (3 × 3)", "+ 偏置 b (3)", "= 输出 (2 × 3)"],
        "en": ["input x (2 × 3)", "x @ W.T (2 × 3)", "+ bias b (3)"],
    },
    "affine": {
        "zh": ["变换前：x", "变换后：x @ W.T + b", "b"],
        "en": ["before: x", "after: x @ W.T + b", "b"],
    },
    "similarity": {
        "zh": ["训练步数", "余弦相似度", *HISTORY],
        "en": ["training step", "cosine similarity", *HISTORY],
    },
    "spread": {
        "zh": ["训练步数", "准确率", *RUNS],
        "en": ["training step", "accuracy", *RUNS],
    },
    "met": {"zh": ["余弦相似度", "优·良"], "en": ["cosine similarity", "优·良"]},
    "losses": {"zh": ["width", "损失", "a", "b"], "en": ["width", "loss", "a", "b"]},
    "cost": {
        "zh": ["词表大小", "时间", "14 倍", "94 倍", "39,000 倍", *COSTS],
        "en": ["vocabulary size", "time", "14×", "94×", "39,000×", *COSTS],
    },
    "memory": {"zh": ["内存"], "en": ["memory"]},
}


@pytest.fixture(autouse=True)
def clean():
    before = current_language()
    yield
    use_language(before)
    plt.close("all")


def texts(fig):
    return [
        text.get_text()
        for text in fig.findobj(Text)
        if text.get_visible() and text.get_text()
    ]


def block(fig, key):
    """The numbers drawn in a block, read back from the figure."""
    cells = {}
    for text in fig.findobj(Text):
        found = re.fullmatch(rf"{key}\[(\d+),(\d+)\]", text.get_gid() or "")
        if found:
            cells[tuple(map(int, found.groups()))] = float(text.get_text())
    shape = [1 + max(place[axis] for place in cells) for axis in (0, 1)]
    assert len(cells) == shape[0] * shape[1]
    return np.array([[cells[i, j] for j in range(shape[1])] for i in range(shape[0])])


def gids(fig, pattern):
    found = (re.fullmatch(pattern, artist.get_gid() or "") for artist in fig.findobj())
    return [tuple(map(int, match.groups())) for match in found if match]


def png(fig):
    buffer = io.BytesIO()
    fig.savefig(buffer, dpi=fig.dpi, bbox_inches="tight")
    return buffer.getvalue()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", DRAW)
class TestEveryFigure:
    def test_labels_glyphs_and_size(self, name, language):
        use_language(language)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # matplotlib warns of a missing glyph
            fig = DRAW[name]()
            image = png(fig)
        for label in LABELS[name][language]:
            assert label in texts(fig)
        assert len(image) < 60_000
        assert fig.get_figwidth() <= 5 and fig.dpi * fig.get_figwidth() <= 700
        assert all(
            text.get_fontsize() >= 10 for text in fig.findobj(Text) if text.get_text()
        )
        assert fig.get_facecolor() == (1, 1, 1, 1)
        assert fig.number in plt.get_fignums()  # plt.show() will show it

    def test_same_picture_whatever_the_readers_style(self, name, language):
        use_language(language)
        plain = DRAW[name]()
        before = matplotlib.rcParams.copy()
        with plt.style.context("dark_background"):
            inside = matplotlib.rcParams.copy()
            dark = DRAW[name]()
            assert matplotlib.rcParams == inside
            for fig in (plain, dark):
                fig.canvas.draw()
        assert matplotlib.rcParams == before
        assert np.array_equal(plain.canvas.buffer_rgba(), dark.canvas.buffer_rgba())

    def test_no_text_is_clipped_and_none_overlaps(self, name, language):
        use_language(language)
        fig = DRAW[name]()
        renderer = fig.canvas.get_renderer()
        ticks = {
            label
            for ax in fig.axes
            for axis in (ax.xaxis, ax.yaxis)
            for label in axis.get_ticklabels(which="both")
        }
        # Text.get_window_extent, for that of an annotation takes in its arrow.
        boxes = [
            (text.get_text(), Text.get_window_extent(text, renderer))
            for text in fig.findobj(Text)
            if text.get_text() and text not in ticks
        ]
        assert len(boxes) >= 4
        frame = fig.bbox
        for label, box in boxes:
            assert frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1, label
            assert frame.y0 - 1 <= box.y0 and box.y1 <= frame.y1 + 1, label
        for place, (label, box) in enumerate(boxes):
            for other, its in boxes[place + 1 :]:
                across = min(box.x1, its.x1) - max(box.x0, its.x0)
                down = min(box.y1, its.y1) - max(box.y0, its.y0)
                # Boxes of two lines of text may touch; their letters do not.
                assert across <= 1 or down <= 4, (label, other)


def test_lookup_draws_the_table_and_the_rows():
    fig = figures.lookup(WEIGHT, [2, 0, 0], WORDS)
    assert np.allclose(block(fig, "weight"), WEIGHT, atol=0.005)
    assert np.allclose(block(fig, "output"), WEIGHT[[2, 0, 0]], atol=0.005)
    assert sorted(gids(fig, r"weight row (\d+)")) == [(0,), (2,)]
    assert sorted(gids(fig, r"arrow (\d+) to (\d+)")) == [(0, 1), (0, 2), (2, 0)]
    names = [text for text in texts(fig) if text[-1:] in WORDS]
    assert names == ["0 优", "1 良", "2 差", "2 差", "0 优", "0 优"]


def test_sharded_rows_are_all_there_and_what_is_found_adds_up():
    fig = figures.sharded(WEIGHT, [2, 0, 2], 2, WORDS)
    parts = [block(fig, f"rows {number}") for number in (0, 1)]
    assert [len(part) for part in parts] == [2, 1]
    assert np.allclose(np.concatenate(parts), WEIGHT, atol=0.005)
    found = [block(fig, f"found {number}") for number in (0, 1)]
    assert (found[0][[0, 2]] == 0).all() and (found[1][1] == 0).all()
    assert np.allclose(sum(found), block(fig, "output"))
    assert np.allclose(block(fig, "output"), WEIGHT[[2, 0, 2]], atol=0.005)
    assert gids(fig, r"rows (\d+) row (\d+)") == [(0, 0), (1, 0)]
    assert sorted(gids(fig, r"arrow (\d+)")) == [(0,), (1,), (2,)]


def test_a_marked_row_is_where_its_numbers_are():
    fig = figures.lookup(WEIGHT, [1])
    [outline] = [p for p in fig.findobj() if (p.get_gid() or "") == "weight row 1"]
    _, y = outline.get_xy()
    for text in fig.findobj(Text):
        if (text.get_gid() or "").startswith("weight["):
            inside = y < text.get_position()[1] < y + outline.get_height()
            assert inside == text.get_gid().startswith("weight[1,")


def test_one_hot_product_is_the_lookup():
    fig = figures.one_hot_product(WEIGHT, [2, 0], WORDS)
    assert np.array_equal(block(fig, "one_hot"), [[0, 0, 1], [1, 0, 0]])
    assert np.allclose(block(fig, "weight"), WEIGHT, atol=0.005)
    assert np.allclose(block(fig, "output"), WEIGHT[[2, 0]], atol=0.005)
    assert sorted(gids(fig, r"weight row (\d+)")) == [(0,), (2,)]


def test_linear_blocks_is_linear():
    fig = figures.linear_blocks(X, WEIGHT, BIAS, decimals=4)
    want = torch.nn.functional.linear(X, WEIGHT, BIAS)
    assert np.allclose(block(fig, "x"), X, atol=5.1e-5)
    assert np.allclose(block(fig, "weight"), WEIGHT.T, atol=5.1e-5)
    assert np.allclose(block(fig, "product"), want - BIAS, atol=5.1e-5)
    assert np.allclose(block(fig, "bias"), BIAS[None], atol=5.1e-5)
    assert np.allclose(block(fig, "output"), want, atol=5.1e-5)
    assert "+ bias b (3)" not in texts(figures.linear_blocks(X[0], WEIGHT))


def test_affine_moves_the_unit_square_as_linear_does():
    weight, bias = torch.tensor([[1.0, 0.5], [-0.4, 1.2]]), torch.tensor([1.0, -0.5])
    fig = figures.affine(weight, bias)
    before, after = (
        next(p for p in ax.patches if p.get_gid() == "unit square").get_xy()[:4]
        for ax in fig.axes
    )
    square = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert np.allclose(before, square)
    assert np.allclose(after, torch.nn.functional.linear(square, weight, bias))
    assert fig.axes[0].get_xlim() == fig.axes[1].get_xlim()
    assert "b" not in texts(figures.affine(weight))


def test_curves_hold_the_given_numbers_and_differ_without_colour():
    fig = figures.similarity(HISTORY, steps=[0, 10, 20])
    lines = {
        line.get_label(): line
        for line in fig.axes[0].lines
        if line.get_label() in HISTORY
    }
    for label, values in HISTORY.items():
        assert np.allclose(lines[label].get_xydata(), list(zip([0, 10, 20], values)))
    assert (
        len({(line.get_linestyle(), line.get_marker()) for line in lines.values()}) == 3
    )
    fig = figures.cost({"a": {1000: 2, 10: 1}})  # in any order
    assert np.allclose(fig.axes[0].lines[0].get_xydata(), [[10, 1], [1000, 2]])


@pytest.mark.parametrize("end", [-1, 0, 1])
def test_names_of_lines_that_end_together_keep_their_order_and_stay_beside_the_axes(
    end,
):
    history = {str(i): [0, end - math.copysign(i / 1000, end)] for i in range(6)}
    fig = figures.similarity(history)
    heights = {text.get_text(): text.xyann[1] for text in fig.axes[0].texts}
    assert sorted(heights, key=heights.get) == sorted(
        history, key=lambda name: history[name][1]
    )
    assert 0 <= min(heights.values()) and max(heights.values()) <= 1


def test_readers_words_have_glyphs():
    # Every level-1 character of GB 2312, ASCII and full-width punctuation.
    from matplotlib.ft2font import FT2Font

    have = FT2Font(FONTS / "NotoSansSC-subset.otf").get_charmap()
    level1 = [
        bytes((0xA0 + row, 0xA0 + cell)).decode("gb2312", "ignore")
        for row in range(16, 56)
        for cell in range(1, 95)
    ]
    wanted = (
        "".join(level1) + "，。：；？！“”（）《》、" + "".join(map(chr, range(32, 127)))
    )
    assert sum(map(bool, level1)) == 3755
    assert [c for c in wanted if ord(c) not in have] == []


def test_font_and_licence_are_packaged():
    import tomllib

    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(
        encoding="utf-8"
    )
    assert 500_000 < (FONTS / "NotoSansSC-subset.otf").stat().st_size < 900_000
    project = tomllib.loads(
        (FONTS.parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert (
        "fonts/*" in project["tool"]["setuptools"]["package-data"]["embedlinear.book"]
    )


def test_importing_the_package_does_not_import_matplotlib():
    code = "import sys, embedlinear; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})


def test_a_notebook_backend_stays_interactive(tmp_path):
    # A notebook's backend is loaded by the first figure and then turns interactive drawing on.
    (tmp_path / "late.py").write_text(
        "import matplotlib\nfrom matplotlib.backends.backend_agg import FigureCanvas\n"
        "matplotlib.interactive(True)\n"
    )
    code = (
        "import sys, matplotlib; from embedlinear.book import figures;"
        "figures.affine([[1, 0], [0, 1]]); sys.exit(not matplotlib.is_interactive())"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "module://late"},
    )


def test_any_kind_of_numbers():
    half = torch.nn.Parameter(WEIGHT.bfloat16())
    for weight in (half, WEIGHT.numpy(), WEIGHT.tolist()):
        fig = figures.lookup(weight, torch.tensor(2, dtype=torch.int32))
        assert np.allclose(block(fig, "output"), WEIGHT[[2]], rtol=0.01, atol=0.006)
    dollars = figures.lookup(WEIGHT, 0, ["a", "b", "$5$"])
    assert not any(text.get_parse_math() for text in dollars.axes[0].texts)
    figures.lookup(torch.zeros(1, 1), 0)
    figures.affine([[0, 0], [0, 0]], [0, 0])


BAD = [
    (
        lambda: figures.lookup(WEIGHT, 3),
        ValueError,
        r"indices\[0\] is 3; weight has rows 0 to 2",
    ),
    (lambda: figures.lookup(WEIGHT, [0, -1]), ValueError, r"indices\[1\] is -1"),
    (
        lambda: figures.lookup(WEIGHT, [0.0]),
        TypeError,
        "indices has dtype torch.float32",
    ),
    (lambda: figures.lookup(WEIGHT, [True]), TypeError, "indices has dtype torch.bool"),
    (lambda: figures.lookup(WEIGHT, "优"), TypeError, "indices is a str"),
    (lambda: figures.lookup(WEIGHT, []), ValueError, r"indices has shape \(0,\)"),
    (lambda: figures.lookup(WEIGHT, [[0]]), ValueError, r"indices has shape \(1, 1\)"),
    (lambda: figures.lookup(WEIGHT, [0] * 13), ValueError, "at most 12"),
    (
        lambda: figures.lookup(WEIGHT, 0, ["优"]),
        ValueError,
        "words is .* list of 3 words",
    ),
    (lambda: figures.lookup(WEIGHT, 0, "优良差"), ValueError, "words is '优良差'"),
    (lambda: figures.lookup(WEIGHT, 0, decimals=-1), ValueError, "decimals is -1"),
    (
        lambda: figures.lookup(WEIGHT[0], 0),
        ValueError,
        r"weight has shape \(3,\); expected 2",
    ),
    (
        lambda: figures.lookup(torch.ones(100, 64), 0),
        ValueError,
        r"pass a slice, weight\[:12, :8",
    ),
    (
        lambda: figures.lookup(WEIGHT * torch.nan, 0),
        ValueError,
        "weight holds .* not finite",
    ),
    (lambda: figures.lookup(WEIGHT > 0, 0), TypeError, "weight has dtype torch.bool"),
    (
        lambda: figures.sharded(WEIGHT, 0, 4),
        ValueError,
        "processes is 4; .* from 1 to 3",
    ),
    (lambda: figures.sharded(WEIGHT, 3, 2), ValueError, r"indices\[0\] is 3"),
    (lambda: figures.one_hot_product(None, 0), TypeError, "weight is a NoneType"),
    (lambda: figures.linear_blocks(X, WEIGHT[:, :2]), ValueError, "in_features = 2"),
    (
        lambda: figures.linear_blocks(X, WEIGHT, BIAS[:2]),
        ValueError,
        r"bias has shape \(2,\)",
    ),
    (
        lambda: figures.affine(WEIGHT),
        ValueError,
        r"weight has shape \(3, 3\).*\(2, 2\)",
    ),
    (lambda: figures.similarity({}), TypeError, "history is {}"),
    (
        lambda: figures.similarity({"a": [0.5, 1.5]}),
        ValueError,
        r"history\['a'\] holds 1.5",
    ),
    (
        lambda: figures.similarity({"a": [0, 1], "b": [0]}),
        ValueError,
        r"history\['b'\] has 1",
    ),
    (
        lambda: figures.similarity({str(i): [0] for i in range(7)}),
        ValueError,
        "at most 6",
    ),
    (
        lambda: figures.spread({"a": [0.5]}),
        ValueError,
        r"history\['a'\] has shape \(1,\)",
    ),
    (
        lambda: figures.spread({"a": [[0.5, -0.5]]}),
        ValueError,
        r"'a'.*-0.5 to 0.5.*between 0",
    ),
    (
        lambda: figures.spread({"a": [[1]], "b": [[0, 1]]}),
        ValueError,
        r"'b'\] has 2 values a run",
    ),
    (
        lambda: figures.spread({"a": [[1]]}, quantity="error"),
        ValueError,
        "quantity is 'error'",
    ),
    (
        lambda: figures.spread({"a": [[-1]]}, quantity="loss"),
        ValueError,
        "from -1 to -1; they must lie between 0 and inf",
    ),
    (lambda: figures.cost([1, 2]), TypeError, r"measurements is \[1, 2\]"),
    (lambda: figures.cost({"a": [1]}), TypeError, r"measurements\['a'\] is \[1\]"),
    (lambda: figures.cost({"a": {10: 0}}), ValueError, r"measurements\['a'\].*above 0"),
    (lambda: figures.cost(COSTS, "money"), ValueError, "quantity is 'money'"),
]


def test_spread_draws_the_mean_and_the_extremes():
    fig = figures.spread(RUNS, [0, 20, 40])
    ax = fig.axes[0]
    lines = {line.get_label(): line for line in ax.lines if line.get_label() in RUNS}
    for label, runs in RUNS.items():
        runs = np.array(runs)
        assert np.allclose(lines[label].get_ydata(), runs.mean(axis=0))
        assert list(lines[label].get_xdata()) == [0, 20, 40]
        (band,) = (c for c in ax.collections if c.get_gid() == f"band {label}")
        box = band.get_datalim(ax.transData)
        assert np.allclose([box.y0, box.y1], [runs.min(), runs.max()])
    assert len({line.get_linestyle() for line in lines.values()}) == 2
    assert len({line.get_marker() for line in lines.values()}) == 2


@pytest.mark.parametrize("name", ["similarity", "spread", "met", "losses", "cost"])
def test_the_names_of_lines_stand_beside_the_axes(name):
    """Places taken from limits that matplotlib had not yet updated put them far below."""
    (ax,) = DRAW[name]().axes
    heights = [t.xyann[1] for t in ax.texts if getattr(t, "arrow_patch", None)]
    assert heights and all(-0.05 <= height <= 1.05 for height in heights)


@pytest.mark.parametrize("draw, error, message", BAD)
def test_errors_name_argument_given_and_expected(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
    assert plt.get_fignums() == []  # no half-drawn figure for plt.show() to show
