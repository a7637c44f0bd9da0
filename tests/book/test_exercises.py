"""check: right answers pass, near misses do not, no hint holds the answer."""

import json

import numpy as np
import pytest
import torch

from embedlinear.book import check, use_language


def fail():
    raise IndexError("secret")


RIGHT = None  # no hint
CASES = [
    (0.3333, 1 / 3, RIGHT),
    ([2, 5], torch.Size([2, 5]), RIGHT),
    ([1.2346, 2], torch.tensor([1.23456, 2.0]), RIGHT),
    (np.ones(2), torch.ones(2), RIGHT),
    (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64), RIGHT),
    ([torch.ones(2), (1, "a")], (torch.ones(2), [1, "a"]), RIGHT),
    (float("nan"), float("nan"), RIGHT),
    (ValueError, ValueError, RIGHT),
    ({"a": 1}, {"a": 1}, RIGHT),
    (IndexError, fail, RIGHT),
    (LookupError, fail, RIGHT),
    (0.3334, 1 / 3, "value"),
    (True, 1, "type"),
    ((2, 5), torch.Size([5, 2]), "value"),
    (torch.ones(2, 3), torch.ones(3, 2), "shape"),
    (torch.ones(2), torch.tensor([1, 1.0002]), "value"),
    (IndexError, 3, "no error"),
    *((wrong, fail, "error") for wrong in (ValueError, Exception, BaseException)),
    *((wrong, fail, "error") for wrong in (0, int)),
]


@pytest.mark.parametrize("prediction, answer, hint", CASES)
def test_right_answers_pass_and_wrong_ones_get_a_hint(prediction, answer, hint):
    verdict = check(prediction, answer if answer is fail else lambda: answer)
    if hint:
        assert verdict.startswith("✗ Not yet: you wrote ")
        assert hint in verdict.split("; ")[-1]
    else:
        assert verdict == "✓ Correct"


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
