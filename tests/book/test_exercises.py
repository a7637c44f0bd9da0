"""check: right answers pass, near misses do not, and the hint never holds the answer."""

import pytest
import torch

from embedlinear.book import check, use_language
from embedlinear.book.language import current_language


@pytest.fixture(autouse=True)
def english():
    before = current_language()
    use_language("en")
    yield
    use_language(before)


def fail():
    raise IndexError("secret")


RIGHT = [
    (3, 3),
    (3, torch.tensor(3)),
    (3.0, 3),
    (0.3333, 1 / 3),
    (0.6667, 2 / 3),
    (1 + 2j, 1 + 2j),
    (True, True),
    ("优", "优"),
    (None, None),
    (torch.float32, torch.float32),
    ((2, 5), torch.Size([2, 5])),
    ([2, 5], torch.Size([2, 5])),
    ([], torch.Size([])),
    ([1.2346, 2], torch.tensor([1.23456, 2.0])),
    (torch.ones(2, 3), torch.ones(2, 3, dtype=torch.float64)),
    (torch.ones(2), torch.ones(2, requires_grad=True)),
    (torch.ones(2, requires_grad=True), [1, 1]),
    ([torch.ones(2), (1, "a")], (torch.ones(2), [1, "a"])),
    (torch.tensor([True, False]), torch.tensor([True, False])),
    (float("nan"), float("nan")),
    (float("inf"), float("inf")),
    (10**30, 10**30),
    (ValueError, ValueError),
    ({"a": 1}, {"a": 1}),
]
WRONG = [
    (3, 4, "value"),
    (0.3334, 1 / 3, "value"),
    (0.333, 1 / 3, "value"),
    (True, 1, "type"),
    (1, True, "type"),
    (False, True, "value"),
    ("3", 3, "type"),
    (3, "3", "type"),
    (None, 3, "type"),
    (float("inf"), 3, "value"),
    (1e9, 1e9 + 1, "value"),
    ("优", "良", "value"),
    ((2, 5), torch.Size([5, 2]), "value"),
    ((2, 5, 1), torch.Size([2, 5]), "value"),
    (2, (2,), "type"),
    ([1, "a"], [1, "b"], "value"),
    (torch.ones(2, 3), torch.ones(3, 2), "shape"),
    (torch.ones(1), torch.ones(3), "shape"),
    (torch.ones(2), torch.tensor([1, 1.0002]), "value"),
    ("x", torch.ones(2), "type"),
    ([[1], [1, 2]], torch.ones(2), "type"),
    (IndexError, 3, "no error"),
]


@pytest.mark.parametrize("prediction, answer", RIGHT)
def test_right(prediction, answer):
    assert check(prediction, lambda: answer) == "✓ Correct"


@pytest.mark.parametrize("prediction, answer, hint", WRONG)
def test_wrong(prediction, answer, hint):
    verdict = check(prediction, lambda: answer)
    assert verdict.startswith("✗ Not yet: you wrote ")
    assert hint in verdict.split("; ")[-1]


@pytest.mark.parametrize(
    "prediction, starts",
    [
        (IndexError, "✓"),
        (LookupError, "✓"),
        (ValueError, "✗"),
        (Exception, "✗"),
        (BaseException, "✗"),
        (0, "✗"),
        (int, "✗"),
    ],
)
def test_a_run_that_raises(prediction, starts):
    verdict = check(prediction, fail)
    assert verdict.startswith(starts)
    assert "secret" not in verdict


def test_unanswered_does_not_run_and_reveals_nothing():
    assert check(..., fail) == "○ Not answered yet"
    use_language("zh")
    assert check(..., fail) == "○ 还没有作答"


def test_chinese():
    use_language("zh")
    assert check(1, lambda: 1) == "✓ 对了"
    assert check(2, lambda: 1).startswith("✗ 再想想：你写的是 2")


def test_the_hint_does_not_hold_the_answer():
    assert "8765" not in check(1, lambda: 8765)
    assert "0.5" not in check(torch.ones(2), lambda: torch.full((2,), 0.5))
    assert "IndexError" not in check(ValueError, fail)


def test_it_shows_without_quotes_and_on_one_line():
    verdict = check(torch.zeros(99, 99), lambda: 1)
    assert repr(verdict) == str(verdict)
    assert "'" not in repr(check(1, lambda: 1))
    assert "\n" not in verdict and len(verdict) < 160


@pytest.mark.parametrize("run", [3, None, torch.ones(1)])
def test_run_must_be_a_function(run):
    with pytest.raises(TypeError, match="run is .* must be a function"):
        check(3, run)
