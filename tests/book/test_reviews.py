"""The experiments of the chapter ``training``: against plain Python, numpy and PyTorch."""

import json
import math
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from embedlinear.book import reviews

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "embedlinear" / "book" / "data"

# ------------------------------------------------------------------------------- texts and units


@pytest.mark.parametrize("language, count", [("zh", 5000), ("en", 7000)])
def test_the_extract(language, count):
    texts = reviews.read(language)
    assert len({review.text for review in texts}) == len(texts) == count
    assert all(
        review.text.strip() and review.rating and review.copies >= 1 for review in texts
    )
    assert all(
        "@" not in review.text.replace("@anonymous", "")
        for review in texts
        if review.source == "tweets" and language == "en"
    ), "a name of a person"
    favourable = reviews.favourable(texts).float().mean().item()
    assert 0.3 < favourable < 0.7


def test_origins_and_licences_come_along():
    text = (DATA / "reviews-LICENSE.txt").read_text(encoding="utf-8")
    for name in (
        "reviews-zh.tsv",
        "reviews-en.tsv",
        "reviews-glove.npz",
        "training-results.json",
    ):
        assert f"\n{name}\n" in text and (DATA / name).exists()
    for holder in ("isnowfy", "C.J. Hutto"):
        assert (
            f"Copyright (c) 20{'13-2014' if holder == 'isnowfy' else '16'} {holder}"
            in text
        )
    mine = [*DATA.glob("reviews-*"), DATA / "training-results.json"]
    assert sum(file.stat().st_size for file in mine) < 1.5e6  # the package stays small


def test_units():
    assert reviews.bigrams("质量很好，OK不错") == ["质量", "量很", "很好", "不错"]
    assert reviews.bigrams("好") == reviews.bigrams("") == []
    assert reviews.characters("一般，好") == ["一般", "好"]
    assert reviews.words("It isn't BAD, it's 5 o'clock") == [
        "it",
        "is",
        "n't",
        "bad",
        "it",
        "'s",
        "o",
        "'clock",
    ]


def test_vocabulary_is_the_commonest_from_1():
    lists = [["b", "a"], ["a", "c", "b", "a"]]
    assert reviews.vocabulary(lists, 3) == {"a": 1, "b": 2}
    assert reviews.vocabulary(lists, 99) == {"a": 1, "b": 2, "c": 3}


def test_bags_are_padded_cut_and_know_no_stranger():
    got = reviews.bags([["a", "x", "b"], [], ["b"] * 9], {"a": 1, "b": 2}, longest=3)
    assert (
        got.tolist() == [[1, 2, 0], [0, 0, 0], [2, 2, 2]] and got.dtype == torch.int64
    )


# ------------------------------------------------------------------------------------- the labels


def test_strong_says_nothing_of_source_and_sign():
    texts = reviews.read("en")
    strong, good = reviews.strong(texts).float(), reviews.favourable(texts).float()
    assert abs(torch.corrcoef(torch.stack([strong, good]))[0, 1]) < 0.02
    for source in ("movies", "amazon", "tweets"):
        here = torch.tensor([review.source == source for review in texts])
        assert 0.45 <= strong[here].mean() <= 0.5, source


@given(
    st.lists(
        st.lists(st.integers(0, 5), min_size=6, max_size=6), min_size=1, max_size=4
    ),
    st.sampled_from([(1,), (1, 2), (2, 3)]),
)
@settings(max_examples=60, deadline=None)
def test_gaps_against_plain_python(rows, near):
    expected = []
    for row in rows:
        for place, unit in enumerate(row):
            around = [
                row[at] if 0 <= (at := place + step) < len(row) else 0
                for distance in near
                for step in (-distance, distance)
            ]
            if unit and any(around):
                expected.append((around, unit))
    around, units = reviews.gaps(torch.tensor(rows), near)
    assert list(zip(around.tolist(), units.tolist())) == expected


# ------------------------------------------------------------------------ vectors made beforehand


def test_ppmi_against_plain_python():
    lists = torch.tensor([[1, 2, 3, 1, 0, 0], [2, 2, 4, 0, 0, 0], [3, 0, 0, 0, 0, 0]])
    size, window = 5, 2
    counts = Counter()
    for row in lists.tolist():
        row = [unit for unit in row if unit]
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                if 0 < abs(i - j) <= window:
                    counts[a, b] += 1
    single = {a: sum(n for (b, _), n in counts.items() if b == a) for a in range(size)}
    total = sum(counts.values())
    got = reviews.ppmi(lists, size, window)
    for a in range(size):
        for b in range(size):
            n = counts[a, b]
            wanted = max(0, math.log(n * total / (single[a] * single[b]))) if n else 0
            assert got[a, b].item() == pytest.approx(wanted, abs=1e-5), (a, b)


