"""check: right answers pass, near misses do not, no hint holds the answer."""

import json

import numpy as np
import pytest
import torch

from embedlinear.book import check, use_language


def fail():
    raise IndexError("secret")


RIGHT = [
    (0.3333, 1 / 3),
    ([2, 5], torch.Size([2, 5])),
    ([1.2346, 2], torch.tensor([1.23456, 2.0])),
    (np.ones(2), torch.ones(2)),
    (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64)),
    ([torch.ones(2), (1, "a")], (torch.ones(2), [1, "a"])),
    (float("nan"), float("nan")),
    (ValueError, ValueError),
    ({"a": 1}, {"a": 1}),
]
WRONG = [
    (0.3334, 1 / 3, "value"),
    (True, 1, "type"),
    ((2, 5), torch.Size([5, 2]), "value"),
    (torch.ones(2, 3), torch.ones(3, 2), "shape"),
    (torch.ones(2), torch.tensor([1, 1.0002]), "value"),
    (IndexError, 3, "no error"),
]
RAISED = [IndexError, LookupError], [ValueError, Exception, BaseException, 0, int]


def test_right_answers():
    for prediction, answer in RIGHT:
        verdict = check(prediction, lambda: answer)  # noqa: B023
        assert verdict == "✓ Correct", prediction
    for prediction in RAISED[0]:
        assert check(prediction, fail) == "✓ Correct"


def test_wrong_answers_get_a_hint():
    for prediction, answer, hint in WRONG:
        verdict = check(prediction, lambda: answer)  # noqa: B023
        assert verdict.startswith("✗ Not yet: you wrote "), prediction
        assert hint in verdict.split("; ")[-1], prediction
    for prediction in RAISED[1]:
        assert check(prediction, fail).startswith("✗"), prediction


def test_the_hint_does_not_hold_the_answer():
    assert "8765" not in check(1, lambda: 8765)
    assert "0.5" not in check(torch.ones(2), lambda: torch.full((2,), 0.5))
    assert not {"IndexError", "secret"} & {*check(ValueError, fail).split()}


def test_chinese_without_quotes_on_one_line():
    assert check(..., fail) == "○ Not answered yet"  # and does not run
    use_language("zh")
    assert check(..., fail) == "○ 还没有作答" and check(1, lambda: 1) == "✓ 对了"
    verdict = check(torch.zeros(99, 99), lambda: 1)
    assert repr(verdict) == str(verdict) and verdict.startswith("✗ 再想想：你写的是 ")
    assert "\n" not in verdict and len(verdict) < 160


ANSWERS = [
    ((2, 5), [2, 5]),
    (torch.tensor([1.5, float("nan")]), [1.5, "nan"]),
    (1 / 3, 0.333333),
    ([True, False], [True, False]),
    (torch.float32, "torch.float32"),
]


def test_the_page_gets_what_the_cell_computes():
    """The random numbers of later cells do not change."""

    def in_the_form(run):
        html = check(..., run)._repr_html_()
        data = html.partition('json">')[2].partition("</script>")[0]
        return json.loads(data)["answer"]

    for answer, want in ANSWERS:
        assert in_the_form(lambda: answer) == want  # noqa: B023
    assert in_the_form(fail) == {"raises": ["IndexError", "LookupError"]}
    assert "</b>" not in check(..., lambda: "</b>")._repr_html_()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert in_the_form(lambda: torch.rand(()).item()) == pytest.approx(0.496257)
    assert torch.equal(torch.get_rng_state(), before)


def test_run_must_be_a_function():
    with pytest.raises(TypeError, match="run is 3; it must be a function"):
        check(3, 3)
