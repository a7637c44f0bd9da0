"""Files of vectors: opened, unpacked, and recognised by their content, never by their name.

Nothing here trusts a size in a file: memory is allocated only for bytes that exist.
"""

import bz2
import gzip
import lzma
import os
import re
import tarfile
import tomllib
import zipfile
from contextlib import contextmanager
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
                raise FileNotFoundError(
                    2, say("address" if web else "no-file"), self.name
                )
            self.path, self.member = inside, self.path.relative_to(inside).as_posix()
        if not self.path.is_file():
            what = "a directory" if self.path.is_dir() else "not a regular file"
            raise refusal("not-a-file", name=self.name, what=what)
        self.size = self.path.stat().st_size  # on disk

    @contextmanager
    def open(self):
        """Yield the unpacked bytes, in chunks; ``self.done()`` counts those on disk."""
        with open(self.path, "rb") as raw:
            self.done, file, start = raw.tell, raw, raw.read(6)
            raw.seek(0)
            for begins, name, unpack in PACKED:
                if start.startswith(begins):
                    self.packed, file = name, unpack(raw)
            if start.startswith(ZIP):
                self.packed = "zip"
            with self.sound():
                is_tar = self.packed != "zip" and file.read(512)[257:262] == b"ustar"
                file.seek(0)
            if is_tar:
                self.packed = f"tar, {self.packed}" if self.packed else "tar"
                file = self.in_tar(file)
            elif self.packed == "zip":
                file = self.in_zip(file)
            elif self.member:
                raise FileNotFoundError(2, say("no-members"), str(self.path))
            yield self.chunks(file)

    def chunks(self, file):
        chunk = b" "
        while chunk:
            with self.sound():
                chunk = file.read(CHUNK)
            yield chunk

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

    def in_zip(self, file):
        with self.sound():
            archive = zipfile.ZipFile(file)
        chosen = self.chosen(archive.namelist())
        with self.sound():
            return archive.open(chosen)

    def in_tar(self, file):
        def members():  # in a stream, which reads no more than there is
            file.seek(0)
            archive = tarfile.open(fileobj=file, mode="r|")
            for info in archive:
                name = info.name.removeprefix("./") + "/" * info.isdir()
                yield name, archive, info

        with self.sound():
            names = []
            for name, _, _ in members():
                names.append(name)
                if name == self.member:  # no need to read what follows
                    break
        chosen = self.chosen(names)
        with self.sound():
            for name, archive, info in members():
                if name == chosen:
                    return archive.extractfile(info)

    def chosen(self, names):
        """The requested member in ``names``, or the only one."""
        names = [n for n in names if n[-1:] != "/" and "._" != n.rpartition("/")[2][:2]]
        if self.member in names or (self.member is None and len(names) == 1):
            return self.member or names[0]
        if any(name.endswith("data.pkl") for name in names):
            raise refusal("torch-save", name=self.name)
        found = f"no member {self.member!r}" if self.member else f"{len(names)} members"
        example, names = (names or ["MEMBER"])[0], names[:8]
        about = {"path": self.path, "example": example, "names": names}
        raise refusal("members", name=self.name, found=found, **about)
