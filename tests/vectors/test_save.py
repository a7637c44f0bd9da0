"""Saving is atomic, whatever interrupts it, and a table comes back bit for bit."""

import os
import resource
import signal
import sys
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from embedlinear import WordVectors
from tests.vectors.tables import WORDS, load, same, table

CHANGES = "open os.rename os.remove os.rmdir os.mkdir os.chmod".split()
left = 0  # so many system calls that may change a file, then the process is killed


@sys.addaudithook
def audit(event, arguments):
    global left
    reads = (
        event == "open" and (arguments[1] or "r")[:1] == "r" and not arguments[2] & 1
    )
    if left and event in CHANGES and not reads:
        left -= 1
        if not left:
            os._exit(9)


OLD, NEW = WordVectors(WORDS, table()), WordVectors(WORDS[::-1], table(seed=1))


def is_now(path):
    """Which of the two tables ``path`` is, read in both ways; None if there is none."""
    if not path.exists():
        return None
    which = OLD if load(path).words == WORDS else NEW
    for one in load(path), WordVectors.open(path):
        same(one, which.words, which.matrix)
    return which


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v.safetensors"


def in_a_process(function):
    """Run ``function`` in a fork that exits without clean-up; return its exit code."""
    child = os.fork()
    if not child:
        try:
            function()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def save_killed(path, number):
    global left
    left = number
    NEW.save(path)


def save_to_little_room(path, room):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    with pytest.raises(OSError, match=f"not saved: .*{path}"):
        NEW.save(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied")
def test_killed_at_any_call_the_old_or_the_new_table_is_there(path):
    number, code, seen = 0, 9, []
    while code:
        number += 1
        OLD.save(path)
        code = in_a_process(partial(save_killed, path, number))
        assert code in (0, 9)
        seen.append(is_now(path))
    assert seen[0] is OLD and seen[-1] is NEW and len(seen) > 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied")
def test_a_full_disk_leaves_the_old_table(path):
    OLD.save(path)
    for room in [0, 1, 100, path.stat().st_size - 1]:
        assert in_a_process(partial(save_to_little_room, path, room)) == 0
        assert is_now(path) is OLD and len(list(path.parent.iterdir())) == 1


def test_saved_and_reopened(path):
    words = [*WORDS, " ", "", "a\r", "b\r"]
    vectors = WordVectors(words, table(24))
    vectors.save(path)
    vectors.save(path)
    for again in WordVectors.open(path), load(path):
        same(again, words, table(24))
    WordVectors.open(path).matrix.zero_()  # in this process only
    same(load(path), words, table(24))
    for few in [], [""]:
        WordVectors(few, torch.zeros(len(few), 3)).save(path)
        assert WordVectors.open(path).words == load(path).words == few
    assert np.array_equal(load_file(path)["matrix"], np.zeros((1, 3)))
    data = path.read_bytes()
    for damaged in data + b"more", data[:-80]:
        path.write_bytes(damaged)
        for read in load, WordVectors.open:
            with pytest.raises(ValueError, match="cut off or damaged"):
                read(path)


def test_links_and_modes_stay(path, tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "r.safetensors"
    OLD.save(real)
    real.chmod(0o640)
    path.symlink_to(real)
    assert is_now(path) is OLD
    NEW.save(path)
    assert path.is_symlink() and is_now(path) is NEW and is_now(real) is NEW
    assert real.stat().st_mode & 0o777 == 0o640
    fresh = tmp_path / "fresh.safetensors"
    NEW.save(fresh)
    (tmp_path / "plain").touch()
    assert fresh.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_cannot_be_saved_or_mapped(tmp_path):
    for path in "v.txt", "v.npy", "none/v.safetensors", ".":
        with pytest.raises(ValueError, match="save to a"):
            OLD.save(tmp_path / path)
    with pytest.raises(ValueError, match="line end"):
        WordVectors(["a\nb"], table(1)).save(tmp_path / "v.safetensors")
    np.save(tmp_path / "v.npy", table())
    same(WordVectors.open(tmp_path / "v.npy", words=WORDS))
    np.save(tmp_path / "v.npy", np.asfortranarray(table()))
    with pytest.raises(ValueError, match="stored by columns"):
        WordVectors.open(tmp_path / "v.npy", words=WORDS)
    (tmp_path / "v.txt").write_bytes(b"a 1 2\n")
    with pytest.raises(ValueError, match="v.txt: .*cut off or damaged"):
        WordVectors.open(tmp_path / "v.txt", words=["a"])
