"""Measure every page of the site as published: `python -m tools.weekly.audit`.

For each page in each language: the requests of a first visit and their size as sent by a
server (gzip), the findings of axe-core in both themes, and content that overflows a phone.
With Lighthouse (`npm install -g lighthouse`) also the medians of its scores for a phone and
of the layout shift while loading: a quarter of a minute each on an idle machine. Its
factor of four makes a phone of a fast desktop; for a slower machine, which the record tells
by its "power", Lighthouse gives others: 2 for a power of 1,000 to 1,500.
https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md#cpu-throttling
"""

import argparse
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlparse

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import sync_playwright

from embedlinear.machine import machine
from tools.book import ROOT, languages, pages
from tools.browser import FLAGS, PHONE, STICKING_OUT, Quiet, chromium, launch, served
from tools.build import build

ADDRESS = {
    "BOOK_REPOSITORY": "https://github.com/reader/book",
    "BOOK_SITE": "https://reader.example/books/one",
}
COMPRESSED = {".woff2", ".webp", ".png"}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FIND = Path(__file__).with_name("axe.js").read_text(encoding="utf-8")


class Gzip(Quiet):
    """A typical static host: it compresses text and lets a browser cache it."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=31536000")
        if path.suffix not in COMPRESSED:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)


def requests_of(page) -> list[str]:
    """The addresses that the page requests from now on; the list keeps growing."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def weight(asked: list[str], site: Path) -> int:
    """The bytes of the responses, each address once, as sent by a server."""
    paths = {site / unquote(urlparse(url).path).lstrip("/") for url in asked}
    return sum(
        path.stat().st_size
        if path.suffix in COMPRESSED
        else len(gzip.compress(path.read_bytes()))
        for path in paths
        if path.is_file()
    )


def violations(page) -> list[str]:
    """The findings of axe-core on the open page, including collapsed parts."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(FIND)


def measure(browser, address: str, site: Path) -> tuple[dict, list[str]]:
    """The numbers of one page on a phone, and its problems in four looks."""
    wrong = []
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        asked = requests_of(page)
        page.goto(address, wait_until="networkidle")
        kilobytes = round(weight(asked, site) / 1024, 1)
        for width, scheme in itertools.product((390, 1440), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            shown = "s => document.documentElement.dataset.theme === s"
            page.wait_for_function(shown, arg=scheme)
            beyond = page.evaluate(STICKING_OUT, width)
            found = violations(page) + [f"sticks out: {element}" for element in beyond]
            wrong += [f"{width}, {scheme}: {line}" for line in found]
    return {"requests": len(asked), "kilobytes": kilobytes, "faults": len(wrong)}, wrong


def broken(figures: dict) -> list[str]:
    """The limits that these numbers exceed."""
    most = {"requests": 25, "kilobytes": 200, "shift": 0.01}
    least = dict.fromkeys(CATEGORIES, 100) | {"performance": 98}
    return [
        f"{name} is {value}"
        for name, value in figures.items()
        if value > most.get(name, value) or value < least.get(name, value)
    ]


def lighthouse(address: str, runs: int, slowdown: float) -> dict:
    """Medians: the scores for a phone, 0 to 100, the shift, this machine's power."""
    flags = f"--chrome-flags={' '.join(FLAGS)} --headless"
    command = ["lighthouse", address, "--quiet", "--output=json", flags]
    command.append(f"--throttling.cpuSlowdownMultiplier={slowdown}")
    environment = os.environ | {"CHROME_PATH": chromium() or ""}
    reports = []
    for _ in range(runs):
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            sys.exit(f"lighthouse {address}: {done.stderr.strip()}")
        reports.append(json.loads(done.stdout))
    scores = {
        name: round(100 * median(r["categories"][name]["score"] for r in reports))
        for name in CATEGORIES
    }
    shifts = [r["audits"]["cumulative-layout-shift"]["numericValue"] for r in reports]
    power = median(r["environment"]["benchmarkIndex"] for r in reports)
    return scores | {"shift": round(median(shifts), 4), "power": round(power)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    runs = int(bool(shutil.which("lighthouse")))
    parser.add_argument("--lighthouse", type=int, default=runs, metavar="RUNS")
    parser.add_argument(
        "--slowdown", type=float, default=4, help="of the processor (4)"
    )
    parser.add_argument("pages", nargs="*", help="such as en/index; without it, all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    options = parser.parse_args()
    os.environ |= ADDRESS
    site = ROOT / "_build" / "published" / "html"
    problems = build(site)
    if problems:
        sys.exit("\n".join(problems))
    rows, wrong = {}, []
    with sync_playwright() as playwright, served(site, Gzip) as root:
        browser = launch(playwright)
        command = " ".join(["python -m tools.weekly.audit", *sys.argv[1:]])
        about = machine() | {"command": command, "chromium": browser.version}
        if options.lighthouse:
            asked = subprocess.run(["lighthouse", "--version"], capture_output=True)
            about["lighthouse"] = asked.stdout.decode().strip()
        everything = [f"{here}/{page}" for here in languages() for page in pages()]
        for name in options.pages or everything:
            address = f"{root}/{name}.html"
            rows[name], found = measure(browser, address, site)
            if options.lighthouse:
                rows[name] |= lighthouse(address, options.lighthouse, options.slowdown)
            wrong += [f"{name}: {line}" for line in found + broken(rows[name])]
            print(f"{name:27}", rows[name], flush=True)
        browser.close()
    if options.json:
        text = json.dumps({"about": about, "pages": rows}, indent=1) + "\n"
        options.json.write_text(text, encoding="utf-8")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
