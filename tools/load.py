"""What the site bears on this machine: `python tools/load.py [--record deploy/load.json]`.

Packs the built site, starts nginx with deploy/nginx.conf on a free port of 127.0.0.1, looks at every
file as it is answered, lets Chromium visit a page to see what it asks for, and sends just that with
wrk, with more and more connections: compressed beforehand, compressed while the reader waits, and not
at all. It takes about a minute and leaves nothing running. nginx and wrk: `apt install nginx wrk`.
"""

import argparse
import gzip
import json
import os
import platform
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import torch

from embedlinear.book.bench.results import about
from tools.build import ROOT
from tools.pack import SITE, pack

PAGES = (
    "embedding-vs-linear",
    "pitfalls",
)  # the longest two: a first visit, and the reader goes on
CONNECTIONS = (16, 128, 1000)
BEFOREHAND, MEANWHILE, PLAIN = (
    "compressed beforehand",
    "compressed while serving",
    "not compressed",
)
MAIN = """
daemon off; worker_processes auto; worker_rlimit_nofile 8192; pid {folder}/pid; error_log {folder}/error.log;
{user}{modules}events {{ worker_connections 4096; }}
http {{
    sendfile on; tcp_nopush on; include {mime}; default_type application/octet-stream;
    {temporary}
    log_format book '$status $body_bytes_sent $request_uri'; access_log {access};
    include {folder}/book.conf;
}}
"""
WRK = """
local paths, at = {paths}, 0
wrk.headers["Accept-Encoding"] = "{encoding}"
function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
function done(summary, latency)
    local lost = summary.errors
    io.write(string.format(
        '\\nJSON{{"requests":%d,"seconds":%f,"bytes":%d,"p50":%f,"p99":%f,"lost":%d}}\\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        lost.connect + lost.read + lost.write + lost.status + lost.timeout))
end
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def find(name: str) -> str | None:
    """A program's path; Debian keeps nginx where only root looks for programs."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


def settings() -> dict[str, str]:
    """nginx's own answer to where it was built to find its things, and its version."""
    said = subprocess.run(
        [find("nginx"), "-V"], capture_output=True, text=True, check=True
    ).stderr
    return dict(re.findall(r"--([\w-]+)-path=(\S+)", said)) | {
        "version": re.search(r"nginx/(\S+)", said)[1]
    }


def brotli_module(built: dict[str, str]) -> Path | None:
    module = Path(built.get("modules", "/nowhere")) / "ngx_http_brotli_static_module.so"
    return module if module.exists() else None


@contextmanager
def served(site: Path, how: str = BEFOREHAND, log: bool = False):
    """nginx with deploy/nginx.conf over the packed `site`; yields its address and its access log.

    Only the port, the folder and, for the comparisons, the line on compressing are put in.
    """
    built, port = settings(), free_port()
    conf = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "root /srv/embedlinear;": f"root {site};",
    }
    on_the_fly = "gzip on; gzip_types text/css application/javascript application/json image/svg+xml;"
    changes |= {
        MEANWHILE: {"gzip_static on;": on_the_fly},
        PLAIN: {"gzip_static on;": ""},
    }.get(how, {})
    module = brotli_module(built)
    if module:
        changes["# brotli_static on;"] = "brotli_static on;"
    for given, put_in in changes.items():
        assert conf.count(given) == 1, f"deploy/nginx.conf has no single {given!r}"
        conf = conf.replace(given, put_in)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "book.conf").write_text(conf, encoding="utf-8")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        main = MAIN.format(
            folder=folder,
            user=f"user {pwd.getpwuid(0).pw_name};\n"
            if os.geteuid() == 0
            else "",  # to read a private folder
            modules=f"load_module {module};\n" if module else "",
            mime=Path(built["conf"]).with_name("mime.types"),
            temporary=" ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
            access=f"{folder}/access.log book" if log else "off",
        )
        (folder / "nginx.conf").write_text(main, encoding="utf-8")
        process = subprocess.Popen(
            [find("nginx"), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        )
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None:
                        break
                    time.sleep(0.05)
            if process.poll() is not None:
                raise RuntimeError(
                    f"nginx did not start: {(folder / 'error.log').read_text()}"
                )
            yield f"http://127.0.0.1:{port}", folder / "access.log"
        finally:
            process.terminate()
            process.wait(10)


def ask(address: str, **headers: str):
    """One answer, as it comes: (status, headers, body); nothing is unpacked and no redirect followed."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        answer = opener.open(urllib.request.Request(address, headers=names), timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def check(root: str, site: Path) -> dict[str, int]:
    """Ask for every file, compressed and not; the answers must be the file. Returns how many of a kind."""
    seen = {}
    for path in sorted(
        path
        for path in site.rglob("*")
        if path.is_file() and path.suffix not in (".gz", ".br")
    ):
        address = f"{root}/{path.relative_to(site)}"
        for encoding in ("identity", "gzip"):
            status, headers, body = ask(address, Accept_Encoding=encoding)
            packed = headers.get("Content-Encoding")
            expected = (
                "gzip"
                if encoding == "gzip" and path.with_name(path.name + ".gz").exists()
                else None
            )
            assert (status, packed) == (200, expected), (
                f"{address}: {status}, {packed}, expected {expected}"
            )
            assert (gzip.decompress(body) if packed else body) == path.read_bytes(), (
                address
            )
            assert headers["Cache-Control"] and headers["ETag"], (
                f"{address}: nothing to be kept by"
            )
        kind = path.suffix or path.name
        seen[kind] = seen.get(kind, 0) + 1
    return seen


def visits(
    root: str, log: Path, language: str
) -> dict[str, list[tuple[int, int, str]]]:
    """What a real browser asks for: on a first page, on a next one, and when it comes back to it."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    where = {"executable_path": chromium} if chromium else {"channel": "chrome"}
    asked, before = {}, 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            args=["--no-sandbox", "--disable-gpu"], **where
        )
        page = browser.new_page()
        for name, kind in zip((*PAGES, PAGES[0]), ("first", "next", "again")):
            page.goto(f"{root}/{language}/{name}.html", wait_until="networkidle")
            page.evaluate(
                "scrollTo(0, document.body.scrollHeight)"
            )  # pictures are asked for when near
            page.wait_for_load_state("networkidle")
            lines = log.read_text().splitlines()
            asked[kind] = [
                (int(s), int(b), u)
                for s, b, u in (line.split(" ", 2) for line in lines[before:])
            ]
            before = len(lines)
        browser.close()
    return asked


