"""Saving is atomic, whatever interrupts it, and loading rejects an inconsistent pair."""

import os
import resource
import signal
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from embedlinear import WordVectors
from tests.vectors.tables import WORDS, load, same, table

NAMES = ["v.safetensors", "v.npy"]
CHANGES = {
    "open",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.link",
}
at_change = None  # called at each system call that may change a file


@sys.addaudithook
def audit(event, arguments):
    reads = (
        event == "open" and (arguments[1] or "r")[:1] == "r" and not arguments[2] & 1
    )
    if at_change and event in CHANGES and not reads:
        at_change()


class Interrupted:
    """Do ``what`` at the ``number``-th change of a file."""

    def __init__(self, number, what):
        self.number, self.what = number, what

    def __call__(self):
        self.number -= 1
        if self.number == 0:
            self.what()

    def __enter__(self):
        global at_change
        at_change = self

    def __exit__(self, *_):
        global at_change
        at_change = None


def disk_full():
    raise OSError(28, "No space left on device")


OLD, NEW = WordVectors(WORDS, table()), WordVectors(WORDS[::-1], table(seed=1))


def is_now(path):
    """Which of the two tables ``path`` is, read in both ways; None if it is refused."""
    try:
        vectors = load(path)
    except (ValueError, FileNotFoundError):
        return None
    which = OLD if vectors.words == WORDS else NEW
    for one in vectors, WordVectors.open(path):
        same(one, which.words, which.matrix)
    return which


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [None, OLD])
def test_a_failure_at_any_call_leaves_the_old_table(tmp_path, name, before):
    path, number, failed = tmp_path / name, 0, True
    while failed:
        number, failed = number + 1, False
        for file in tmp_path.iterdir():
            file.unlink()
        if before:
            before.save(path)
        try:
            with Interrupted(number, disk_full):
                NEW.save(path)
        except OSError as error:
            failed = True
            assert "No space left" in str(error) and str(path) in str(error)
            assert is_now(path) is before
        else:  # nothing was interrupted, or only the cleaning up
            assert is_now(path) is NEW
            failed = number < 8
        NEW.save(path)
        assert is_now(path) is NEW and len(list(tmp_path.iterdir())) == len(parts(name))
    assert number > 7


def parts(name):
    return ["v.npy", "v.words.txt"] if name == "v.npy" else [name]


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
    with Interrupted(number, lambda: os._exit(9)):
        NEW.save(path)


def save_to_little_room(path, room):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        NEW.save(path)
    except OSError:
        os._exit(5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied")
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_any_call_it_never_loads_with_wrong_vectors(tmp_path, name):
    path, number, code = tmp_path / name, 0, 9
    seen = []
    while code:
        number += 1
        OLD.save(path)
        code = in_a_process(partial(save_killed, path, number))
        assert code in (0, 9)
        seen.append(is_now(path))
        NEW.save(path)  # removes what was left
        assert is_now(path) is NEW and len(list(tmp_path.iterdir())) == len(parts(name))
    assert seen[0] is OLD and seen[-1] is NEW and (None in seen) == (name == "v.npy")
    assert seen.count(None) < 3  # only between the two renames


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_old_table(tmp_path, name):
    path = tmp_path / name
    OLD.save(path)
    sizes = [(tmp_path / part).stat().st_size for part in parts(name)]
    for room in [0, 1, 100, max(sizes) - 1]:
        assert (
            in_a_process(partial(save_to_little_room, path, room)) == 5
            and is_now(path) is OLD
        )
        assert len(list(tmp_path.iterdir())) == len(parts(name))


def test_a_torn_pair_is_refused(tmp_path):
    path, other = tmp_path / "v.npy", tmp_path / "w.npy"
    OLD.save(path)
    NEW.save(other)
    same(load(path))
    assert np.array_equal(np.load(path), table())  # any reader passes over the digest
    os.replace(tmp_path / "w.words.txt", tmp_path / "v.words.txt")
    for read in load, WordVectors.open:
        with pytest.raises(
            ValueError, match=r"v\.npy: v\.words\.txt is not the word list"
        ):
            read(path)
    on_purpose = load(path, words=tmp_path / "v.words.txt")
    assert on_purpose.words[1:] == WORDS[-2::-1]
    (tmp_path / "v.words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    with pytest.raises(ValueError, match="not the word list"):
        load(path)
    np.save(path, table())  # NumPy's own has no digest
    same(load(path))


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_reopened(tmp_path, name):
    words, path = [*WORDS, " ", "", "a\r", "b\r"], tmp_path / name
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
    if name == "v.safetensors":
        assert np.array_equal(load_file(path)["matrix"], np.zeros((1, 3)))
    data = path.read_bytes()
    path.write_bytes(data + b"more")
    for read in load, WordVectors.open:
        with pytest.raises(ValueError, match="end of the file|cut off or damaged"):
            read(path)
    path.write_bytes(data[:-80])
    for read in load, WordVectors.open:
        with pytest.raises(ValueError, match="cut off"):
            read(path)


@pytest.mark.parametrize("name", NAMES)
def test_links_and_modes_stay(tmp_path, name):
    (tmp_path / "real").mkdir()
    path, real = tmp_path / name, tmp_path / "real" / f"r{Path(name).suffix}"
    OLD.save(real)
    real.chmod(0o640)
    path.symlink_to(real)
    assert is_now(path) is OLD
    NEW.save(path)
    assert path.is_symlink() and is_now(path) is NEW and is_now(real) is NEW
    assert real.stat().st_mode & 0o777 == 0o640
    fresh = tmp_path / f"fresh{path.suffix}"
    NEW.save(fresh)
    (tmp_path / "plain").touch()
    assert fresh.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("name", NAMES)
def test_two_threads_save_to_one_path(tmp_path, name):
    path, errors = tmp_path / name, []

    def save(vectors):
        try:
            for _ in range(15):
                vectors.save(path)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=save, args=(one,)) for one in (OLD, NEW)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        not errors
        and is_now(path)
        and len(list(tmp_path.iterdir())) == len(parts(name))
    )


def test_what_cannot_be_saved_or_mapped(tmp_path):
    for path in "v.txt", "none/v.npy", ".":
        with pytest.raises(ValueError, match="save to a"):
            OLD.save(tmp_path / path)
    with pytest.raises(ValueError, match="line end"):
        WordVectors(["a\nb"], table(1)).save(tmp_path / "v.npy")
    np.save(tmp_path / "v.npy", np.asfortranarray(table()))
    with pytest.raises(ValueError, match="stored by columns"):
        WordVectors.open(tmp_path / "v.npy", words=WORDS)
