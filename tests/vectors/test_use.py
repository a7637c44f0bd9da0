"""Uses of word vectors: lookups, filling a layer, the command line."""

import io
import subprocess
import sys

import numpy as np
import pytest
import torch

import embedlinear
from embedlinear import WordVectors, embedding_for
from embedlinear.vectors.__main__ import main
from tests.vectors.tables import same, table, text


@pytest.fixture
def vectors():
    matrix = [[1, 0], [2, 0.1], [0, 1], [-1, 0], [0, 0], [3, 3], [4, 4]]
    words = ["good", "fine", "Paris", "bad", "zero", "优", "头发"]
    return WordVectors(words, torch.tensor(matrix))


def test_looking_up(vectors):
    assert len(vectors) == 7 and "good" in vectors and "Good" not in vectors
    assert torch.equal(vectors["fine"], vectors.matrix[1])
    assert torch.equal(vectors[["bad", "good"]], vectors.matrix[[3, 0]])
    for word, known in ("paris", "Paris"), ("ｇｏｏｄ", "good"), ("優", "优"):
        with pytest.raises(KeyError, match=f"'{word}'; '{known}' has one"):
            vectors[word]


def test_nearest(vectors):
    cosine = torch.nn.functional.cosine_similarity
    (word, value), *_ = vectors.nearest("good", 2)
    assert word == "fine"
    assert value == pytest.approx(
        cosine(vectors["good"], vectors["fine"], dim=0).item()
    )
    assert len(vectors.nearest("good", 100)) == 6
    assert vectors.nearest(vectors["bad"], 1)[0][0] == "bad"
    assert vectors.nearest([1, 0], 1)[0][0] == "good"
    assert all(value == 0 for _, value in vectors.nearest("zero"))


def test_coverage(vectors):
    asked = ["good", "paris", "ＢＡＤ", "優", "頭髮", "ugly", "Ｐａｒｉｓ", "bad"]
    coverage = vectors.coverage(asked)
    assert coverage.found == ["good", "bad"] and coverage.missing == ["ugly"]
    assert coverage.other_case == {"paris": "Paris"}
    assert coverage.other_width == {"ＢＡＤ": "bad", "Ｐａｒｉｓ": "Paris"}
    assert coverage.other_script == {"優": "优", "頭髮": "头发"}
    assert str(coverage) == (
        "2 of 8 words found (25.0%); 1 in another case ('paris' as 'Paris'); 2 in another "
        "width ('ＢＡＤ' as 'bad', 'Ｐａｒｉｓ' as 'Paris'); 2 in another script ('優' as '优', "
        "'頭髮' as '头发'); 1 missing ('ugly')"
    )
    traditional = WordVectors(["優"], torch.ones(1, 2)).coverage(["优"])
    assert traditional.other_script == {"优": "優"}


@pytest.mark.parametrize("asked", ["good", [1], 3, None, b"good"], ids=repr)
def test_questions_of_another_kind(vectors, asked):
    with pytest.raises(TypeError, match="vocabulary must be a collection of words"):
        vectors.coverage(asked)
    if asked != "good":
        with pytest.raises(TypeError, match=r"the key must be .* \.matrix"):
            vectors[asked]
    for word in ["good"], None, torch.ones(3), 0:
        with pytest.raises(
            (TypeError, ValueError), match=r"word \(str\) or a vector \(2,\)"
        ):
            vectors.nearest(word)


def test_words_and_rows_must_match():
    with pytest.raises(ValueError, match="2 words"):
        WordVectors(["a", "b"], torch.zeros(3, 2))
    with pytest.raises(ValueError, match="'a' occurs twice"):
        WordVectors(["a", "a"], torch.zeros(2, 2)).index  # noqa: B018
    with pytest.raises(TypeError, match="it is a set"):
        WordVectors({"a", "b"}, torch.zeros(2, 2))
    assert WordVectors({"b": 1, "a": 0}, torch.eye(2)).words == ["a", "b"]


def test_a_layer_in_the_order_of_the_vocabulary(vectors):
    words = ["<pad>", "bad", "unseen", "paris", "good"]
    layer = embedding_for(words, vectors, pad="<pad>")
    assert type(layer) is torch.nn.Embedding
    assert layer.weight.shape == (5, 2) and not layer.weight.requires_grad
    assert torch.equal(layer.weight[[1, 4]], vectors.matrix[[3, 0]])
    assert layer.padding_idx == 0 and not layer.weight[0].any()
    assert layer.coverage.found == ["bad", "good"]
    assert layer.coverage.other_case == {"paris": "Paris"}
    rows = {word: row for row, word in reversed(list(enumerate(words)))}
    again = embedding_for(rows, vectors, pad=0, layer=embedlinear.Embedding)
    assert type(again) is embedlinear.Embedding
    assert torch.equal(again.weight, layer.weight)
    other = embedding_for(words, vectors, unknown=1).weight
    assert not torch.equal(other[2], layer.weight[2])


