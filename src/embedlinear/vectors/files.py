"""Files of vectors: opened, unpacked, and recognised by their content, never by their name.

Nothing here trusts a size in a file: memory is allocated only for bytes that exist.
"""

import bz2
import codecs
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

READ_SIZE = 1 << 20  # the most bytes of one read
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
        """Yield a ``Stream`` at the start of the unpacked bytes."""
        with open(self.path, "rb") as raw:
            file, start = InPieces(raw), raw.read(6)
            raw.seek(0)
            for begins, name, unpack in PACKED:
                if start.startswith(begins):
                    self.packed, file = name, InPieces(unpack(file))
            with self.sound():
                names, member = self.members(file, start)
            if names is not None:
                chosen = self.chosen(names)
                with self.sound():
                    file = member(chosen)
            elif self.member:
                raise FileNotFoundError(2, say("no-members"), str(self.path))
            yield Stream(self, raw, file)

    @contextmanager
    def sound(self):
        """Any error inside becomes a ValueError: the archive is damaged."""
        try:
            yield
        except Exception as error:  # these modules raise many other errors
            about = {"packed": self.packed, "error": error}
            raise refusal("archive", name=self.name, **about) from error

    def members(self, file, start):
        """The members of an archive, and a function that opens one; None for other files."""
        if start.startswith(ZIP):
            self.packed = "zip"
            archive = zipfile.ZipFile(file)
            return archive.namelist(), archive.open
        is_tar = file.read(512)[257:262] == b"ustar"
        file.seek(0)
        if not is_tar:
            return None, None
        self.packed = f"tar, {self.packed}" if self.packed else "tar"
        infos, archive = {}, tarfile.open(fileobj=file, mode="r:")
        for info in archive:
            infos[info.name.removeprefix("./") + "/" * info.isdir()] = info
            if self.member in infos:  # no need to read what follows
                break
        return list(infos), lambda name: archive.extractfile(infos[name])

    def chosen(self, names):
        """The requested member in ``names``, or the only one."""
        names = [n for n in names if n[-1:] != "/" and "._" != n.rpartition("/")[2][:2]]
        if self.member in names or (self.member is None and len(names) == 1):
            return self.member or names[0]
        if any(name.endswith("data.pkl") for name in names):
            raise refusal("torch-save", name=self.name)
        found = f"no member {self.member!r}" if self.member else f"{len(names)} members"
        about = {
            "path": self.path,
            "example": (names or ["MEMBER"])[0],
            "names": names[:8],
        }
        raise refusal("members", name=self.name, found=found, **about)


class InPieces:
    """An open file that reads in pieces, and so allocates memory only for existing bytes."""

    def __init__(self, file):
        self.file = file

    def read(self, count=-1):
        parts, part = [], b" "
        while part and count != 0:
            part = self.file.read(min(count, READ_SIZE) if count > 0 else READ_SIZE)
            parts.append(part)
            count -= len(part) if count > 0 else 0
        return b"".join(parts)

    def __getattr__(self, name):
        return getattr(self.file, name)


class Stream:
    """The unpacked bytes of a source; ``peek`` looks ahead."""

    def __init__(self, source, raw, file):
        self.source, self.file, self.ahead = source, InPieces(file), b""
        self.done = raw.tell  # how many bytes on disk have been read
        self.decoder, self.lines = None, 0

    def read(self, count):
        """The next ``count`` bytes, fewer only at the end."""
        part, self.ahead = self.ahead[:count], self.ahead[count:]
        return part + (self._more(count - len(part)) if count > len(part) else b"")

    def peek(self, count):
        """The next ``count`` bytes, which a later ``read`` returns again."""
        while len(self.ahead) < count and (more := self._more(count - len(self.ahead))):
            self.ahead += more
        return self.ahead[:count]

    def decode(self, encoding, errors):
        """From here on, return the text in UTF-8, whatever its encoding."""
        self.decoder = codecs.getincrementaldecoder(encoding)(errors)
        self.ahead = self._recoded(self.ahead, final=False)

    def _more(self, count):
        if not self.source.packed:
            data = self.file.read(count)
        else:
            with self.source.sound():
                data = self.file.read(count)
        return self._recoded(data, final=not data) if self.decoder else data

    def _recoded(self, data, final):
        try:
            text = self.decoder.decode(data, final)
        except UnicodeDecodeError as error:
            line = self.lines + error.object.count(b"\n", 0, error.start) + 1
            about = {"encoding": error.encoding, "reason": error.reason}
            where = f"{self.source.name}, line {line}"
            raise refusal("text-encoding", where=where, **about) from error
        self.lines += text.count("\n")
        return text.encode("utf-8", "replace")
