"""Make .venv with everything that the book needs: `python3 tools/venv.py`.

Runs on the bare Python of the machine, old ones included, so that a wrong one is told so.
"""

import argparse
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".installed")  # written last: half an install does not count
LISTS = ("requirements.txt", "constraints.txt", "pyproject.toml")
INSIDE = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
PYTHON = os.path.join(VENV, *INSIDE)
PIP = ["-m", "pip", "install", "--retries", "1", "--disable-pip-version-check"]
UNREACHABLE = (
    "NewConnectionError",
    "Failed to establish",
    "name resolution",
    "ProxyError",
    "timed out",
)


def stop(message):
    sys.exit("embedlinear: " + message)


def up_to_date():
    if not os.path.exists(STAMP):
        return False
    lists = [os.path.getmtime(os.path.join(ROOT, name)) for name in LISTS]
    return max(lists) <= os.path.getmtime(STAMP)


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if sys.version_info < (3, 11):
        found = (sys.executable,) + sys.version_info[:2]
        stop("Python 3.11 or later is needed; %s is %d.%d" % found)
    if up_to_date():
        return
    if not os.path.exists(PYTHON):
        print("Making .venv ...")
        made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True)
        if made.returncode:
            stop(
                "this Python cannot make a virtual environment; on Debian or Ubuntu: "
                "apt install python3-venv"
            )
    print("Installing requirements.txt into .venv; torch is large, this takes minutes.")
    sys.stdout.flush()
    command = [PYTHON, *PIP, "-r", "requirements.txt"]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        if any(sign in done.stderr for sign in UNREACHABLE):
            stop(
                "no network: pip cannot reach the package index; "
                "the same command goes on later"
            )
        sys.stderr.write(done.stderr)
        stop("pip could not install requirements.txt; its own words are above")
    with open(STAMP, "w"):
        pass


if __name__ == "__main__":
    main()