def test_vectors_are_the_best_of_their_width():
    draw = torch.Generator().manual_seed(0)
    half = torch.randn(80, 12, generator=draw)
    matrix = half @ half.T
    matrix[0] = matrix[:, 0] = 0  # the padding row
    got = reviews.vectors(matrix, width=12)
    assert got.shape == (80, 12) and not got[0].any()
    assert got[1:].std().item() == pytest.approx(1)
    # Rank 12 is kept whole: the inner products are the matrix again, up to the scale.
    again = (got @ got.T).numpy()
    assert np.allclose(again / again.max(), (matrix / matrix.max()).numpy(), atol=1e-3)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert torch.equal(reviews.vectors(matrix, width=12), got)
    assert torch.equal(
        torch.get_rng_state(), before
    )  # the reader's own numbers stay as they were


def test_glove_rows_stand_in_the_vocabulary_s_order():
    got = reviews.glove({"great": 1, "zzyzx": 2, "terrible": 3, "excellent": 4})
    cosine = reviews.cosine(got, [[1, 4], [2, 4]])
    assert got.shape == (5, 50) and not got[0].any()
    assert cosine[0] > 0.6 > cosine[1]
    assert torch.equal(
        got, reviews.glove({"great": 1, "zzyzx": 2, "terrible": 3, "excellent": 4})
    )


# ------------------------------------------------------------------------------ model and training


def test_the_classifier_is_embedding_bag_and_linear():
    start = reviews.random_start(9, 4, 1, seed=3)
    model = reviews.Classifier(start, classes=3)
    bags = torch.tensor([[1, 2, 0, 0], [8, 8, 3, 0], [0, 0, 0, 0]])
    theirs = nn.EmbeddingBag.from_pretrained(start, mode="mean", padding_idx=0)
    assert torch.allclose(model(bags), model.linear(theirs(bags)), atol=1e-6)
    assert (
        model.embedding.weight.data_ptr() != start.data_ptr()
    )  # training leaves the start alone


def toy():
    draw = torch.Generator().manual_seed(0)
    bags = torch.randint(1, 12, (300, 5), generator=draw)
    return bags, (bags[:, 0] <= 5).long()


def test_training_learns_and_is_the_same_twice():
    bags, labels = toy()
    bags = torch.cat([bags[:, :1], bags[:, :1]], dim=1)
    runs, tables = [], []
    for _ in range(2):
        torch.manual_seed(0)
        model = reviews.Classifier(reviews.random_start(12, 8, 0.1, seed=0))
        runs.append(
            reviews.train(
                model,
                bags,
                labels,
                steps=200,
                every=100,
                watch=lambda m: reviews.accuracy(m, bags, labels),
            )
        )
        tables.append(model.embedding.weight.detach())
    assert runs[0] == runs[1] and len(runs[0]) == 3
    assert torch.equal(*tables)
    assert runs[0][-1] == 1 and runs[0][0] < 0.9


def test_frozen_stays_and_padding_stays_zero():
    bags, labels = toy()
    start = reviews.random_start(12, 8, 1, seed=0)
    frozen, free = reviews.Classifier(start, freeze=True), reviews.Classifier(start)
    for model in (frozen, free):
        reviews.train(
            model, torch.cat([bags, torch.zeros_like(bags)], dim=1), labels, steps=20
        )
    assert torch.equal(frozen.embedding.weight, start)
    assert not free.embedding.weight[0].any()
    assert (free.embedding.weight[1:] != start[1:]).any(dim=1).all()


def test_cosine_and_resample():
    table = torch.tensor([[0.0, 0], [2, 0], [0, 3], [-5, 0]], requires_grad=True)
    assert reviews.cosine(table, [[1, 2], [1, 3], [1, 1]]).tolist() == [0, -1, 1]
    drawn = reviews.resample(1000, seed=4)
    assert torch.equal(drawn, reviews.resample(1000, seed=4)) and len(drawn) == 1000
    assert 0.6 < len(drawn.unique()) / 1000 < 0.66  # 1 - 1/e


