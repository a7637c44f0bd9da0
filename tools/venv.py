"""Make .venv with everything that the book needs: `python3 tools/venv.py`.

Runs on the bare Python of the machine, old ones included, so that a wrong one is told so.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".installed")  # written last: half an install is no install
WANTED = [
    os.path.join(ROOT, name)
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml")
]
PYTHON = os.path.join(
    VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python"))
)
NO_NETWORK = (
    "NewConnectionError",
    "Failed to establish",
    "name resolution",
    "ProxyError",
    "timed out",
)


def stop(message):
    sys.exit("embedlinear: " + message)


def up_to_date():
    return os.path.exists(STAMP) and all(
        os.path.getmtime(name) <= os.path.getmtime(STAMP) for name in WANTED
    )


def main():
    if sys.version_info < (3, 11):
        stop(
            "Python 3.11 or later is needed; %s is %d.%d"
            % ((sys.executable,) + sys.version_info[:2])
        )
    if up_to_date():
        return
    if not os.path.exists(PYTHON):
        print("Making .venv ...")
        made = subprocess.run(
            [sys.executable, "-m", "venv", VENV], capture_output=True, text=True
        )
        if made.returncode:
            stop(
                "this Python cannot make a virtual environment; on Debian or Ubuntu: "
                "apt install python3-venv"
            )
    print(
        "Installing what requirements.txt lists into .venv; torch is large, this takes minutes.",
        flush=True,
    )
    install = subprocess.run(
        [
            PYTHON,
            "-m",
            "pip",
            "install",
            "--retries",
            "1",
            "--disable-pip-version-check",
            "-r",
            "requirements.txt",
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    if install.returncode:
        if any(sign in install.stderr for sign in NO_NETWORK):
            stop(
                "no network: pip cannot reach the package index; the same command goes on later"
            )
        sys.stderr.write(install.stderr)
        stop("pip could not install requirements.txt; its own words are above")
    with open(STAMP, "w"):
        pass


if __name__ == "__main__":
    main()
