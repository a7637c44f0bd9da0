"""What is done with word vectors: asking them, putting them into a layer, the command."""

import importlib.util
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from embedlinear import WordVectors, embedding_for
from embedlinear.vectors.__main__ import main


@pytest.fixture
def vectors():
    matrix = [[1, 0], [2, 0.1], [0, 1], [-1, 0], [0, 0]]
    return WordVectors(["good", "fine", "Paris", "bad", "zero"], torch.tensor(matrix))


def test_looking_up(vectors):
    assert len(vectors) == 5 and "good" in vectors and "Good" not in vectors
    assert torch.equal(vectors["fine"], vectors.matrix[1])
    assert torch.equal(vectors[["bad", "good"]], vectors.matrix[[3, 0]])
    with pytest.raises(KeyError, match="'paris'; 'Paris' has one"):
        vectors["paris"]


def test_nearest(vectors):
    cosine = torch.nn.functional.cosine_similarity
    found = vectors.nearest("good", 2)
    assert [word for word, _ in found] == ["fine", "Paris"] or found[1][0] == "zero"
    assert found[0][1] == pytest.approx(
        cosine(vectors["good"], vectors["fine"], dim=0).item()
    )
    assert len(vectors.nearest("good", 100)) == 4
    assert vectors.nearest(vectors["bad"], 1)[0][0] == "bad"
    assert all(value == 0 for _, value in vectors.nearest("zero"))


def test_coverage(vectors):
    coverage = vectors.coverage(["good", "paris", "GOOD", "ugly", "bad"])
    assert coverage.found == ["good", "bad"] and coverage.missing == ["ugly"]
    assert coverage.other_case == {"paris": "Paris", "GOOD": "good"}
    assert coverage.share == 0.4 and "2 of 5 words found (40.0%)" in str(coverage)


def test_questions_that_are_none(vectors):
    for vocabulary, shown in (
        ("good", "one: 'good'"),
        ([1], r"one is 1 \(int\)"),
        (3, r"3 \(int\)"),
    ):
        with pytest.raises(
            TypeError, match=f"vocabulary must be a collection of words.*{shown}"
        ):
            vectors.coverage(vocabulary)
    for key in 0, slice(2), [0], torch.tensor([0]), b"good":
        with pytest.raises(
            TypeError, match=r"the key must be a word or a list of.* \.matrix"
        ):
            vectors[key]
    for word in ["good"], None, {"good"}:
        with pytest.raises(
            TypeError, match=r"one word \(str\) or a vector \(2,\), but it is .*"
        ):
            vectors.nearest(word)
    for word, shape in (
        (torch.ones(3), r"\(3,\)"),
        (torch.ones(1, 2), r"\(1, 2\)"),
        (0, r"\(\)"),
    ):
        with pytest.raises(
            ValueError, match=rf"a vector \(2,\), but its shape is {shape}"
        ):
            vectors.nearest(word)
    assert vectors.nearest([1, 0], 1)[0][0] == "good"


def test_words_and_rows_must_match():
    with pytest.raises(ValueError, match="2 words"):
        WordVectors(["a", "b"], torch.zeros(3, 2))
    with pytest.raises(ValueError, match="comes twice: 'a'"):
        WordVectors(["a", "a"], torch.zeros(2, 2)).index  # noqa: B018


def test_a_layer_in_the_order_of_the_vocabulary(vectors):
    words = ["<pad>", "bad", "unseen", "paris", "good"]
    layer = embedding_for(words, vectors, pad="<pad>")
    assert layer.weight.shape == (5, 2) and not layer.weight.requires_grad
    assert torch.equal(layer.weight[[1, 4]], vectors.matrix[[3, 0]])
    assert layer.padding_idx == 0 and not layer.weight[0].any()
    assert layer.coverage.found == ["bad", "good"] and layer.coverage.missing == [
        "unseen"
    ]
    assert layer.coverage.other_case == {"paris": "Paris"}
    again = embedding_for(dict(zip(words, range(5))), vectors, pad=0)
    assert torch.equal(again.weight, layer.weight)
    assert not torch.equal(
        embedding_for(words, vectors, unknown=1).weight[2], layer.weight[2]
    )


def test_the_pad_stays_zero_while_the_rest_learns(vectors):
    layer = embedding_for(["<pad>", "good", "bad"], vectors, freeze=False, pad="<pad>")
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer(torch.tensor([0, 1, 2])).sum().backward()
    optimizer.step()
    assert not layer.weight[0].any()
    assert torch.allclose(layer.weight[1], vectors["good"] - 0.1)
    assert vectors["good"].tolist() == [1, 0], (
        "the vectors themselves stay as they were"
    )


