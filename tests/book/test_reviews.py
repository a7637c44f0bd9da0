"""The experiments of the chapter ``training``, against plain Python and PyTorch."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from embedlinear.book import reviews
from tests.conftest import ROOT

DATA = ROOT / "src" / "embedlinear" / "book" / "data"


def test_the_extracts_name_nobody_and_every_file_is_licensed():
    tweets = [r.text for r in reviews.read("en") if r.source == "tweets"]
    assert tweets
    assert not any("@" in text.replace("@anonymous", "") for text in tweets)
    licences = sorted(DATA.glob("reviews-*LICENSE.txt"))
    licence = "\n".join(file.read_text(encoding="utf-8") for file in licences)
    mine = {*DATA.glob("reviews-*"), *DATA.glob("training-*")} - set(licences)
    assert all(file.name in licence for file in mine) and len(mine) == 5
    for holder in ("2013-2014 isnowfy", "2016 C.J. Hutto"):
        assert f"Copyright (c) {holder}" in licence


def test_units_vocabulary_and_bags():
    assert reviews.bigrams("质量很好，OK不错") == ["质量", "量很", "很好", "不错"]
    assert reviews.bigrams("好") == reviews.bigrams("") == []
    assert reviews.characters("一般，好") == ["一般", "好"]
    words = reviews.words("It isn't BAD, it's 5 o'clock")
    assert words == ["it", "is", "n't", "bad", "it", "'s", "o", "'clock"]
    lists = [["b", "a"], ["a", "c", "b", "a"]]
    assert reviews.vocabulary(lists, 3) == {"a": 1, "b": 2}
    bags = reviews.bags([["a", "x", "b"], [], ["b"] * 9], {"a": 1, "b": 2}, longest=3)
    assert bags.dtype == torch.int64
    assert bags.tolist() == [[1, 2, 0], [0, 0, 0], [2, 2, 2]]


def test_strong_says_nothing_of_source_and_sign():
    texts = reviews.read("en")
    strong, good = reviews.strong(texts).float(), reviews.favourable(texts).float()
    assert abs(torch.corrcoef(torch.stack([strong, good]))[0, 1]) < 0.02
    for source in ("movies", "amazon", "tweets"):
        here = torch.tensor([review.source == source for review in texts])
        assert 0.45 <= strong[here].mean() <= 0.5, source


def test_gaps_are_units_and_their_neighbours():
    around, units = reviews.gaps(torch.tensor([[1, 2, 3, 0], [4, 0, 0, 0]]))
    assert units.tolist() == [1, 2, 3]  # one that stands alone has none
    assert around.tolist() == [[0, 2, 0, 3], [1, 3, 0, 0], [2, 0, 1, 0]]
    around, _ = reviews.gaps(torch.tensor([[1, 2, 3, 4]]), near=(2, 3))
    assert around.tolist() == [[0, 3, 0, 4], [0, 4, 0, 0], [1, 0, 0, 0], [2, 0, 1, 0]]


def test_ppmi_against_plain_python():
    lists = [[1, 2, 3, 1, 0, 0], [2, 2, 4, 0, 0, 0], [3, 0, 0, 0, 0, 0]]
    size, window, counts = 5, 2, Counter()
    for row in lists:
        row = [unit for unit in row if unit]
        for i, a in enumerate(row):
            near = [j for j in range(len(row)) if 0 < abs(i - j) <= window]
            counts.update((a, row[j]) for j in near)
    single = [sum(n for (b, _), n in counts.items() if b == a) for a in range(size)]
    got = reviews.ppmi(torch.tensor(lists), size, window)
    for a in range(size):
        for b in range(size):
            joint = counts[a, b] * sum(single)
            wanted = max(0, math.log(joint / (single[a] * single[b]))) if joint else 0
            assert got[a, b].item() == pytest.approx(wanted, abs=1e-5), (a, b)


def test_the_classifier_is_embedding_bag_and_linear():
    start = reviews.random_start(9, 4, 1, seed=3)
    model = reviews.Classifier(start, classes=3)
    bags = torch.tensor([[1, 2, 0, 0], [8, 8, 3, 0], [0, 0, 0, 0]])
    theirs = nn.EmbeddingBag.from_pretrained(start, mode="mean", padding_idx=0)
    assert torch.allclose(model(bags), model.linear(theirs(bags)), atol=1e-6)
    assert model.embedding.weight.data_ptr() != start.data_ptr()  # the start is copied


def trained(steps, freeze=False):
    """A toy that can be learnt: its table, the accuracies on the way, and the start."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bags = torch.randint(1, 12, (300, 1), generator=torch.Generator().manual_seed(0))
    labels = (bags[:, 0] <= 5).long().to(device)
    bags = torch.cat([bags, bags, torch.zeros_like(bags)], dim=1).to(device)
    torch.manual_seed(0)
    start = reviews.random_start(12, 8, 0.1, seed=0)
    model = reviews.Classifier(start, freeze=freeze).to(device)
    watch = lambda model: reviews.accuracy(model, bags, labels)  # noqa: E731
    said = reviews.train(model, bags, labels, steps, every=100, watch=watch)
    return model.embedding.weight.detach().cpu(), said, start


