"""Install what the book needs into .venv: `python3 tools/venv.py [site | takeaway]`.

Without a name: all of requirements.txt. Runs on the machine's Python, so that an old version
gets a clear error, and again inside .venv, where pip reports its configuration: uv is ten
times faster but needs pip's options. If uv has no such option, or fails, pip installs.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from glob import glob

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
INSIDE = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
PYTHON = os.path.join(VENV, *INSIDE)
LISTS = ("requirements.txt", "constraints.txt", "pyproject.toml")
PIP = [PYTHON, "-m", "pip", "install", "--no-compile", "--disable-pip-version-check"]
# pip's options by pip's names: those with the same name in uv, those that uv reads from the
# environment, and those that only change what pip prints and caches.
SAME = "index_url extra_index_urls find_links constraints trusted_hosts no_index pre"
READ = {
    "cert": "SSL_CERT_FILE",
    "proxy": "HTTP_PROXY HTTPS_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
}
MANNERS = "cache_dir disable_pip_version_check no_color progress_bar quiet require_venv"


def stop(message):
    sys.exit("embedlinear: " + message)


def up_to_date(stamps):
    """Whether a stamp, which is written last, is younger than all lists."""
    lists = [os.path.join(ROOT, n) for n in LISTS]
    lists += glob(os.path.join(ROOT, "requirements", "*.txt"))
    newest = max(map(os.path.getmtime, lists))
    return any(os.path.exists(s) and os.path.getmtime(s) >= newest for s in stamps)


def make():
    """Create .venv with this Python; stop if it was created for another folder."""
    if not os.path.exists(PYTHON):
        print("Making .venv", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV]):
            stop("on Debian or Ubuntu, apt install python3-venv; then run again")
    with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
        made = re.search(r"^command = .* -m venv (?:--?\S+ )*(.+)$", file.read(), re.M)
    home = os.path.dirname(made.group(1)) if made else ROOT
    if not os.path.exists(home) or not os.path.samefile(home, ROOT):
        stop(".venv was made for %s: remove it here (rm -r .venv); run again" % home)


def configured():
    """(flags, variables) that give uv pip's options; None if uv lacks one of them."""
    from pip._internal.commands import create_command  # the only way to ask pip

    parser = create_command("install").parser
    given = vars(parser.get_default_values())
    changed = {key for key in given if given[key] != parser.defaults.get(key)}
    if changed - {*SAME.split(), *MANNERS.split(), *READ}:
        return None
    flags, variables = ["--index-strategy", "unsafe-best-match"], {}  # as pip looks
    for option in parser.option_list_all:
        flag, value = option.get_opt_string(), given.get(option.dest)
        if option.dest == "format_control":
            value = sorted(getattr(value, flag.strip("-").replace("-", "_")))
        elif option.dest not in changed.intersection(SAME.split()):
            continue
        for one in value if isinstance(value, list) else [value]:
            flags += [flag] + ([] if option.nargs is None else [one])
    for key in changed & set(READ):
        value = given[key] if isinstance(given[key], str) else "%d" % given[key]
        variables.update(dict.fromkeys(READ[key].split(), value))
    return flags, variables


def with_uv(asked):
    """Whether uv could install the list: the one on the PATH, else one inside .venv."""
    inside = os.path.dirname(PYTHON)
    try:
        flags, variables = configured()
    except Exception:  # None, or this pip is different inside
        return False
    if not (shutil.which("uv") or shutil.which("uv", path=inside)):
        subprocess.call(PIP + ["-q", "-c", "constraints.txt", "uv"], cwd=ROOT)
    uv = shutil.which("uv") or shutil.which("uv", path=inside)
    command = [uv, "pip", "install", "--python", PYTHON] + flags + ["-r", asked]
    environment = dict(os.environ, **variables)
    return uv and not subprocess.call(command, cwd=ROOT, env=environment)


def with_pip(asked):
    command, said = PIP + ["--retries", "1", "-r", asked], ""
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="", choices=["", "site", "takeaway"])
    name = parser.parse_args().name
    if sys.version_info < (3, 11):
        stop("Python 3.11 or later is needed; this is " + sys.version.split()[0])
    whole = os.path.join(VENV, ".installed")
    stamp = whole + "-" + name if name else whole
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        make()
        if not up_to_date([whole, stamp]):
            sys.exit(subprocess.call([PYTHON, os.path.abspath(__file__), name]))
        return
    asked = "requirements/%s.txt" % name if name else "requirements.txt"
    print("Installing %s into .venv" % asked, flush=True)
    if not with_uv(asked):
        print("pip goes on without uv", flush=True)
        with_pip(asked)
    with open(stamp, "w"):
        pass


if __name__ == "__main__":
    main()
