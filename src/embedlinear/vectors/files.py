"""Files of vectors: opened, unpacked, and recognised by their content, never by their name.

Nothing here trusts a size in a file: memory is allocated only for bytes that exist.
"""

import bz2
import gzip
import lzma
import os
import re
import sys
import tarfile
import tomllib
import zipfile
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib import resources
from pathlib import Path

from embedlinear.language import current, say
from embedlinear.vectors.words import refusal

CHUNK = 1 << 21  # bytes; much more is not faster
PACKED = [  # the first bytes, the name, the function that opens it
    (b"\x1f\x8b", "gzip", gzip.open),
    (b"BZh", "bzip2", bz2.open),
    (b"\xfd7zXZ\0", "xz", lzma.open),
]
ZIP = b"PK\x03\x04", b"PK\x05\x06"


@cache
def formats():
    """The files that are known and not read, from ``formats.toml``."""
    text = (resources.files("embedlinear.vectors") / "formats.toml").read_text("utf-8")
    return tomllib.loads(text)["known"]


def known(start):
    """What this file is, by its first bytes, and how to convert it; None for text."""
    for one in formats():
        if re.match(one["begins"].encode(), start):
            return {"what": one["what"], "cure": one["cure"][current()]}


class Source:
    """A file, perhaps compressed: ``archive.zip/member.txt`` names a member of an archive.

    Raises FileNotFoundError for a missing file, ValueError for a directory or the like.
    """

    def __init__(self, path):
        self.name, self.packed, self.member = str(path), None, None
        self.path = Path(os.path.expanduser(path))
        if not self.path.exists():
            inside = next((p for p in self.path.parents if p.is_file()), None)
            if inside is None:
                web = re.match("https?:/", self.name, re.IGNORECASE)
                reason = say("address" if web else "no-file")
                raise FileNotFoundError(2, reason, self.name)
            self.path, self.member = inside, self.path.relative_to(inside).as_posix()
        if not self.path.is_file():
            what = "a directory" if self.path.is_dir() else "not a regular file"
            raise refusal("not-a-file", name=self.name, what=what)

    @contextmanager
    def open(self, progress=False):
        """Yield the unpacked bytes, in chunks; ``progress`` shows a bar over those on disk."""
        with open(self.path, "rb") as raw, self.bar(progress) as bar:
            yield self.chunks(self.unpacked(raw), raw, bar)

    def bar(self, progress):
        """A tqdm bar on stderr over the bytes of the file, or None."""
        try:
            from tqdm import tqdm
        except ImportError:
            return nullcontext()
        about = {"total": self.path.stat().st_size, "desc": self.path.name}
        options = {"unit": "B", "unit_scale": True, "file": sys.stderr}
        return tqdm(disable=not progress, **about, **options)

    def chunks(self, file, raw, bar):
        chunk = b" "
        while chunk:
            with self.sound():
                chunk = file.read(CHUNK)
            if bar is not None:
                bar.update(raw.tell() - bar.n)
            yield chunk

    def unpacked(self, raw):
        """The file of vectors in ``raw``."""
        file, start = raw, raw.read(6)
        raw.seek(0)
        if start.startswith(ZIP):
            self.packed = "zip"
            with self.sound():
                archive = zipfile.ZipFile(raw)
            self.choose(archive.namelist())
            with self.sound():
                return archive.open(self.member)
        for begins, name, unpack in PACKED:
            if start.startswith(begins):
                self.packed, file = name, unpack(raw)
        with self.sound():
            start = file.read(512)
            file.seek(0)
        if start[257:262] == b"ustar":
            self.packed = f"tar, {self.packed}" if self.packed else "tar"
            return self.in_tar(file)
        if self.member:
            raise FileNotFoundError(2, say("no-members"), str(self.path))
        return file

    def in_tar(self, file):
        names = []
        with self.sound():
            file.seek(0)
            # A stream reads no more than there is, whatever a header says.
            archive = tarfile.open(fileobj=file, mode="r|")
            for info in archive:
                names.append(info.name.removeprefix("./") + "/" * info.isdir())
                if names[-1] == self.member:
                    return archive.extractfile(info)
        self.choose(names)
        return self.in_tar(file)

    @contextmanager
    def sound(self):
        """Any error inside becomes a ValueError: the archive is damaged."""
        try:
            yield
        except Exception as error:  # these modules raise many kinds
            if not self.packed:
                raise
            about = {"packed": self.packed, "error": error}
            raise refusal("archive", name=self.name, **about) from error

    def choose(self, names):
        """The member to read is the requested one of ``names``, or the only one."""
        names = [n for n in names if n[-1:] != "/" and "._" != n.rpartition("/")[2][:2]]
        if self.member is None and len(names) == 1:
            self.member = names[0]
        if self.member not in names:
            if any(name.endswith("data.pkl") for name in names):
                raise refusal("torch-save", name=self.name)
            count, example = f"{len(names)} members", [*names, "MEMBER"][0]
            found = f"no member {self.member!r}" if self.member else count
            about = {"path": self.path, "example": example, "names": names[:8]}
            raise refusal("members", name=self.name, found=found, **about)
