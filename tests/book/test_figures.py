"""The figures draw what was given, in both languages, and cut nothing off."""

import io
import math
import os
import re
import string
import subprocess
import sys
from itertools import product
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from embedlinear.book import figures, style, use_language

# Matplotlib warns of a missing glyph.
pytestmark = pytest.mark.filterwarnings("error")
WORDS, HAN = ["优", "良", "差"], re.compile("[\u4e00-\u9fff]")
FONT = Path(figures.__file__).parent / "fonts" / "NotoSansSC-subset.otf"
ROWS = [0.66, 0.27, -0.45], [-0.17, -1.52, 0.38], [-0.89, -12.06, 0.42]
WEIGHT, BIAS = torch.tensor(ROWS), torch.tensor([1.0, -2.0, 3.0])
X = torch.tensor([[0.77, 0.38, 1.0], [0.9, 0.48, 0.17]])
HISTORY = {
    "优–良": [0.1, 0.5, 0.9],
    "优–差": [0.1, -0.5, -0.91],
    "良–差": [0, -0.5, -0.9],
}
RUNS = {"冻结": [[0.5, 0.7, 0.8], [0.52, 0.6, 0.82]], "N(0, 1)": [[0.5, 0.6, 0.7]]}
COSTS = {
    "Embedding": {100: 1e-5, 1000: 1e-5, 100_000: 1e-5},
    "one-hot + Linear": {100: 1.4e-4, 1000: 9.4e-4, 100_000: 0.389},
}
GRADIENT = [[1.0, 2], [0.5, 0], [-0.25, 1]]
DRAW = {
    "lookup": lambda: figures.lookup(WEIGHT, [2, 0, 2], WORDS),
    "sharded": lambda: figures.sharded(WEIGHT[:, :2], [2, 0, 2], 2, WORDS),
    "one-hot": lambda: figures.one_hot_product(WEIGHT, [2, 0], WORDS),
    "one row": lambda: figures.one_hot_product(WEIGHT, 1, WORDS),
    "linear": lambda: figures.linear_blocks(X, WEIGHT, BIAS),
    "gradients": lambda: figures.gradients(GRADIENT, [2, 0, 2], 3, WORDS),
    "growth": lambda: figures.growth(WEIGHT[:2], WEIGHT, WORDS),
    "low rank": lambda: figures.low_rank(WEIGHT[:, :1], WEIGHT[:1]),
    "affine": lambda: figures.affine([[1, 0.5], [-0.4, 1.2]], [1, -0.5]),
    "similarity": lambda: figures.similarity(HISTORY),
    "spread": lambda: figures.spread(RUNS, [0, 20, 40]),
    "loss": lambda: figures.spread({"a": [[64, 45], [6, 4]]}, [1, 2], "loss", "width"),
    "dollars": lambda: figures.lookup(WEIGHT.bfloat16(), 0, ["a", "b", "$5$"]),
    "cost": lambda: figures.cost(COSTS),
}
LABELS = {
    "lookup": ("权重表 (3 × 3)", "weight table (3 × 3)"),
    "sharded": ("= 全归约：相加", "= all-reduce: the sum"),
    "one-hot": ("x @ W = 输出 (2 × 3)", "x @ W = output (2 × 3)"),
    "one row": ("独热编码 x (1 × 3)", "2 差   0 ×"),
    "linear": ("+ 偏置 b (3)", "+ bias b (3)"),
    "gradients": ("权重表的梯度 (3 × 2)", "gradient of the weight table (3 × 2)"),
    "growth": ("变大的权重表 (3 × 3)", "grown table (3 × 3)"),
    "low rank": ("A @ B (3 × 3)：9 个数", "A @ B (3 × 3): 9 numbers"),
    "affine": ("变换后：x @ W.T + b", "after: x @ W.T + b"),
    "similarity": ("余弦相似度", "cosine similarity"),
    "spread": ("准确率", "accuracy"),
    "loss": ("损失", "width"),
    "dollars": ("2 $5$", "2 $5$"),
    "cost": ("39,000 倍", "39,000×"),
}


def block(fig, key):
    """The numbers drawn in a block, read back from the figure."""
    cells = {}
    for text in fig.findobj(Text):
        found = re.fullmatch(rf"{key}\[(\d+),(\d+)\]", text.get_gid() or "")
        if found:
            cells[tuple(map(int, found.groups()))] = float(text.get_text())
    rows = max(row for row, _ in cells)
    return np.array([cells[place] for place in sorted(cells)]).reshape(rows + 1, -1)


def gids(fig, pattern):
    found = (re.fullmatch(pattern, artist.get_gid() or "") for artist in fig.findobj())
    return sorted(tuple(map(int, match.groups())) for match in found if match)


def of_lines(fig):
    return {line.get_label(): line for line in fig.axes[0].lines}


