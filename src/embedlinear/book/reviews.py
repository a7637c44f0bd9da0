"""Real reviews to train on: read, cut into units, given vectors and a small model.

``read`` gives an extract that comes with the package; where it is from and under which
licence is in ``data/reviews-LICENSE.txt``. The model is the smallest one with both
layers of the book: the rows of a text's units, averaged, then Linear.
``tools/once/extracts.py`` makes the extract; ``tools/once/train_reviews.py`` runs
the same functions over the whole of the two sources.
"""

import json
import re
from collections import Counter, defaultdict
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from embedlinear.book.table import Table as Table  # the chapter's name for it

DATA = files("embedlinear.book") / "data"
PAD = 0  # row 0 of every table; no unit has it


# --- texts and units ---


class Review(NamedTuple):
    text: str
    rating: float  # above 0: the text is favourable; the size is known for English only
    copies: int  # how many rows of the source hold this very text
    source: str


def read(language):
    """The extract's reviews, each text once: a list of ``Review`` in random order."""
    lines = (DATA / f"reviews-{language}.tsv").read_text(encoding="utf-8").splitlines()
    fields = (line.split("\t") for line in lines)
    return [
        Review(text, float(rating), int(copies), source)
        for rating, copies, source, text in fields
    ]


def bigrams(text):
    """Chinese without a word list: every two neighbouring characters, overlapping."""
    runs = re.findall("[\u4e00-\u9fff]+", text)
    return [run[i : i + 2] for run in runs for i in range(len(run) - 1)]


def characters(text, whole=("一般",)):
    """Chinese, character by character; the words in ``whole`` are kept in one piece."""
    return re.findall("|".join([*whole, "[\u4e00-\u9fff]"]), text)


def words(text):
    """English in lower case, cut as GloVe cuts it: is n't, it 's."""
    return re.findall("[a-z]+(?=n't)|n't|'[a-z]+|[a-z]+", text.lower())


def vocabulary(lists, size):
    """The ``size - 1`` commonest units, indexed from 1; ties as in the text."""
    counts = Counter(unit for units in lists for unit in units)
    units = (unit for unit, _ in counts.most_common(size - 1))
    return {unit: i for i, unit in enumerate(units, start=1)}


def bags(lists, vocabulary, longest=60):
    """One row of indices a text, padded with 0, without unknown units, cut if long."""
    known = ([vocabulary[u] for u in units if u in vocabulary] for units in lists)
    rows = [torch.tensor(indices[:longest], dtype=torch.int64) for indices in known]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)


# --- the labels ---


def favourable(reviews):
    """1 for a favourable text, 0 for an unfavourable one."""
    return torch.tensor([int(review.rating > 0) for review in reviews])


def strong(reviews):
    """1 for the stronger half of the ratings, within each source and each sign.

    So it says nothing about the source, and nothing about good or bad.
    """
    groups = defaultdict(list)
    for review in reviews:
        groups[review.source, review.rating > 0].append(abs(review.rating))
    middle = {group: float(np.median(sizes)) for group, sizes in groups.items()}
    stronger = [abs(r.rating) > middle[r.source, r.rating > 0] for r in reviews]
    return torch.tensor(stronger).long()


def gaps(bags, near=(1, 2)):
    """Take out one unit at a time: neighbours at the distances ``near``, and the unit.

    Overlapping bigrams share a character with the next one, so take ``near=(2, 3)`` for
    them.
    """
    reach = max(near)
    wide = nn.functional.pad(bags, (reach, reach), value=PAD)
    around = [
        wide[:, reach + step : reach + step + bags.shape[1]]
        for distance in near
        for step in (-distance, distance)
    ]
    neighbours = torch.stack(around, dim=-1)
    whole = (bags != PAD) & (neighbours != PAD).any(dim=-1)
    return neighbours[whole], bags[whole]


# --- vectors made beforehand ---


def ppmi(bags, size, window=10, nearest=1):
    """Positive pointwise mutual information within ``window`` units: (size, size).

    How much more often two units stand near each other than chance has it, as a
    logarithm.
    """
    counts = torch.zeros(size * size)
    for distance in range(nearest, window + 1):
        left, right = bags[:, :-distance], bags[:, distance:]
        both = (left != PAD) & (right != PAD)
        counts += torch.bincount((left * size + right)[both], minlength=size * size)
    counts = counts.reshape(size, size)
    counts = counts + counts.T
    total = counts.sum(dim=1)
    chance = total.unsqueeze(1) * total / total.sum()
    ratio = torch.where(counts > 0, counts / chance.clamp(min=1e-12), 1)
    return ratio.log().clamp(min=0)


def vectors(matrix, width=50, seed=0):
    """The best ``width`` numbers for a row of a symmetric matrix: truncated SVD."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # svd_lowrank finds the directions from a random start
        u, s, _ = torch.svd_lowrank(matrix, q=width + 10, niter=4)
    table = u[:, :width] * s[:width].sqrt()
    table /= table[1:].std()
    table[PAD] = 0
    return table


def random_start(size, width, scale, seed):
    """A table of N(0, scale) with a zero padding row, from its own generator."""
    draw = torch.Generator().manual_seed(seed)
    table = scale * torch.randn(size, width, generator=draw)
    table[PAD] = 0
    return table


# --- model and training ---


class Classifier(nn.Module):
    """The mean of a text's Embedding rows, then Linear."""

    def __init__(self, start, classes=2, freeze=False):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(
            start.clone(), freeze, padding_idx=PAD
        )
        self.linear = nn.Linear(start.shape[1], classes)

    def forward(self, bags):
        real = (bags != PAD).sum(dim=1, keepdim=True).clamp(min=1)
        return self.linear(self.embedding(bags).sum(dim=1) / real)


def train(
    model, inputs, labels, steps=400, rate=0.01, batch=128, seed=0, watch=None, every=20
):
    """Adam on batches drawn with replacement; what ``watch(model)`` said meanwhile."""
    draw = torch.Generator().manual_seed(seed)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer, said = torch.optim.Adam(trained, lr=rate, fused=True), []
    for step in range(steps + 1):
        if watch and step % every == 0:
            with torch.no_grad():
                said.append(watch(model))
        rows = torch.randint(len(inputs), (batch,), generator=draw).to(inputs.device)
        loss = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return said


def accuracy(model, inputs, labels):
    """The share of texts that the model gets right."""
    return (model(inputs).argmax(dim=1) == labels).float().mean().item()


def cosine(table, pairs):
    """Cosine similarities of pairs of rows: ``pairs`` is (N, 2)."""
    table = nn.functional.normalize(table.detach().cpu(), dim=1)
    pairs = torch.as_tensor(pairs)
    return (table[pairs[:, 0]] * table[pairs[:, 1]]).sum(dim=1)


def resample(count, seed):
    """A bootstrap sample: ``count`` positions drawn with replacement from as many."""
    return torch.randint(count, (count,), generator=torch.Generator().manual_seed(seed))


def full_results():
    """What ``tools/once/train_reviews.py`` measured on the whole sources, and where."""
    return json.loads((DATA / "training-results.json").read_text(encoding="utf-8"))


def full_right():
    """Which test texts each run got right: ``{"zh 100 tuned 1": (seeds, texts)}``.

    They are 1 for right and 0 for wrong; ``"zh speed"`` counts validation texts:
    (seeds, times, starts).
    """
    with np.load(str(DATA / "training-right.npz")) as file:
        arrays = {name: file[name] for name in file}
    for name, found in arrays.items():
        bits = np.unpackbits(found, axis=1) if found.dtype == np.uint8 else found
        arrays[name] = torch.from_numpy(bits).float()
    return arrays
