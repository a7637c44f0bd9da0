"""Plant one fault at a time, and check that the tests of `make test` notice.

    python -m tools.weekly.mutate            every fault of faults.toml: ten minutes
    python -m tools.weekly.mutate pad norm   those whose name contains one of the words

The checkout does not change: faults are planted in a copy. The output names the test that
caught a fault, or says SURVIVED, and then the exit status is 1. A fault whose text is not
in the source is an error: the list must follow the code.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("faults.toml")
LAYERS = "layers/test_*.py"
OPTIONS = """[pytest]
markers = weekly
addopts = -xq -n0 -W ignore -p no:cacheprovider -m "not weekly"
"""


def run(folder: Path, pattern: str, *nearest: str) -> tuple[int, str, str]:
    """pytest in the copy: its exit status, the first test that failed, its output."""
    tests = sorted(folder.glob(f"tests/{pattern}"), key=lambda p: p.stem not in nearest)
    path = os.pathsep.join([str(folder / "src"), str(folder)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, tests)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    failed = re.search(r"^(?:FAILED|ERROR) .*?::(\S+)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else "", done.stdout


def plant(folder: Path, file: str, text: str, new: str, pattern: str) -> str:
    """The test that caught one fault, or an empty string."""
    path = folder / "src/embedlinear" / file
    source = path.read_text(encoding="utf-8")
    if text not in source:
        sys.exit(f"{file} no longer contains {text!r}")
    path.write_text(source.replace(text, new, 1), encoding="utf-8")
    # The nearest tests first: they are the most likely to fail.
    near = {"onehot": "checks", "essence": "both"}.get(path.stem, path.stem)
    status, test, output = run(folder, pattern, f"test_{near}")
    path.write_text(source, encoding="utf-8")
    if status not in (0, 1) or (status and not test):  # such as a syntax error
        sys.exit(f"pytest ended with {status}:\n{output[-3000:]}")
    return test


def main() -> str | int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="only faults with one of these words")
    words = parser.parse_args().words
    chosen = [
        (name, file, *texts, *[LAYERS][len(texts) - 2 :])
        for file, faults in tomllib.loads(FAULTS.read_text(encoding="utf-8")).items()
        for name, texts in faults.items()
        if not words or any(word in name for word in words)
    ]
    survived = []
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("src", "tests", "tools", "book", "_toc.yml", "_config.yml"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        (folder / "pytest.ini").write_text(OPTIONS)
        for pattern in {pattern for *_, pattern in chosen}:
            status, test, output = run(folder, pattern)
            if status:
                return f"they fail without any fault ({test}):\n{output[-3000:]}"
        for number, (name, *fault) in enumerate(chosen, 1):
            start = time.perf_counter()
            test = plant(folder, *fault)
            survived += [] if test else [name]
            verdict = f"caught by {test}" if test else "SURVIVED"
            seconds = time.perf_counter() - start
            print(f"{number:3} {name:40} {seconds:5.1f} s  {verdict}", flush=True)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} faults caught")
    return f"survived: {', '.join(survived)}" if survived else 0


if __name__ == "__main__":
    sys.exit(main())