def check(fig):
    """Its glyphs are there, it fits a phone, no text is cut or covered; its texts."""
    image = io.BytesIO()
    fig.canvas.print_png(image)
    assert len(image.getvalue()) < 60_000
    assert fig.get_figwidth() <= 5 and fig.dpi * fig.get_figwidth() <= 700
    assert fig.number in plt.get_fignums()  # plt.show() will show it
    shown = [text for text in fig.findobj(Text) if text.get_text()]
    assert all(text.get_fontsize() >= 10 for text in shown)
    # Text.get_window_extent, for that of an annotation takes in its arrow.
    axes = [axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = {tick for axis in axes for tick in axis.get_ticklabels(which="both")}
    boxes = [
        (text.get_text(), Text.get_window_extent(text, fig.canvas.get_renderer()))
        for text in shown
        if text not in ticks
    ]
    frame = fig.bbox
    for place, (label, box) in enumerate(boxes):
        assert frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1, label
        assert frame.y0 - 1 <= box.y0 and box.y1 <= frame.y1 + 1, label
        for other, its in boxes[place + 1 :]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            down = min(box.y1, its.y1) - max(box.y0, its.y0)
            # Boxes of two lines of text may touch; their letters do not.
            assert across <= 1 or down <= 4, (label, other)
    return {text.get_text() for text in shown}


@pytest.mark.parametrize("name", DRAW)
def test_every_figure(name):
    said = {}
    for language in ("zh", "en"):
        use_language(language)
        said[language] = check(DRAW[name]())
        assert LABELS[name][language == "en"] in said[language]
    words = {*WORDS, *HISTORY, *RUNS}  # given, in both languages
    for text in said["en"]:
        assert not HAN.search(text) or any(word in text for word in words), text
    assert said["zh"] != said["en"]


def test_same_picture_whatever_the_readers_style():
    plain, before = figures.spread(RUNS), matplotlib.rcParams.copy()
    with plt.style.context("dark_background"):
        inside = matplotlib.rcParams.copy()
        dark = figures.spread(RUNS)
        assert matplotlib.rcParams == inside
        for fig in (plain, dark):
            fig.canvas.draw()
    assert matplotlib.rcParams == before
    assert np.array_equal(plain.canvas.buffer_rgba(), dark.canvas.buffer_rgba())


def test_grids_hold_the_numbers():
    lookup = figures.lookup(WEIGHT, [2, 0, 0], WORDS)
    product = figures.one_hot_product(WEIGHT, [2, 0], WORDS)
    linear = figures.linear_blocks(X, WEIGHT, BIAS)
    want, hot = torch.nn.functional.linear(X, WEIGHT, BIAS), [[0, 0, 1], [1, 0, 0]]
    sums = {"product": want - BIAS, "bias": BIAS[None], "output": want}
    for fig, blocks in (
        (lookup, {"weight": WEIGHT, "output": WEIGHT[[2, 0, 0]]}),
        (product, {"one_hot": hot, "weight": WEIGHT, "output": WEIGHT[[2, 0]]}),
        (linear, {"x": X, "weight": WEIGHT.T, **sums}),
    ):
        for key, values in blocks.items():
            assert np.allclose(block(fig, key), values, atol=0.0051), key
    for fig in (lookup, product):
        assert gids(fig, r"weight row (\d+)") == [(0,), (2,)]
    assert gids(lookup, r"arrow (\d+) to (\d+)") == [(0, 1), (0, 2), (2, 0)]
    assert not gids(figures.linear_blocks(X[0], WEIGHT), "bias.*")


def test_gradients_are_added_where_they_meet():
    fig = figures.gradients(GRADIENT, [2, 0, 2], 3, WORDS)
    layer = torch.nn.Embedding(3, 2)
    layer(torch.tensor([2, 0, 2])).backward(torch.tensor(GRADIENT))
    assert np.allclose(block(fig, "weight"), layer.weight.grad)
    assert gids(fig, r"arrow (\d+) to (\d+)") == [(0, 2), (1, 0), (2, 2)]
    assert gids(fig, r"weight row (\d+)") == [(0,), (2,)]


def test_a_grown_table_has_its_new_rows_outlined_and_a_low_rank_is_a_product():
    fig = figures.growth(WEIGHT[:2], WEIGHT, WORDS)
    assert np.allclose(block(fig, "after"), WEIGHT, atol=0.0051)
    assert gids(fig, r"after row (\d+)") == [(2,)]
    fig = figures.low_rank(WEIGHT[:, :1], WEIGHT[:1])
    made = WEIGHT[:, :1].double() @ WEIGHT[:1].double()
    assert np.allclose(block(fig, "A @ B"), made, atol=0.0051)


def test_sharded_rows_are_all_there_and_what_is_found_adds_up():
    fig = figures.sharded(WEIGHT, [2, 0, 2], 2, WORDS)
    parts = [block(fig, f"rows {number}") for number in (0, 1)]
    assert [len(part) for part in parts] == [2, 1]
    assert np.allclose(np.concatenate(parts), WEIGHT, atol=0.0051)
    found = [block(fig, f"found {number}") for number in (0, 1)]
    assert (found[0][[0, 2]] == 0).all() and (found[1][1] == 0).all()
    assert np.allclose(sum(found), block(fig, "output"))
    assert np.allclose(block(fig, "output"), WEIGHT[[2, 0, 2]], atol=0.0051)
    assert gids(fig, r"rows (\d+) row (\d+)") == [(0, 0), (1, 0)]
    assert gids(fig, r"arrow (\d+)") == [(0,), (1,), (2,)]


def test_affine_moves_the_unit_square_as_linear_does():
    weight, bias = torch.tensor([[1.0, 0.5], [-0.4, 1.2]]), torch.tensor([1.0, -0.5])
    fig = figures.affine(weight, bias)
    squares = [p.get_xy()[:4] for p in fig.findobj() if p.get_gid() == "unit square"]
    square = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    moved = torch.nn.functional.linear(square, weight, bias)
    assert np.allclose(squares, torch.stack([square, moved]))
    assert fig.axes[0].get_xlim() == fig.axes[1].get_xlim()


def test_curves_hold_the_given_numbers_and_differ_without_colour():
    tensors = {at: torch.tensor(values) for at, values in HISTORY.items()}
    lines = of_lines(figures.similarity(tensors))
    for label, values in HISTORY.items():
        assert np.allclose(lines[label].get_xydata(), list(enumerate(values)))
    looks = {(lines[at].get_linestyle(), lines[at].get_marker()) for at in HISTORY}
    assert len(looks) == 3
    line = of_lines(figures.cost({"a": {1000: 2, 10: 1}}))["a"]  # in any order
    assert np.allclose(line.get_xydata(), [[10, 1], [1000, 2]])
    fig = figures.spread(RUNS, [0, 20, 40])
    mean = np.mean(RUNS["冻结"], axis=0)
    assert np.allclose(of_lines(fig)["冻结"].get_ydata(), mean)
    box = fig.axes[0].collections[0].get_datalim(fig.axes[0].transData)
    assert np.allclose([box.y0, box.y1], [0.5, 0.82])


@pytest.mark.parametrize("end", [-1, 0, 1])
def test_names_of_lines_that_end_together_keep_their_order_beside_the_axes(end):
    history = {str(i): [0, end - math.copysign(i / 1000, end)] for i in range(6)}
    names = figures.similarity(history).axes[0].texts
    heights = {text.get_text(): text.xyann[1] for text in names}
    in_order = sorted(history, key=lambda name: history[name][1])
    assert sorted(heights, key=heights.get) == in_order
    assert 0 <= min(heights.values()) and max(heights.values()) <= 1


def test_the_books_font_has_the_common_characters_and_systems_the_rarer_ones():
    """Level 1 of GB 2312, ASCII and full-width punctuation; the licence comes along."""
    pairs = product(range(0xB0, 0xD8), range(0xA1, 0xFF))
    level1 = b"".join(map(bytes, pairs)).decode("gb2312", "ignore")
    wanted = level1 + string.printable[:95] + "，。：；？！“”（）《》、"
    assert len(level1) == 3755
    assert {*map(ord, wanted)} <= FT2Font(FONT).get_charmap().keys()
    licence = FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    families, installed = style.FAMILY, fontManager.ttflist
    assert families[:2] == ["DejaVu Sans", "Noto Sans SC"]
    assert {*families} <= {font.name for font in installed}  # or matplotlib would warn
    if len(families) > 2:
        figures.lookup(WEIGHT, [0], ["優", "婷", "鑫"]).canvas.draw()


def test_matplotlib_is_loaded_late_and_stays_interactive(tmp_path):
    """A notebook's backend is loaded by the first figure, and turns interactive on."""
    (tmp_path / "late.py").write_text(
        "import matplotlib\nfrom matplotlib.backends.backend_agg import FigureCanvas\n"
        "matplotlib.interactive(True)\n"
    )
    code = (
        "import sys, embedlinear; assert 'matplotlib' not in sys.modules;"
        "import matplotlib; from embedlinear.book import figures;"
        "figures.affine([[1, 0], [0, 1]]); assert matplotlib.is_interactive()"
    )
    backend = {**os.environ, "MPLBACKEND": "module://late"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=backend)


def test_what_nobody_could_read_or_would_be_drawn_wrong_is_refused():
    with pytest.raises(ValueError, match=r"slice, weight\[:12, :8"):
        figures.lookup(torch.ones(100, 64), 0)
    with pytest.raises(ValueError, match="at most 6"):
        figures.similarity({str(i): [0] for i in range(7)})
    with pytest.raises(IndexError, match=r"indices\[1\] = -1 .*rows of weight=3"):
        figures.lookup(WEIGHT, [0, -1])
    with pytest.raises(RuntimeError, match="indices"):
        figures.one_hot_product(WEIGHT, [0.0])
    with pytest.raises(ValueError, match="before holds other numbers"):
        figures.growth(WEIGHT + 1, WEIGHT)