def test_unknown_words_have_the_scale_of_the_vectors():
    table = (
        torch.randn(1000, 40, generator=torch.Generator().manual_seed(0)) * 0.3 + 0.05
    )
    known = WordVectors([f"w{i}" for i in range(1000)], table)
    weight = embedding_for([f"u{i}" for i in range(1000)], known).weight
    assert weight.std().item() == pytest.approx(0.3, rel=0.02)
    assert weight.mean().item() == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    "vocabulary, options, message",
    [(["a", "a"], {}, "'a' comes twice"), ({"a": 0, "b": 2}, {}, "must be 0..1"),
     (["a"], {"pad": "b"}, "no word of the vocabulary"), (["a"], {"pad": 1}, "a row of 0..0")],
)  # fmt: skip
def test_vocabularies_that_are_none(vectors, vocabulary, options, message):
    with pytest.raises(ValueError, match=message):
        embedding_for(vocabulary, vectors, **options)


@pytest.mark.parametrize(
    "vocabulary, options, message",
    [({"a", "b"}, {}, "it is a set"), ("ab", {}, "not one: 'ab'"), (["a"], {"pad": 0.0}, "a row"),
     (["a"], {"unknown": "<unk>"}, "unknown must be a seed .* '<unk>'"),
     (["a"], {"unknown": True}, "unknown must be a seed")],
)  # fmt: skip
def test_arguments_of_another_kind(vectors, vocabulary, options, message):
    with pytest.raises(TypeError, match=message):
        embedding_for(vocabulary, vectors, **options)


def test_the_command(tmp_path, capsys):
    path, out = tmp_path / "v.txt", tmp_path / "v.safetensors"
    path.write_text("a 1 2\nb 3 4\na 5 6\n", encoding="utf-8")
    assert main(["info", str(path)]) == 0
    shown = capsys.readouterr()
    assert (
        "text without a header" in shown.out and "2 words, 2 numbers each" in shown.out
    )
    assert "line 3 repeats line 1" in shown.out and "100%" in shown.err
    assert main(["convert", str(path), str(out), "--no-progress"]) == 0
    assert WordVectors.open(out).matrix.tolist() == [[1, 2], [3, 4]]
    assert "written" in capsys.readouterr().out
    path.write_text("a 1 2\nb 3\n", encoding="utf-8")
    assert main(["info", str(path), "--no-progress"]) == 1
    assert "v.txt, line 2" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["infos", str(path)])
    assert stop.value.code == 2


def test_what_convert_will_not_write_to(tmp_path, capsys, monkeypatch):
    saved, listed = tmp_path / "v.npy", tmp_path / "v.words.txt"
    WordVectors(["a", "b"], torch.eye(2)).save(saved)
    (tmp_path / "link.safetensors").hardlink_to(saved)
    monkeypatch.setattr(
        "embedlinear.vectors.__main__.load_vectors", None
    )  # not even read
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, message in [
        ([str(saved), str(saved)], "would overwrite"),
        (["~/v.npy", "~/v.npy"], "would overwrite"),
        ([str(saved), str(tmp_path / "link.safetensors")], "would overwrite"),
        (
            [str(tmp_path / "w.npy"), "--words", str(listed), str(saved)],
            "would overwrite",
        ),
        ([str(saved), str(tmp_path / "v.txt")], "ends in .safetensors or .npy"),
        ([str(saved), str(tmp_path / "none" / "v.npy")], "is in no directory"),
    ]:
        assert main(["convert", *given]) == 1
        assert message in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_half_written(tmp_path, capsys, monkeypatch):
    path, out = tmp_path / "v.txt", tmp_path / "v.safetensors"
    path.write_text("a 1 2\nb 3 4\n", encoding="utf-8")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", stop)
    assert main(["convert", str(path), str(out), "--no-progress"]) == 130
    assert capsys.readouterr().err == "stopped\n" and list(tmp_path.iterdir()) == [path]


def test_mutated_files_are_read_or_refused(capsys):
    path = Path(__file__).parents[2] / "tools" / "fuzz_vectors.py"
    spec = importlib.util.spec_from_file_location("fuzz_vectors", path)
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    with warnings.catch_warnings():
        assert fuzz.main(["--files", "300", "--seed", "7"]) == 0, (
            capsys.readouterr().out
        )
    assert "300 files:" in capsys.readouterr().out


def test_help_of_the_command():
    command = [sys.executable, "-m", "embedlinear.vectors", "convert", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--normalize" in done.stdout and "OUT" in done.stdout
