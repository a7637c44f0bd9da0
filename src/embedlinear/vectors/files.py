"""Files of vectors: opened, unpacked, and recognised by what they contain.

Nothing here trusts a name or a claim: a format is told from the first bytes, and a size is believed
only of a file that lies open on the disk. What cannot be a table of vectors is refused by name.
"""

import os
import re
import struct
from contextlib import contextmanager
from pathlib import Path

from embedlinear.vectors import decimals, text

AT_ONCE, LEAST = 1 << 21, 1 << 13  # bytes
REFUSED = [  # the first bytes, what they mean, and the cure
    (b"PK\x03\x04", "a zip archive inside an archive", "unpack the outer one"),
    (
        b"\x89HDF",
        "an HDF5 file",
        "save the matrix with numpy.save and the words in a text file",
    ),
    (b"\xba\x16\x4f\x2f", "fastText's own .bin model", "give its .vec file"),
    (
        b"PAR1",
        "a Parquet file",
        "save the matrix with numpy.save and the words in a text file",
    ),
    (b"\xff\xfe\0\0", "text in UTF-32", "save it as UTF-8"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (b"(\xb5/\xfd", "a zstd archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip archive inside an archive", "unpack the outer one"),
]


class Source:
    """A file of vectors, perhaps inside ``.gz`` or ``.zip``: ``name`` for messages, and ``open``.

    ``table.zip`` stands for its only member, ``table.zip/member.txt`` for the one that is named.
    ``size`` is the number of bytes to read, or None where a packed file does not say it reliably.
    Raises FileNotFoundError for no such file, ValueError for what is no file or a bad archive.
    """

    def __init__(self, path):
        self.path, self.member = Path(os.path.expanduser(path)), None
        if not self.path.exists():
            inside = next((p for p in self.path.parents if p.is_file()), None)
            if inside is None:
                web = re.match("https?:/", str(path), re.IGNORECASE)
                what = (
                    "an address; download the file first"
                    if web
                    else "no such file of vectors"
                )
                raise FileNotFoundError(2, what, str(path))
            self.path, self.member = inside, self.path.relative_to(inside).as_posix()
        self.name = str(path)
        if not self.path.is_file():
            what = "a directory" if self.path.is_dir() else "no regular file"
            raise ValueError(
                f"{self.name}: expected a file of vectors, but this is {what}."
            )
        self.on_disk = self.path.stat().st_size
        with open(self.path, "rb") as file:
            start = file.read(4)
        packed = {b"\x1f\x8b": "gzip", b"PK": "zip"}
        self.packed = packed.get(start[:2] if start != b"PK\x05\x06" else b"PK")
        self.size = None if self.packed else self.on_disk
        if self.member and self.packed != "zip":
            raise FileNotFoundError(2, "not a zip archive with members", str(self.path))

    @contextmanager
    def open(self):
        """Yield a ``Stream`` at the start of the (unpacked) bytes."""
        with open(self.path, "rb") as raw:
            if self.packed == "gzip":
                import gzip

                with gzip.GzipFile(fileobj=Bounded(raw, self.on_disk)) as file:
                    yield Stream(self, raw, file)
            elif self.packed == "zip":
                with self._unzipped(raw) as file:
                    yield Stream(self, raw, file)
            else:
                yield Stream(self, raw, raw)

    def _unzipped(self, raw):
        import zipfile

        try:
            archive = zipfile.ZipFile(Bounded(raw, self.on_disk))
            names = [i.filename for i in archive.infolist() if not i.is_dir()]
        except (
            Exception
        ) as error:  # zipfile raises much more than BadZipFile on damaged archives
            raise ValueError(
                f"{self.name}: the zip archive is damaged: {error}"
            ) from error
        if names and all(n.endswith(".npy") for n in names):
            cure = "save the one matrix with numpy.save, and the words in a text file"
            raise ValueError(f"{self.name}: this is a NumPy .npz of {names}; {cure}.")
        if any(n.endswith("data.pkl") for n in names):
            raise ValueError(f"{self.name}: this is a torch.save file, {PICKLE}")
        real = [n for n in names if not n.startswith("__MACOSX/")]
        if self.member is None and len(real) == 1:
            self.member = real[0]
        if self.member not in names:
            example = (
                f"{self.path}/{real[0]}" if real else "an archive that holds a file"
            )
            wanted = (
                f"no member {self.member!r}" if self.member else f"{len(real)} members"
            )
            raise ValueError(
                f"{self.name}: the zip archive has {wanted}, but {real[:8]}. Expected one; name "
                f"it after the archive: load_vectors({example!r})."
            )
        try:
            return archive.open(self.member)
        except Exception as error:
            raise ValueError(
                f"{self.name}: {self.member!r} cannot be unpacked: {error}"
            ) from error


class Bounded:
    """An open file of ``size`` bytes, of which no read asks for more.

    gzip and zipfile ask for as much as 128 KiB at once, or as the header of the archive claims, and
    so much memory is set aside.
    """

    def __init__(self, file, size):
        self.file, self.size = file, size

    def read(self, count=-1):
        return self.file.read(min(count, self.size) if count > 0 else count)

    def __getattr__(self, name):
        return getattr(self.file, name)


class Stream:
    """The bytes of a source; damage in an archive becomes ValueError."""

    def __init__(self, source, raw, file):
        self.source, self.raw, self.file, self.position = source, raw, file, 0
        self.at_once = min(AT_ONCE, max(source.on_disk + 1, LEAST))

    def read(self, count):
        """Some bytes, ``count`` at most; none only at the end.

        A read sets memory aside for what it is asked for, which a header may have made up: so no
        more than AT_ONCE is ever asked for, nor more than the file on the disk has.
        """
        count = min(count, self.at_once)
        try:
            data = self.file.read(count)
        except Exception as error:
            if not self.source.packed:
                raise
            raise ValueError(
                f"{self.source.name}: the {self.source.packed} archive is damaged after "
                f"{self.position:,} unpacked bytes: {error}. Expected a whole file."
            ) from error
        self.position += len(data)
        return data

    def exactly(self, count):
        """``count`` bytes, or fewer at the end; no more memory is taken than there is to read."""
        parts = []
        while count > 0 and (part := self.read(min(count, 1 << 20))):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def done(self):
        """How many bytes of the file on the disk have been read."""
        return self.raw.tell()


PICKLE = (
    "which is a pickle: reading it could run any code, so it is never read. Save the matrix "
    "with numpy.save or safetensors (and the words in a text file), or in word2vec's format."
)


def head(source):
    """The first 256 KiB, or as much as it takes to hold a line; and whether that is all."""
    with source.open() as stream:
        start = stream.exactly(1 << 18)
        while b"\n" not in start and len(start) < text.LONGEST:
            more = stream.exactly(min(len(start), text.LONGEST) or 1)
            if not more:
                return start, True
            start += more
            if looks_binary(start[: 1 << 12]):
                return start, False
        if b"\n" not in start:
            raise ValueError(
                f"{source.name}, line 1: no line end within {text.LONGEST:,} bytes; expected a "
                f"word and its numbers."
            )
        return start, not stream.read(1)


def looks_binary(data):
    """True for bytes that text never holds: control characters but tab, line end and the like."""
    return re.search(rb"[\x00-\x08\x0e-\x1f]", data) is not None


def is_binary(d, rest):
    """Whether ``rest``, what follows a header, are records of a word, a space and 4 d raw bytes."""
    line = rest.partition(b"\n")[0]
    if not rest or text.numbers_at_end(line) >= d:
        return False
    space = rest.find(b" ")
    record = rest[space + 1 : space + 1 + min(4 * d, 1 << 16)] if space >= 0 else b""
    return looks_binary(record) or (
        text.not_utf8(line) and not text.numbers_at_end(line)
    )


def check_forced_binary(source, start):
    """Refuse a text that is to be read as binary: its digits would pass for float32.

    Only what cannot be records is refused, for a short record may look like text (0.7 is b"333?"):
    a first row that ends in as many decimal numbers as the header says.
    """
    first, _, rest = start.partition(b"\n")
    sizes = text.HEADER(first)
    d = int(sizes[2]) if sizes else 0
    last = rest.partition(b"\n")[0].split()[-d:]
    if d and len(last) == d and all(map(decimals.NUMBER, last)):
        raise ValueError(
            f"{source.name}, line 2: expected a word and {text.counted(d, 'number')} in binary, "
            f"but this is text. Leave format= away, or pass format='word2vec'."
        )


def recognise(source, start):
    """The format of ``source``, of which ``start`` (bytes) is the beginning.

    Returns "text", "binary" (word2vec's), "npy" or "safetensors". Raises ValueError for the rest.
    """
    if not start:
        raise ValueError(f"{source.name}: the file is empty; expected word vectors.")
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if (
        len(start) > 8
        and start[8:9] == b"{"
        and struct.unpack("<Q", start[:8])[0] <= 100_000_000
    ):
        return "safetensors"
    first, _, rest = start.partition(b"\n")
    if (sizes := text.HEADER(first)) and is_binary(int(sizes[2]), rest):
        return "binary"
    if re.match(rb"\x80[\x02-\x05]", start):  # so begins no text in UTF-8
        raise ValueError(
            f"{source.name}: this is no table of word vectors but an object, {PICKLE}"
        )
    if not text.numbers_at_end(first.removeprefix(b"\xef\xbb\xbf")):
        for magic, what, cure in REFUSED:
            if start.startswith(magic):
                raise ValueError(
                    f"{source.name}: this is {what}, not word vectors; {cure}."
                )
        if re.match(rb"\s*<(!doctype|html|\?xml|head|body)", start, re.IGNORECASE):
            raise ValueError(
                f"{source.name}: this is an HTML page, not word vectors; it may be the page around "
                f"the download, or an error message of the server. Download the file itself."
            )
        if looks_binary(start[: 1 << 12]):
            raise ValueError(
                f"{source.name}: byte 0 begins no format that is known (word2vec text or binary, "
                f"GloVe, fastText .vec, .npy, .safetensors); it starts with {start[:16]!r}."
            )
    return "text"
