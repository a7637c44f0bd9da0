"""Saving a table never leaves a wrong one, even if the process is killed.

Each file is written under another name in the same folder and then renamed. For ``.npy`` the
matrix comes first, with the digest of its words: if the process is killed between the two
renames, loading rejects the pair. After a failure between them, the old matrix is restored.
"""

import errno
import glob
import os
import shutil
import stat
import threading
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from embedlinear.language import say
from embedlinear.vectors import arrays
from embedlinear.vectors.words import refusal, word_list

_one_at_a_time = threading.Lock()


def target(path):
    """``path`` as a Path; ValueError if a table cannot be saved there."""
    path = Path(os.path.expanduser(path))
    if path.suffix not in (".safetensors", ".npy"):
        raise refusal("ending", path=str(path))
    parent = Path(os.path.realpath(path)).parent
    if path.is_dir() or not parent.is_dir() or not os.access(parent, os.W_OK):
        raise refusal("folder", path=str(path))
    return path


def files(path):
    """The files that make up the table ``path``, symbolic links followed."""
    paths = [path, word_list(path)] if path.suffix == ".npy" else [path]
    return [Path(os.path.realpath(one)) for one in paths]


def save(path, words, matrix):
    """Write the tensor ``matrix`` (n, d) float32 and its ``words``."""
    path = target(path)
    wrong = next((word for word in words if "\n" in word), None)
    if wrong is not None:
        raise refusal("line-end", word=wrong)
    text = "".join(word + "\n" for word in words).encode()

    def safetensors(new):
        inside = torch.from_numpy(np.frombuffer(bytearray(text[:-1]), np.uint8))
        save_file({"matrix": matrix, "words": inside}, new)

    def npy(new):
        with open(new, "wb") as file:
            np.lib.format.write_array(file, matrix.numpy(), allow_pickle=False)
            file.write(arrays.seal(text))

    with _one_at_a_time:
        if path.suffix == ".npy":
            replace(path, npy, lambda new: new.write_bytes(text))
        else:
            replace(path, safetensors)


def replace(path, *writers):
    """Let each of ``writers`` write one of the ``files`` of ``path``; then rename them all."""
    old = files(path)
    folders = [one.with_name(f".{one.name}.{os.getpid()}.part") for one in old]
    new, kept = [folder / "new" for folder in folders], folders[0] / "old"
    try:
        for write, folder, part, one in zip(writers, folders, new, old):
            remove_leftovers(one)
            folder.mkdir()
            part.touch()
            mode = (one if one.exists() else part).stat().st_mode
            write(part)
            os.chmod(part, stat.S_IMODE(mode))
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
        if len(old) > 1 and old[0].exists():
            try:
                os.link(old[0], kept)
            except OSError:  # a file system without hard links
                shutil.copy2(old[0], kept)
        os.replace(new[0], old[0])
        try:
            for part, one in zip(new[1:], old[1:]):
                os.replace(part, one)
        except BaseException:
            os.replace(kept, old[0]) if kept.exists() else old[0].unlink()
            raise
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        code = getattr(error, "errno", None) or errno.EIO
        raise OSError(code, say("not-saved", reason=reason), str(path)) from error
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(path):
    """Remove what killed saves have left in the folder of ``path``."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        pid = folder.name.split(".")[-2]
        if pid == str(os.getpid()) or not (pid.isdigit() and runs(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def runs(pid):
    """Whether the process runs. Windows cannot be asked safely, and does not delete files that
    are open."""
    if os.name == "nt":
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True
