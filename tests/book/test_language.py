"""use_language: the choice holds, and a wrong one changes nothing."""

import ast
from pathlib import Path

import pytest
import torch

from embedlinear.book import language, use_language
from embedlinear.book.language import current_language


@pytest.fixture(autouse=True)
def restore():
    before = current_language()
    yield
    use_language(before)


@pytest.mark.parametrize("name", ["zh", "en"])
def test_the_choice_holds(name):
    assert use_language(name) is None  # a set-up cell that ends with it shows nothing
    assert current_language() == name


def test_english_until_chosen():
    # Read from the source: other tests of this process may have chosen already.
    tree = ast.parse(Path(language.__file__).read_text(encoding="utf-8"))
    values = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "_current"
    ]
    assert values == ["en"]


@pytest.mark.parametrize("wrong", ["fr", "ZH", "", None, 1, ["zh"], torch.ones(2)])
def test_a_wrong_choice_is_refused_and_changes_nothing(wrong):
    use_language("zh")
    with pytest.raises(ValueError, match='use_language: language is .*"zh" or "en"'):
        use_language(wrong)
    assert current_language() == "zh"
