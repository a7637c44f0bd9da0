"""What one reader who runs the book takes: `python tools/footprint.py [--record deploy/footprint.json]`.

Runs every chapter in a kernel of its own, one after the other, and notes the most memory that the
kernel and what it starts held together, the processor time and the wall time; then the server behind
one reader's JupyterLab, and the environment on the disk. So run it from the environment that readers
get, made with `pip install -r .binder/requirements.txt`. On Linux.
"""

import argparse
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
import torch
from nbclient import NotebookClient

from embedlinear.book.bench.results import about

ROOT = Path(__file__).resolve().parents[1]
MB = 1e6


class Watch(threading.Thread):
    """Looks 10 times a second at a process and its children: memory at its highest, processor time.

    Pages that several processes share, such as torch's libraries, count once, as a container counts them.
    """

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.top, self.peak, self.seconds, self.stop = (
            psutil.Process(pid),
            0,
            {},
            threading.Event(),
        )

    def look(self) -> None:
        together = 0
        for process in [self.top, *self.top.children(recursive=True)]:
            try:
                shares = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                together += int(re.search(r"^Pss:\s+(\d+) kB", shares, re.M)[1]) * 1024
                self.seconds[process.pid] = sum(process.cpu_times()[:2])
            except (OSError, TypeError, psutil.NoSuchProcess):
                pass  # it ended in between; what it took until the last look stays counted
        self.peak = max(self.peak, together)

    def run(self) -> None:
        while not self.stop.wait(0.1):
            try:
                self.look()
            except (
                psutil.NoSuchProcess
            ):  # the kernel itself has died: whoever runs it will hear
                return

    def result(self) -> dict:
        self.stop.set()
        self.join()
        # The kernel's own peak is known to Linux exactly; short ones fall between two looks.
        status = Path(f"/proc/{self.top.pid}/status").read_text()
        exact = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
        return {
            "memory MB": round(max(self.peak, exact) / MB),
            "processor s": round(sum(self.seconds.values()), 1),
        }


def run(path: Path) -> dict:
    """One notebook from top to bottom. Raises what nbclient raises if a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    extra = ["--IPKernelApp.log_level=ERROR"]
    client = NotebookClient(
        notebook,
        timeout=600,
        extra_arguments=extra,
        resources={"metadata": {"path": str(path.parent)}},
    )
    began = time.monotonic()
    with client.setup_kernel():
        watch = Watch(client.km.provisioner.pid)
        watch.start()
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        return watch.result() | {"wall s": round(time.monotonic() - began, 1)}


@contextmanager
def lab(port: int):
    """JupyterLab as a hub starts it for one reader, without a kernel."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--port={port}",
        ]
        command += [
            "--ServerApp.token=",
            "--ip=127.0.0.1",
            f"--ServerApp.root_dir={folder}",
        ]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def server() -> dict:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with lab(port) as process:
        watch = Watch(process.pid)
        watch.start()
        for _ in range(120):
            try:
                urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/lab", timeout=5
                ).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise RuntimeError("JupyterLab did not answer within a minute")
        return watch.result()


def on_disk(folder: Path) -> int:
    """The bytes below a folder; a file that has two names counts once."""
    seen = {
        (s.st_dev, s.st_ino): s.st_size
        for s in (path.lstat() for path in folder.rglob("*"))
    }
    return sum(seen.values())


def machine() -> str:
    return f"{about(torch.device('cpu'), '')['model']}, {os.cpu_count()} cores, {platform.system()}"


def table(record: dict) -> str:
    """The record's figures as deploy/README.md shows them."""
    columns = ("memory MB", "processor s", "wall s")
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    rows = {"JupyterLab's server, no kernel": record["server"]} | {
        f"`{n}`": r for n, r in record["chapters"].items()
    }
    lines += [
        f"| {name} | {' | '.join(str(row.get(c, '')) for c in columns)} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        help="all that compute, in English, when none is named",
    )
    parser.add_argument("--record", type=Path, help="write the figures here, as JSON")
    options = parser.parse_args()
    if not Path("/proc/self/status").exists():
        sys.exit(
            "tools/footprint.py asks Linux for a process's highest memory; this is another system"
        )
    paths = options.notebooks or sorted((ROOT / "book" / "en").glob("*.ipynb"))
    chapters = {}
    for path in paths:
        if any(
            cell.cell_type == "code" for cell in nbformat.read(path, as_version=4).cells
        ):
            chapters[path.stem] = run(path)
            print(path.stem, chapters[path.stem], flush=True)
    record = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "command": "python tools/footprint.py",
        "versions": {
            name: version(name) for name in ("torch", "jupyterlab", "ipykernel")
        },
        "environment MB": round(on_disk(Path(sys.prefix)) / MB),
        "server": server(),
        "chapters": chapters,
    }
    print(table(record))
    if options.record:
        options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