def test_a_table_reads_in_both_ways():
    table = reviews.Table(["a", "b"], [["1 < 2", "[1, 2]"]])
    assert repr(table) == "a | b\n1 < 2 | [1, 2]"
    rows = [
        [cell.text for cell in row]
        for row in ElementTree.fromstring(
            table._repr_html_().replace("&nbsp;", "\u00a0")
        ).iter("tr")
    ]
    assert rows == [["a", "b"], ["1 < 2", "[1,\u00a02]"]]


# ------------------------------------------------------------------------------- the full results


def test_full_results_say_how_they_were_made():
    full = reviews.full_results()
    about = full["about"]
    assert {
        "date",
        "machine",
        "python",
        "torch",
        "command",
        "runs",
        "seconds",
    } <= about.keys()
    assert about["command"] == "python tools/train_reviews.py run _build/reviews"
    assert set(about["seconds"]) == set(full) - {"about"}
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from tools import train_reviews
    finally:
        sys.path.pop(0)
    assert set(train_reviews.TASKS) <= set(full), "a task of the script was not run"
    for task, (units, _, _, samples) in train_reviews.TASKS.items():
        assert list(full[task]["pairs"]) == [
            "·".join(pair.split()) for pair in train_reviews.PAIRS[units]
        ]
        runs = [*full[task]["pairs"].values(), full[task]["chance"]]
        assert all(len(run) == samples for run in runs)
        assert all(
            -1 <= value <= 1 for run in runs for sample in run for value in sample
        )
    for language in ("zh", "en"):
        for arms in full[f"start {language}"]["labels"].values():
            assert all(len(arm["test"]) == train_reviews.SEEDS for arm in arms.values())
    assert json.dumps(full)  # plain numbers, no NaN would be equal to itself
    assert "NaN" not in json.dumps(full)


def ends(task, pair):
    return [run[-1] for run in reviews.full_results()[task]["pairs"][pair]]


def test_what_the_chapter_says_of_the_full_results():
    """The sentences of the chapter that no cell proves, one by one."""
    assert max(ends("en review words", "excellent·poor")) < -0.9
    assert min(ends("en strength words", "excellent·poor")) > 0.8
    assert max(ends("en strength words", "excellent·decent")) < -0.7
    assert min(ends("en gap words", "good·bad")) > 0.3
    ends_of = {
        task: {
            pair: ends(f"zh {task} bigrams", pair)
            for pair in ("很好·不错", "很好·很差", "很差·太差")
        }
        for task in ("review", "gap", "coin")
    }
    assert min(ends_of["review"]["很好·不错"] + ends_of["review"]["很差·太差"]) > 0
    assert (
        max(ends_of["review"]["很好·很差"]) < 0 < min(sum(ends_of["gap"].values(), []))
    )
    assert max(ends("zh review bigrams", "很好·一般")) > 0  # no verdict
    assert all(
        min(runs) < -0.3 and max(runs) > 0.3 for runs in ends_of["coin"].values()
    )
    review, gap = "zh review characters", "zh gap characters"
    for pair in ("优·良", "优·差"):
        assert min(ends(review, pair)) < -0.5 and max(ends(review, pair)) > 0.5
    for pair in ("好·一般", "好·差"):
        assert max(ends(review, pair)) < 0
    assert max(ends(gap, "优·良")) < 0 < min(ends(gap, "优·差"))
    chance = [run[-1] for run in reviews.full_results()[gap]["chance"]]
    assert all(
        low < any_two < high
        for low, any_two, high in zip(
            ends(gap, "优·良"), chance, ends(gap, "优·差"), strict=True
        )
    )
    after_100 = {
        pair: [run[2] > 0 for run in reviews.full_results()[review]["pairs"][pair]]
        for pair in ("优·良", "优·差")
    }
    assert sum(after_100["优·良"]) >= 17 and sum(after_100["优·差"]) <= 3
    leak = reviews.full_results()["leak"]
    by_text = torch.tensor(leak["by text"]["test"]).mean(dim=0)
    assert (
        by_text.argmax() == 1 and by_text[-1] < by_text[1] - 0.03
    )  # best after 100 steps
    assert min(leak["by row"]["seen"]) > 0.75 and max(leak["by text"]["seen"]) == 0


def test_training_runs_on_any_device():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bags, labels = toy()
    model = reviews.Classifier(reviews.random_start(12, 8, 0.1, seed=0)).to(device)
    said = reviews.train(
        model,
        bags.to(device),
        labels.to(device),
        steps=1,
        every=1,
        watch=lambda m: reviews.cosine(m.embedding.weight, [[1, 2]]),
    )
    assert len(said) == 2 and said[0].device.type == "cpu"
