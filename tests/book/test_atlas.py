"""The atlas: every row's verdict and words, and differences planted in the layers."""

import json
import re
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from embedlinear.atlas import SITUATIONS, SIZES, STAGES, Size, judge, kinds
from embedlinear.atlas.__main__ import main
from embedlinear.atlas.situations import TABLE
from embedlinear.book.atlas import PINNED, again, stored
from tests.conftest import ROOT

VERDICTS = stored()[PINNED]["verdicts"]
SAME = [
    (name, stage)
    for name, verdicts in VERDICTS.items()
    for stage, verdict in verdicts.items()
    if verdict.kind == "same" and not SITUATIONS[name].weekly
]


# The chapter runs the others.
GROUPS = [group for group in TABLE["groups"] if group not in ("arguments", "devices")]


@pytest.mark.parametrize("group", GROUPS)
def test_every_verdict_is_the_stored_one(group):
    assert again(group)[group]["differ"] == []


@pytest.mark.weekly
@pytest.mark.parametrize("name", [n for n, s in SITUATIONS.items() if s.weekly])
def test_slow_verdicts_are_the_stored_ones(name):
    assert kinds(judge(SITUATIONS[name])) == kinds(VERDICTS[name])


def test_each_row_is_judged_and_has_its_words_in_both_languages():
    assert f"torch=={PINNED}" in (ROOT / "constraints.txt").read_text().splitlines()
    assert len(SITUATIONS) >= 60
    for version, kept in stored().items():
        assert set(kept["verdicts"]) == set(SITUATIONS), version
    rows = [row for group in TABLE["groups"].values() for row in group.values()]
    assert {row["because"] for row in rows} == set(TABLE["reasons"])
    for entry in [*rows, *TABLE["reasons"].values()]:
        assert entry["zh"].strip() and entry["en"].strip(), entry
    for reason in TABLE["reasons"].values():
        assert reason["zh"].endswith("。") and reason["en"].endswith("."), reason
        assert "#" in reason["link"] or reason["link"].startswith("https://"), reason


def planted(*names):
    """Two classes that differ from torch.nn's in what ``names`` says."""

    class Table(nn.Embedding):
        def __init__(self, *sizes, **options):
            if "frequency" in names:
                options.pop("scale_grad_by_freq", None)  # taken, and forgotten
            super().__init__(*sizes, **options)

        def forward(self, ids):
            if "int16" in names and ids.dtype == torch.int16:
                ids = ids.int()
            if "complex64" in names and self.weight.is_complex():
                return self.weight[ids]  # which PyTorch differentiates
            if "vmap" in names:
                assert ids.numel() == 0 or ids.min().item() < len(self.weight)
            return super().forward(ids)

    class Product(nn.Linear):
        def __init__(self, *sizes, **options):
            if "bias" in names:
                options["bias"] = False
            super().__init__(*sizes, **options)

        def forward(self, x):
            on = torch.is_autocast_enabled("cpu") and "autocast" not in names
            with torch.autocast("cpu", torch.bfloat16, enabled=on):
                return super().forward(x)

    return Table, Product


PLANTED = ["frequency", "int16", "complex64", "vmap", "bias", "autocast"]


@pytest.mark.weekly
def test_planted_differences_flip_their_rows_and_no_other():
    def found(name, *differences):
        options = {"sizes": SIZES[:1], "stages": STAGES[:2]}
        return kinds(judge(SITUATIONS[name], *planted(*differences), **options))

    fast = [name for name in SITUATIONS if not SITUATIONS[name].weekly]
    before, after = ({name: found(name, *d) for name in fast} for d in ((), PLANTED))
    assert {name for name in fast if before[name] != after[name]} == set(PLANTED)
    for name in PLANTED:  # each by itself
        assert found(name, name) == after[name], name


@st.composite
def sizes(draw):
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    ids = draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=60))
    return Size(rows, columns, tuple(ids), draw(st.integers(0, 2**31)))


@pytest.mark.weekly
@settings(max_examples=10_000, suppress_health_check=[*HealthCheck], deadline=None)
@given(row=st.sampled_from(SAME), size=sizes())
def test_bit_for_bit_in_every_size(row, size):
    name, stage = row
    verdict = judge(SITUATIONS[name], sizes=(size,), stages=(stage,))[stage]
    assert verdict.kind == "same", (row, size)


class Zeroed(nn.Embedding):
    def forward(self, ids):
        return super().forward(ids) + 0.0


def test_the_command_takes_two_classes_and_keeps_their_verdicts(monkeypatch, tmp_path):
    path, row = tmp_path / "own.json", "negative-zero"
    classes = f"{__name__}.Zeroed", "torch.nn.Linear"
    arguments = [*classes, "--json", str(path), "--only", row]
    monkeypatch.setattr(sys, "argv", ["atlas", *arguments])
    main()
    (kept,) = json.loads(path.read_text("utf-8")).values()
    assert kept["verdicts"][row]["outputs"] == ["same", 0.0, ""]
    assert VERDICTS[row]["outputs"].kind == "values"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nowhere.Table"], "'nowhere.Table' is not a class .*: No module .* Write"),
        (["torch.nn"], "'torch.nn' is not a class .*: a module. Write"),
        (["torch.nn.Embeding"], "has no attribute 'Embeding'. Write package"),
        (["--json", "/nowhere/own.json"], "/nowhere does not exist; create it first"),
    ],
)
def test_the_command_says_what_it_cannot_find(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["atlas", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert re.search(message, capsys.readouterr().err)
