"""Install what the book needs into .venv: `python3 tools/venv.py [site | takeaway]`.

Without a name: all of requirements.txt. Runs on the machine's Python, so that an old version
gets a clear error. uv is ten times faster than pip, but ignores pip's options: it gets them
from `pip config list`. If uv lacks one of them, or fails, pip installs.
"""

import ast
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
INSIDE = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(INSIDE, "python")
PIP = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
# What the tests need is compiled at once, for they start many processes, and some machines let
# none of these keep what it has compiled (PYTHONDONTWRITEBYTECODE).
COMPILED = "requirements.txt"
# pip's options, and the variables in which uv takes them.
SAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "proxy": "HTTP_PROXY HTTPS_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
MANNERS = "cache-dir config-file disable-pip-version-check no-color progress-bar quiet"


def stop(message):
    sys.exit("embedlinear: " + message)


def make():
    """Create .venv with this Python; stop if it was created for another folder."""
    if not os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
        print("Making .venv", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV]):
            stop("on Debian or Ubuntu, apt install python3-venv; then run again")
    with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
        made = re.search(r"^command = .* -m venv (?:--?\S+ )*(.+)$", file.read(), re.M)
    home = os.path.dirname(made.group(1)) if made else ROOT
    if not os.path.exists(home) or not os.path.samefile(home, ROOT):
        stop(".venv was made for %s: remove it here (rm -r .venv); run again" % home)


def for_uv(listed):
    """uv's variables for pip's options, as `pip config list` gives them; None if uv lacks one.

    Variables come before the section `install`, and that before `global`.
    """
    options = {}
    found = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.*)$", listed, re.M)
    for _, name, value in sorted(found, key=lambda line: "gi:".index(line[0][0])):
        options[name] = ast.literal_eval(value)
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip looks
    for name, value in options.items():
        if name in SAME:
            for variable in SAME[name].split():
                between = "," if variable == "UV_FIND_LINKS" else " "
                variables[variable] = between.join(value.split())
        elif name not in MANNERS.split():
            return None
    return {name: value for name, value in variables.items() if value}


def with_uv(asked):
    """Whether uv could install the list: the one on the PATH, else one inside .venv."""
    command = [PYTHON, "-m", "pip", "config", "list"]
    variables = for_uv(subprocess.check_output(command, text=True))
    if variables is None:
        return False
    if not (shutil.which("uv") or shutil.which("uv", path=INSIDE)):
        subprocess.call(PIP + ["-q", "-c", "constraints.txt", "uv"], cwd=ROOT)
    uv = shutil.which("uv") or shutil.which("uv", path=INSIDE)
    command = [uv, "pip", "install", "--python", PYTHON, "-r", asked]
    command += ["--compile-bytecode"] * (asked == COMPILED)
    variables.update(os.environ, **variables)
    return uv and not subprocess.call(command, cwd=ROOT, env=variables)


def with_pip(asked):
    command, said = PIP + ["--retries", "1", "-r", asked], ""
    command += ["--no-compile"] * (asked != COMPILED)
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    for line in running.stderr:
        sys.stderr.write(line)
        said += line
    if running.wait():
        if re.search("timed out|Timeout", said):
            stop(
                "the package index answers too slowly. PIP_DEFAULT_TIMEOUT=120 waits "
                "longer; PIP_INDEX_URL=... asks a nearer mirror: see README.md"
            )
        if re.search("NewConnection|Failed to establish|resolution|ProxyError", said):
            stop("no network: pip cannot reach the package index; try again later")
        stop("pip could not install %s; its own words are above" % asked)


def main(name=""):
    if sys.version_info < (3, 11):
        stop("Python 3.11 or later is needed; this is " + sys.version.split()[0])
    asked = "requirements/%s.txt" % name if name else COMPILED
    if not os.path.exists(os.path.join(ROOT, asked)):
        stop(__doc__.splitlines()[0])
    make()
    print("Installing %s into .venv" % asked, flush=True)
    if not with_uv(asked):
        print("pip goes on without uv", flush=True)
        with_pip(asked)
    with open(os.path.join(VENV, ".installed" + (name and "-" + name)), "w"):
        pass  # the Makefile compares its time with the lists'


if __name__ == "__main__":
    main(*sys.argv[1:])
