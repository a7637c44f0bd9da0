"""How the book draws: one style for all figures, and lines with names at their ends.

Colour never carries a meaning alone: lines have a style, a marker and a name of their
own.
"""

import functools
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib import font_manager, patheffects

# The package includes a Chinese font, because Colab, Windows and Linux share none. It
# has the characters of GB 2312, level 1; others come from a system font, if there is
# one.
_FOLDER = Path(__file__).parent
font_manager.fontManager.addfont(_FOLDER / "fonts" / "NotoSansSC-subset.otf")
_OF_SYSTEMS = [
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # matplotlib's name for the file that contains both
]
_INSTALLED = {font.name for font in font_manager.fontManager.ttflist}
FAMILY = ["DejaVu Sans", "Noto Sans SC"]
FAMILY += [name for name in _OF_SYSTEMS if name in _INSTALLED]
STYLE = ["default", _FOLDER / "data" / "book.mplstyle", {"font.family": FAMILY}]
# Okabe and Ito's colours, which colour-blind readers distinguish; dark enough for text.
LINES = [
    ("#0072B2", "-", "o"),
    ("#B34700", "--", "s"),
    ("#006B4F", "-.", "^"),
    ("#8C3A6B", ":", "D"),
    ("#000000", (0, (5, 1, 1, 1, 1, 1)), "v"),
    ("#6B5B00", (0, (1, 1)), "X"),
]
HALO = [patheffects.withStroke(linewidth=3, foreground="white")]


def styled(draw):
    """Let ``draw`` use the book's style, and keep the reader's settings."""

    @functools.wraps(draw)
    def in_style(*args, **kwargs):
        # Load the backend now: a notebook's backend switches interactive drawing on when
        # it loads, and the end of the context would switch it off again: readers' own
        # figures would not appear.
        plt.draw_if_interactive()
        with plt.style.context(STYLE):
            fig = draw(*args, **kwargs)
            fig.draw_without_rendering()  # ticks take their style when first drawn
        return fig

    return in_style


def curves(ax, lines, **style):
    """Draw ``{name: (xs, ys)}``, each name at its line's end and clear of the others.

    Raises ValueError for more lines than readers can distinguish.
    """
    if len(lines) > len(LINES):
        raise ValueError(
            f"there are {len(lines)} lines; at most {len(LINES)} can be distinguished"
        )
    ends = []
    for (name, (xs, ys)), (colour, dash, marker) in zip(lines.items(), LINES):
        look = {"color": colour, "linestyle": dash, "marker": marker, "ms": 5}
        ax.plot(xs, ys, label=name, **look, **style)
        ends.append((xs[-1], ys[-1], name, colour))
    to_axes, gap, height = ax.transScale + ax.transLimits, 0.095, -1.0
    ends.sort(key=lambda end: to_axes.transform(end[:2])[1])
    for above, (x, y, name, colour) in zip(reversed(range(len(ends))), ends):
        place = min(to_axes.transform((x, y))[1], 1 - above * gap)
        height = max(height + gap, place)
        # To the left edge of a name: a line to its middle would cross the names below.
        leader = {"arrowstyle": "-", "lw": 0.8, "shrinkB": 3, "relpos": (0, 0.5)}
        look = {"va": "center", "annotation_clip": False, "textcoords": "axes fraction"}
        look["arrowprops"] = leader | {"color": colour}
        ax.annotate(name, (x, y), (1.06, height), color=colour, **look)