def test_unknown_words_have_the_scale_of_the_vectors():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(1000, 40, generator=generator) * 0.3 + 0.05
    known = WordVectors([f"w{i}" for i in range(1000)], rows)
    weight = embedding_for([f"u{i}" for i in range(1000)], known).weight
    assert weight.std().item() == pytest.approx(0.3, rel=0.02)
    assert weight.mean().item() == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    "vocabulary, options, message",
    [(["a", "a"], {}, "'a' occurs twice"), ({"a": 0, "b": 2}, {}, "must be 0..1"),
     (["a"], {"pad": "b"}, "a word of the vocabulary"), (["a"], {"pad": 1}, "a row in 0..0"),
     ({"a", "b"}, {}, "it is a set"), ("ab", {}, "found 'ab'"),
     (["a"], {"pad": 0.0}, "a row"), (["a"], {"unknown": "<unk>"}, "must be a seed .*<unk>"),
     (["a"], {"unknown": True}, "must be a seed")],
)  # fmt: skip
def test_what_a_layer_is_not_made_of(vectors, vocabulary, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        embedding_for(vocabulary, vectors, **options)
    for matrix in torch.zeros(0, 2), torch.tensor([[1, torch.nan]]):
        odd = WordVectors(["good"] * len(matrix), matrix)
        with pytest.raises(ValueError, match="expected finite vectors"):
            embedding_for(["a"], odd)


# --------------------------------------------------------------------------- the command line


def test_info_and_convert(path, tmp_path, capsys):
    path.write_bytes(text())
    assert main(["info", str(path)]) == 0
    shown = capsys.readouterr()
    assert "text without a header" in shown.out and "20 words, 12 numbers" in shown.out
    assert "problems  none" in shown.out and "100%" in shown.err
    out = tmp_path / "v.safetensors"
    assert main(["convert", str(path), str(out), "--no-progress"]) == 0
    same(WordVectors.open(out))
    assert "written" in capsys.readouterr().out
    path.write_bytes("word,x\n一,1.5\n二,2.5\n".encode("gbk"))
    options = "--header ignore --sep , --encoding gbk --columns 0,1 --limit 1".split()
    assert main(["info", str(path), "--no-progress", *options]) == 0
    assert "'一'" in capsys.readouterr().out
    path.write_text("a 1 2\nb 3\n", encoding="utf-8")
    assert main(["info", str(path), "--no-progress"]) == 1
    assert "v, line 2" in capsys.readouterr().err
    for wrong in ["infos", str(path)], ["convert", str(path)]:
        with pytest.raises(SystemExit, match="2"):
            main(wrong)


@pytest.mark.parametrize("encoding, shown", [("gbk", "优"), ("ascii", "\\u4f18")])
def test_a_terminal_that_cannot_show_a_word(
    path, tmp_path, monkeypatch, encoding, shown
):
    path.write_bytes(text(["优", "\U0001f600", "é"]))
    out = tmp_path / "优.safetensors"
    for command in ["info", str(path)], ["convert", str(path), str(out)]:
        screen = io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr("sys.stdout", screen)
        assert main([*command, "--no-progress"]) == 0
        assert f"'{shown}'".encode(encoding) in screen.buffer.getvalue()
    assert WordVectors.open(out).words[1] == "\U0001f600"
    screen = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stderr", screen)
    assert main(["info", str(tmp_path / "优.txt")]) == 1
    screen.flush()
    assert b"no such file" in screen.buffer.getvalue()


def test_what_convert_will_not_write_to(tmp_path, capsys, monkeypatch):
    saved, link = tmp_path / "v.safetensors", tmp_path / "link.safetensors"
    WordVectors(["a", "b"], torch.eye(2)).save(saved)
    link.hardlink_to(saved)
    monkeypatch.setattr("embedlinear.vectors.__main__.load_vectors", None)  # not read
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, message in [
        ([saved, saved], "would overwrite"),
        (["~/v.safetensors", "~/v.safetensors"], "would overwrite"),
        ([saved, link], "would overwrite"),
        ([tmp_path / "w.npy", "--words", link, saved], "would overwrite"),
        ([saved, tmp_path / "v.txt"], "ends in .safetensors"),
        ([saved, tmp_path / "none" / "v.safetensors"], "in a directory that exists"),
    ]:
        assert main(["convert", *map(str, given)]) == 1
        assert message in capsys.readouterr().err


def test_export_for_a_projector(tmp_path):
    words = ["优", "a\tb", " ", "New York"]
    WordVectors(words, table(4)).save(tmp_path / "v.safetensors")
    stem, file = tmp_path / "p", tmp_path / "v.safetensors"
    command = ["export", str(file), str(stem), "--projector"]
    assert main([*command, "--no-progress"]) == 0
    labels = (tmp_path / "p.metadata.tsv").read_text(encoding="utf-8")
    assert labels == "优\n'a\\tb'\n' '\nNew York\n"
    matrix = np.loadtxt(tmp_path / "p.vectors.tsv", dtype="f4")
    same(WordVectors(words, matrix), words, table(4))


def test_a_small_file_is_read_without_importing_polars(path):
    path.write_bytes(text())
    code = f"import sys, embedlinear; embedlinear.load_vectors({str(path)!r})"
    code += "; assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
