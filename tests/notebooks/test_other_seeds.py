"""What a chapter says from a few seeds, tried with 200 others: how often does it hold?

Each case of seeds.toml executes cells of a chapter, then judges its functions' results
seed by seed.
"""

import tomllib
from pathlib import Path

import pytest
import torch

from tests.conftest import ROOT
from tests.notebooks.rules import Book

PAGES = Book(ROOT).pages["en"]
CASES = tomllib.loads(Path(__file__).with_name("seeds.toml").read_text("utf-8"))


@pytest.mark.weekly
@pytest.mark.parametrize("name", CASES)
def test_with_200_other_seeds(name):
    case, names = CASES[name], {"seeds": range(1000, 1200)}
    for cell in PAGES[case["page"]].code:
        if "setup" in cell.tags or cell.id in case["cells"].split():
            source = cell.source.removeprefix("%xmode Minimal")
            exec(source.replace("manual_seed(1)", "manual_seed(1000)"), names)
    agrees = eval(case["agree"], names)
    held = torch.tensor([bool(one) for one in agrees]).float()
    print(f"{name}: {held.mean():.1%} of {len(held)}")
    assert held.mean() >= case["least"]
