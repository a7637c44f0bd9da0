"""Files of vectors: opened, unpacked, and recognised by what they contain, never by their name.

Nothing here trusts a claim: no more memory is set aside than there are bytes to read.
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

PIECE = 1 << 20  # bytes that one read asks for at most
PACKED = [  # the first bytes, the name, what opens it
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
    """What a file that begins like this is, and how to convert it; None if it may be text."""
    for one in formats():
        if re.match(one["begins"].encode(), start):
            return {"what": one["what"], "cure": one["cure"][current()]}


class Source:
    """A file, perhaps packed: ``archive.zip/member.txt`` names a member of an archive.

    Raises FileNotFoundError for no such file, ValueError for a directory or the like.
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
        self.size = self.path.stat().st_size  # as it lies on the disk

    @contextmanager
    def open(self):
        """Yield a ``Stream`` at the start of the unpacked bytes."""
        with open(self.path, "rb") as raw:
            file, start = Steady(raw), raw.read(6)
            raw.seek(0)
            for begins, name, unpack in PACKED:
                if start.startswith(begins):
                    self.packed, file = name, Steady(unpack(file))
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
        """What goes wrong inside is a ValueError: an archive is damaged."""
        try:
            yield
        except Exception as error:  # these modules raise much more than their own
            about = {"packed": self.packed, "error": error}
            raise refusal("archive", name=self.name, **about) from error

    def members(self, file, start):
        """The members of an archive, and what opens one by its name; None for another file."""
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
            if self.member in infos:  # what is behind it need not be read
                break
        return list(infos), lambda name: archive.extractfile(infos[name])

    def chosen(self, names):
        """Of ``names`` the member that is named, or the only one."""
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


class Steady:
    """An open file of which a read sets memory aside only for bytes that are there."""

    def __init__(self, file):
        self.file = file

    def read(self, count=-1):
        parts, part = [], b" "
        while part and count != 0:
            part = self.file.read(min(count, PIECE) if count > 0 else PIECE)
            parts.append(part)
            count -= len(part) if count > 0 else 0
        return b"".join(parts)

    def __getattr__(self, name):
        return getattr(self.file, name)


class Stream:
    """The unpacked bytes of a source, of which the first can be looked at beforehand."""

    def __init__(self, source, raw, file):
        self.source, self.file, self.ahead = source, Steady(file), b""
        self.done = raw.tell  # how many bytes of the file on the disk are behind us
        self.decoder, self.lines = None, 0

    def read(self, count):
        """``count`` bytes, fewer only at the end."""
        part, self.ahead = self.ahead[:count], self.ahead[count:]
        return part + (self._more(count - len(part)) if count > len(part) else b"")

    def peek(self, count):
        """The next ``count`` bytes, which stay to be read."""
        while len(self.ahead) < count and (more := self._more(count - len(self.ahead))):
            self.ahead += more
        return self.ahead[:count]

    def decode(self, encoding, errors):
        """From here on, give the text in UTF-8, whatever it is in."""
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
