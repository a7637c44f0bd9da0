"""Pack the built site for a server: `python -m tools.pack [--out _build/served]`.

Each text file gets compressed versions next to it (.gz, and .br for servers that support
it), so that nothing is compressed while readers wait. This is a copy, because a compressed
version older than its file would be served in its place.
"""

import argparse
import gzip
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import brotli

from tools.book import ROOT
from tools.build import SITE

TEXT = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".xml", ".txt"}
NOT_SERVED = shutil.ignore_patterns(".*", "jupyter_execute", "*.mo", "objects.inv")


def compress(path: Path) -> None:
    """Write path.gz and path.br if they are smaller."""
    data = path.read_bytes()
    if path.suffix not in TEXT:
        return
    # No time and no name inside: the same file gives the same bytes.
    twins = {".gz": gzip.compress(data, 9, mtime=0), ".br": brotli.compress(data)}
    for suffix, squeezed in twins.items():
        if len(squeezed) < len(data):
            twin = path.with_name(path.name + suffix)
            twin.write_bytes(squeezed)
            shutil.copystat(path, twin)  # Last-Modified is the page's, for both


def pack(site: Path, out: Path) -> int:
    """Copy `site` to `out` and compress it; returns the number of files.

    `out` is replaced in one step, when it is complete. Without a site, the program ends.
    """
    if not (site / "index.html").is_file():
        sys.exit(f"{site} contains no site: `make book` builds it")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        fresh = Path(shutil.copytree(site, Path(folder) / "fresh", ignore=NOT_SERVED))
        shutil.copy(ROOT / "deploy" / "_headers", fresh)
        files = [path for path in fresh.rglob("*") if path.is_file()]
        with ProcessPoolExecutor() as pool:
            list(pool.map(compress, files, chunksize=16))
        if out.exists():
            os.rename(out, Path(folder) / "old")
        os.rename(fresh, out)
    return len(files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=SITE, help="the built site")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "served")
    options = parser.parse_args()
    count = pack(options.site, options.out)
    print(f"{count} files, ready to be served, in {options.out}")


if __name__ == "__main__":
    main()
