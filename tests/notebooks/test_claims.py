"""The page source-check says only what was computed about the note.

nbval runs the page's cells again, including the tests of all claims. These tests check the
rest: that verdicts follow from cases, and that findings contain no numbers of their own.
"""

import re
from string import Formatter

import pytest
import torch

from embedlinear.book import source, use_language
from embedlinear.book.claims import fill, load
from embedlinear.book.proofs import Tried
from tests.conftest import ROOT
from tests.notebooks.rules import Book

BOOK = Book(ROOT)
CLAIMS = {claim["id"]: claim for claim in load("claims")["claims"]}
VERDICTS = {
    "holds": "C1 C3 C7 C10 C11 C16 C20",
    "holds with a condition": "C2 C5 C6 C9 C14 C17 C18 C19",
    "depends": "C4 C13",
    "does not hold": "C8 C12 C15",
}


@pytest.mark.parametrize(
    "verdict, cases",
    [
        ("holds", {"claimed": [True, True]}),
        (
            "holds with a condition",
            {"claimed": [True, False], "condition": [True, False]},
        ),
        ("depends", {"claimed": [True, False]}),
        ("does not hold", {"claimed": [False], "corrected": [True]}),
        ("does not hold", {"claimed": [True, False], "corrected": [True, True]}),
        (None, {"claimed": []}),
        (None, {"claimed": [False]}),
        (None, {"claimed": [True, False], "condition": [True, True]}),
        (None, {"claimed": [True, False], "condition": [False, True]}),
        (None, {"claimed": [False], "corrected": [False]}),
        (None, {"claimed": [False, False], "condition": [False, False]}),
    ],
)
def test_a_verdict_follows_from_the_cases(verdict, cases):
    if verdict:
        assert Tried(values={}, **cases).verdict == verdict
    else:
        with pytest.raises(ValueError, match="support no verdict"):
            _ = Tried(values={}, **cases).verdict


@pytest.mark.parametrize("language", BOOK.languages)
def test_the_page_has_each_claim_with_its_verdict(language):
    cells = BOOK.pages[language]["source-check"].code
    shown = [out["data"] for cell in cells for out in cell.outputs if "data" in out]
    text = "".join("".join(data.get("text/markdown", "")) for data in shown)
    rows = re.findall(
        r'<a id="claim-c\d+"></a>\*\*(C\d+)\*\*.*? \| \*\*(.*?)\*\*', text
    )
    words = {
        key: verdict[language] for key, verdict in load("claims")["verdicts"].items()
    }
    expected = {name: words[key] for key in VERDICTS for name in VERDICTS[key].split()}
    assert dict(rows) == expected and [row[0] for row in rows] == list(CLAIMS)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_finding_has_no_number_or_answer_of_its_own(name):
    """Each sentence holds a value of the proof or asks for one; no digit is prose."""
    fields = []
    for finding in CLAIMS[name]["finding"].values():
        fields.append(sorted(f for _, f, _, _ in Formatter().parse(finding) if f))
        values = re.sub(r"`?\{.*?\}`?", "{}", finding)
        words = re.sub("`.*?`", "", values)
        assert not re.search(r"\d", words), words
        for sentence in re.findall(r"[^.?。？]+[.?。？]", words):
            assert "{}" in sentence or sentence[-1] in "?？", sentence
        assert "{}" in re.split("[?？]", words)[-1], "a question without an answer"
    assert fields[0] == fields[1], "both languages report the same"


def test_a_finding_uses_what_the_proof_returns():
    assert fill("{n:.1f}, {yes}", {"n": 2, "yes": False}) in ("2.0, No", "2.0, 否")
    for values in ({"n": 2, "default": 3}, {}):  # one value too many, one too few
        with pytest.raises(ValueError, match="the finding"):
            fill("The default is {n}.", values)


def test_a_digit_or_a_mark_that_differs_is_seen():
    """The page itself compares all that the note printed; nbval runs it again."""
    use_language("en")
    computed = {
        cell: torch.tensor([[*map(float, row.split())] for row in output.rows])
        for cell, output in source.printed().items()
        if output.section == "1.2"
    }
    for cell in (40, 41):
        computed[cell].requires_grad_()
    assert "different" not in source.comparison(computed, "1.2")
    wrong = computed[40].detach().clone().requires_grad_()
    wrong.data[1, 1] += 0.001
    lines = source.comparison(computed | {40: wrong}, "1.2").splitlines()
    assert ["different" in line for line in lines[1:6:2]] == [False, True, False]
    untrained = computed | {40: computed[40].detach()}
    assert source.comparison(untrained, "1.2").count("different") == 3
