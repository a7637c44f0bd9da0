"""Make src/embedlinear/book/fonts from Noto Sans SC: the characters figures need, nothing else.

Kept are ASCII, the punctuation and Han characters of GB 2312 level 1 (the 3,755 in common use), so
that readers' own words draw too. To run it, with the source font in a folder of its own:

    python -m pip install --no-deps --target _build/font pylopdf-fonts-zh-cn==0.1.1
    python -m tools.once.subset_font _build/font

fontTools is the only other thing it needs; the result is the same, byte for byte, on every run.
"""

import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).resolve().parents[2] / "src" / "embedlinear" / "book" / "fonts"


def wanted_characters():
    """Return the characters to keep, in a string."""
    ascii_ = "".join(map(chr, range(0x20, 0x7F)))
    # GB 2312 is a table of rows and cells: row 1 punctuation, row 3 full-width ASCII, rows 16 to
    # 55 the level-1 characters. Cells that hold nothing decode to nothing.
    rows = [1, 3, *range(16, 56)]
    cells = (bytes((0xA0 + row, 0xA0 + cell)) for row in rows for cell in range(1, 95))
    return ascii_ + "".join(cell.decode("gb2312", errors="ignore") for cell in cells)


def main(source):
    """Write the subset and its licence from the unpacked package in ``source``."""
    font_file = next(Path(source).rglob("NotoSansSC-Regular.otf"))
    licence = next(Path(source).rglob("licenses/LICENSE"))
    options = subset.Options()
    # Figures set plain horizontal lines: no alternates, no vertical forms, no hints.
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE"]
    font = subset.load_font(font_file, options)
    font.recalcTimestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=wanted_characters())
    subsetter.subset(font)
    TARGET.mkdir(exist_ok=True)
    subset.save_font(font, TARGET / "NotoSansSC-subset.otf", options)
    copyright_line = font["name"].getDebugName(0)
    licence_text = licence.read_text(encoding="utf-8")
    (TARGET / "OFL.txt").write_text(
        f"NotoSansSC-subset.otf is a subset of Noto Sans SC Regular.\n{copyright_line}\n\n"
        f"{licence_text}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