def press(
    root: str, paths: list[str], connections: int, seconds: int, encoding: str
) -> dict:
    """wrk's figures for `paths`, asked for in turn; latencies in ms."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        listed = ", ".join(f'"{path}"' for path in paths)
        script.write(WRK.format(paths=f"{{{listed}}}", encoding=encoding))
        script.flush()
        command = [
            find("wrk"),
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "5s",
            "-s",
            script.name,
            root,
        ]
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 30, check=True
        ).stdout
    found = json.loads(re.search(r"JSON(\{.*\})", said)[1])
    rate = found["requests"] / found["seconds"]
    return {
        "connections": connections,
        "requests": found["requests"],
        "lost": found["lost"],
        "requests per second": round(rate),
        "page views per second": round(rate / len(paths)),
        "MB per second": round(found["bytes"] / found["seconds"] / 1e6),
        "p50 ms": round(found["p50"], 1),
        "p99 ms": round(found["p99"], 1),
    }


def machine() -> str:
    return f"{about(torch.device('cpu'), '')['model']}, {os.cpu_count()} cores, {platform.system()}"


def measure(site: Path, seconds: int) -> dict:
    with served(site, log=True) as (root, log):
        files = check(root, site)
        log.write_text("")
        asked = visits(root, log, "en")
    views = {
        kind: {"requests": len(lines), "KB": round(sum(b for _, b, _ in lines) / 1e3)}
        for kind, lines in asked.items()
    }
    assert all(
        status in (200, 304) for lines in asked.values() for status, _, _ in lines
    ), asked
    paths = [address for _, _, address in asked["first"]]
    runs = []
    for how in (BEFOREHAND, MEANWHILE, PLAIN):
        encoding = "identity" if how == PLAIN else "gzip"
        with served(site, how) as (root, _):
            press(
                root, paths, CONNECTIONS[0], 1, encoding
            )  # the files are in memory afterwards
            for connections in CONNECTIONS:
                print(f"{how}, {connections} connections ...", flush=True)
                runs.append(
                    {"how": how} | press(root, paths, connections, seconds, encoding)
                )
    wrk = subprocess.run(
        [find("wrk"), "-v"], capture_output=True, text=True
    ).stdout.split()[1]
    return {
        "date": date.today().isoformat(),
        "machine": f"{machine()}; nginx and wrk share it, over loopback",
        "versions": {"nginx": settings()["version"], "wrk": wrk},
        "command": f"python tools/load.py --seconds {seconds}",
        "files checked": files,
        "visits": views,
        "runs": runs,
    }


def tables(record: dict) -> str:
    """The record's figures as deploy/README.md shows them."""
    lines = [
        "| a reader's | requests that reach the server | KB sent |",
        "|---|--:|--:|",
    ]
    names = {
        "first": "first page",
        "next": "next page",
        "again": "way back to the first",
    }
    lines += [
        f"| {names[kind]} | {v['requests']} | {v['KB']} |"
        for kind, v in record["visits"].items()
    ]
    columns = (
        "connections",
        "requests per second",
        "page views per second",
        "MB per second",
        "p50 ms",
        "p99 ms",
        "lost",
    )
    lines += [
        "",
        f"| first page, | {' | '.join(columns)} |",
        f"|---|{'--:|' * len(columns)}",
    ]
    lines += [
        f"| {run['how']} | {' | '.join(f'{run[c]:,}' for c in columns)} |"
        for run in record["runs"]
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=int, default=5, help="for each number of connections"
    )
    parser.add_argument("--record", type=Path, help="write the figures here, as JSON")
    options = parser.parse_args()
    lacking = [name for name in ("nginx", "wrk") if not find(name)]
    if lacking:
        sys.exit(f"{' and '.join(lacking)} not found; on Debian: apt install nginx wrk")
    with tempfile.TemporaryDirectory() as folder:
        try:
            pack(SITE, Path(folder) / "served")
        except FileNotFoundError as error:
            sys.exit(str(error))
        record = measure(Path(folder) / "served", options.seconds)
    print(tables(record))
    if options.record:
        options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    lost = sum(run["lost"] for run in record["runs"])
    if lost:
        sys.exit(f"{lost} requests were lost")


if __name__ == "__main__":
    main()