def test_training_learns_and_is_the_same_twice():
    (table, said, start), (again, twice, _) = trained(200), trained(200)
    assert torch.equal(table, again) and said == twice
    assert len(said) == 3 and said[0] < 0.9 and said[-1] == 1
    assert not table[0].any() and (table[1:] != start[1:]).any(dim=1).all()
    frozen, _, start = trained(20, freeze=True)
    assert torch.equal(frozen, start)


def test_cosine_and_resample():
    table = torch.tensor([[0.0, 0], [2, 0], [0, 3], [-5, 0]], requires_grad=True)
    assert reviews.cosine(table, [[1, 2], [1, 3], [1, 1]]).tolist() == [0, -1, 1]
    drawn = reviews.resample(1000, seed=4)
    assert torch.equal(drawn, reviews.resample(1000, seed=4)) and len(drawn) == 1000
    assert 0.6 < len(drawn.unique()) / 1000 < 0.66  # 1 - 1/e


@pytest.mark.weekly  # the experiment itself is run once in a while
def test_models_side_by_side_train_as_each_alone():
    """The engine of the long run (tools.once) against the chapter's Classifier."""
    from tools.once.side_by_side import Models

    texts = reviews.read("zh")[:1500]
    lists = [reviews.bigrams(text.text) for text in texts]
    bags = reviews.bags(lists, reviews.vocabulary(lists, 500))
    labels, pool = reviews.favourable(texts), np.arange(500, 1500)
    starts = [reviews.random_start(500, 8, scale, 0) for scale in (1, 0.1, 1)]
    together = Models((bags, labels), starts, pool, seed=3, frozen=[2])
    together.run(20)
    right = together.right(slice(0, 500)).mean(axis=1)
    tables = together.parameters[0].unflatten(1, (3, 8)).unbind(dim=1)
    for place, start in enumerate(starts):
        torch.manual_seed(3)
        alone = reviews.Classifier(start, freeze=place == 2)
        trained = [p for p in alone.parameters() if p.requires_grad]
        optimizer, draw = torch.optim.Adam(trained, lr=0.01), np.random.default_rng(3)
        for _ in range(20):
            rows = pool[draw.integers(len(pool), size=128)]
            optimizer.zero_grad()
            F.cross_entropy(alone(bags[rows]), labels[rows]).backward()
            optimizer.step()
        wanted = alone.embedding.weight
        torch.testing.assert_close(tables[place], wanted, rtol=0, atol=1e-4)
        assert torch.equal(wanted, start) == (place == 2)
        wanted = reviews.accuracy(alone, bags[:500], labels[:500])
        assert abs(right[place] - wanted) < 0.01
