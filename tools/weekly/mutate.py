"""Plant one fault at a time in the layers, and check that the tests notice.

    python -m tools.weekly.mutate            every fault of faults.toml: a few minutes
    python -m tools.weekly.mutate pad norm   those whose name contains one of the words

The checkout does not change: faults are planted in a copy, which runs the tests of
tests/layers. The output names the test that caught a fault, or says SURVIVED, and then
the exit status is 1. A fault whose text is not in the source is an error: the list must
follow the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).with_name("faults.toml")
COMMAND = "-m pytest -xq -n0 -p no:cacheprovider -W ignore -m".split()


def run(folder: Path, *first: str) -> tuple[int, str, str]:
    """pytest in the copy: its exit status, the first test that failed, its output."""
    tests = sorted(p.name for p in (folder / "tests/layers").glob("test_*.py"))
    tests = [f"tests/layers/{name}" for name in (*first, *(set(tests) - set(first)))]
    done = subprocess.run(
        [sys.executable, *COMMAND, "not weekly", "-c", "pytest.ini", *tests],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    failed = [s for s in done.stdout.splitlines() if s.startswith(("FAILED", "ERROR"))]
    name = failed[0].split("::", 1)[-1].split(" - ")[0] if failed else ""
    return done.returncode, name, done.stdout + done.stderr


def plant(folder: Path, module: str, text: str, replacement: str) -> str:
    """The test that caught one fault, or an empty string."""
    path = folder / "src" / "embedlinear" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    if text not in source:
        sys.exit(f"{path.name} no longer contains {text!r}")
    path.write_text(source.replace(text, replacement, 1), encoding="utf-8")
    # The nearest tests first: they are the most likely to fail.
    nearest = {"embedding", "linear", "equivalence", "checks"} & {module} or {"checks"}
    status, test, output = run(folder, f"test_{nearest.pop()}.py", "test_both.py")
    path.write_text(source, encoding="utf-8")
    if status not in (0, 1):
        sys.exit(f"pytest ended with {status}:\n{output[-3000:]}")
    return test


def main() -> str | int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="only faults with one of these words")
    words = parser.parse_args().words
    chosen = [
        (name, module, *texts)
        for module, faults in tomllib.loads(FAULTS.read_text(encoding="utf-8")).items()
        for name, texts in faults.items()
        if not words or any(word in name for word in words)
    ]
    survived = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("src", "tests/layers", "tests/__init__.py"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    weekly\n")
        status, test, output = run(folder)
        if status:
            return f"the tests fail without any fault ({test}):\n{output[-3000:]}"
        for number, (name, module, text, replacement) in enumerate(chosen, 1):
            start = time.perf_counter()
            test = plant(folder, module, text, replacement)
            survived += [] if test else [name]
            verdict = f"caught by {test}" if test else "SURVIVED"
            seconds = time.perf_counter() - start
            print(f"{number:3} {name:40} {seconds:5.1f} s  {verdict}", flush=True)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} faults caught")
    return f"survived: {', '.join(survived)}" if survived else 0


if __name__ == "__main__":
    sys.exit(main())
