"""The language holds, a wrong one changes nothing, and all words are in each."""

import re
from string import Formatter

import pytest
import torch

import embedlinear
from embedlinear.book import language, use_language
from embedlinear.book.language import LANGUAGES, current_language, labels
from embedlinear.language import _MESSAGES
from embedlinear.vectors import WordVectors, load_vectors
from embedlinear.vectors.files import formats
from tests.conftest import ROOT

HAN = re.compile(r"[\u4e00-\u9fff]")
SOURCE = "".join(
    path.read_text("utf-8") for path in (ROOT / "src/embedlinear").rglob("*.py")
)

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
        words = {*map(str, label.values())}
        # A name stays as it is.
        assert len(words) == len(LANGUAGES) or words == {"PyTorch"}, name
        assert not HAN.search(str(label["en"])), name
        fields = [sorted(re.findall(r"{\w+}", str(words))) for words in label.values()]
        assert fields == fields[:1] * len(LANGUAGES), name


def fields(text):
    return {name for _, name, *_ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", _MESSAGES)
def test_every_message_has_every_language_and_is_used(name):
    parts = _MESSAGES[name]
    english = parts.get("text", "") + parts.get("en", "")
    assert english and parts.keys() <= {"text", *LANGUAGES}
    assert fields(parts["zh"]) <= {*fields(english), "count"}
    assert not HAN.search(english)
    assert HAN.search(parts["zh"]) or not re.search(
        r"\w", re.sub("{.*?}", "", parts["zh"])
    )
    assert f'"{name}"' in SOURCE or name.startswith(("set-", "other_"))


@pytest.mark.parametrize("name", LANGUAGES)
def test_errors_and_reports_are_in_the_readers_language(name, tmp_path):
    use_language(name)
    with pytest.raises(IndexError) as range_error:
        embedlinear.Embedding(3, 5)(torch.tensor([1, 3]))
    with pytest.raises(RuntimeError) as shape_error:
        embedlinear.Linear(5, 3).set_weight(torch.zeros(5, 3))
    (tmp_path / "page.vec").write_text("<html>", "utf-8")
    with pytest.raises(ValueError) as file_error:
        load_vectors(tmp_path / "page.vec")
    coverage = WordVectors(["a"], torch.ones(1, 2)).coverage(["A", "b"])
    texts = [str(e.value) for e in (range_error, shape_error, file_error)]
    assert texts[0].startswith("index out of range in self: input[1] = 3 at position")
    assert texts[1].startswith("set_weight(): shape mismatch for weight: it is ")
    assert "page.vec: this is an HTML page, which" in texts[2]
    for text in [*texts, str(coverage), *(one["cure"][name] for one in formats())]:
        assert bool(HAN.search(text)) == (name == "zh"), text
