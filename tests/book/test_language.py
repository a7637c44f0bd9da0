"""The language holds, a wrong one changes nothing, and every label has each."""

import re

import pytest
import torch

from embedlinear.book import language, use_language
from embedlinear.book.language import LANGUAGES, current_language, labels

LABELS = {
    f"{section}.{key}": label
    for section, group in language._LABELS.items()
    for key, label in group.items()
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_choice_holds(name):
    assert use_language(name) is None  # a set-up cell that ends with it shows nothing
    assert current_language() == name
    assert labels("figures")["output"] == LABELS["figures.output"][name]


@pytest.mark.parametrize("wrong", ["fr", "ZH", "", None, 1, ["zh"], torch.ones(2)])
def test_a_wrong_choice_is_refused_and_changes_nothing(wrong):
    use_language("zh")
    with pytest.raises(ValueError, match='use_language: language is .*"zh" or "en"'):
        use_language(wrong)
    assert current_language() == "zh"


def test_every_label_has_every_language():
    for name, label in LABELS.items():
        assert label.keys() == {*LANGUAGES}, name
        assert len({*map(str, label.values())}) == len(LANGUAGES), name
        assert not re.search(r"[\u4e00-\u9fff]", str(label["en"])), name
        fields = [sorted(re.findall(r"{\w+}", str(words))) for words in label.values()]
        assert fields == fields[:1] * len(LANGUAGES), name
