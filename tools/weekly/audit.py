"""Measure the built site, page by page: `python -m tools.weekly.audit [--lighthouse RUNS] [--json FILE]`.

For every page in both languages: the requests of a first visit and their size as a server sends
them (gzip), what axe-core finds in both themes, and how far the page sticks out on a phone. With
`--lighthouse` (`npm install -g lighthouse`) its four scores for a phone are added, the median of so
many runs, a quarter of a minute each on a quiet machine, and how far anything moved while loading.
"""

import argparse
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlparse

import torch
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import sync_playwright

from embedlinear.book.bench.results import about as machine
from tools.build import LANGUAGES, ROOT, pages

SITE = ROOT / "_build" / "html"
COMPRESSED = {".woff2", ".webp", ".png"}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
]


def requests_of(page) -> list[str]:
    """The addresses that the page asks for from now on; the list grows by itself."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def weight(asked: list[str], site: Path) -> int:
    """The bytes of the answers, each address once, as a server sends them: text compressed."""
    files = [
        site / unquote(urlparse(url).path).lstrip("/") for url in dict.fromkeys(asked)
    ]
    return sum(
        file.stat().st_size
        if file.suffix in COMPRESSED
        else len(gzip.compress(file.read_bytes()))
        for file in files
        if file.is_file()
    )


# Contrast is axe's slowest rule by far, and code is thousands of words in a few colours: it is asked
# about the first text of each look, of what is behind it too. What is folded is opened first.
FIND = """async () => {
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  await document.fonts.ready;
  const moving = () => document.getAnimations().map((animation) => animation.finished);
  await Promise.allSettled(moving());  // a colour that is still changing has no contrast yet
  const behind = new Map([[null, ""]]), looks = new Set();
  const ground = (e) => {
    if (!behind.has(e)) {
      const s = getComputedStyle(e);
      behind.set(e, [ground(e.parentElement), s.backgroundColor, s.backgroundImage, s.opacity, s.filter].join());
    }
    return behind.get(e);
  };
  for (const e of document.querySelectorAll("body *")) {
    const s = getComputedStyle(e);
    const look = [s.color, s.fontSize, s.fontWeight, s.textShadow, s.position, ground(e)].join();
    const text = [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const box = e.getBoundingClientRect();
    const first = (text || e.matches("input, select")) && e.checkVisibility() && box.width > 1 && !looks.has(look);
    e.toggleAttribute("data-look", first);
    if (first) looks.add(look);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id} × ${nodes.length}: ${nodes[0].html.slice(0, 120)}`);
}"""


def violations(page) -> list[str]:
    """What axe-core finds on the open page: rule, number of places, and the first of them."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(FIND)


def lighthouse(address: str, chromium: str, runs: int) -> dict:
    """The medians of Lighthouse's scores for a phone, 0 to 100, and of the cumulative layout shift."""
    flags = f"--chrome-flags={' '.join(FLAGS)} --headless"
    reports = []
    for _ in range(runs):
        command = ["lighthouse", address, "--quiet", "--output=json", flags]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=os.environ | {"CHROME_PATH": chromium},
        )
        if done.returncode:
            sys.exit(f"lighthouse {address}: {done.stderr.strip()}")
        reports.append(json.loads(done.stdout))
    scores = {
        name: round(
            100 * median(report["categories"][name]["score"] for report in reports)
        )
        for name in CATEGORIES
    }
    shifts = (
        report["audits"]["cumulative-layout-shift"]["numericValue"]
        for report in reports
    )
    return {
        **scores,
        "shift": round(median(shifts), 4),
        "lighthouse": reports[0]["lighthouseVersion"],
    }


class Gzip(http.server.SimpleHTTPRequestHandler):
    """A static host as hosts are: it compresses text, and lets a browser keep what it has."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
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
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def measure(browser, address: str) -> tuple[dict, list[str]]:
    """The figures of one page, on a phone, and what axe-core finds there."""
    with browser.new_context(
        viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        asked = requests_of(page)
        page.goto(address, wait_until="networkidle")
        figures = {
            "requests": len(asked),
            "kilobytes": round(weight(asked, SITE) / 1024, 1),
        }
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(
                "s => document.documentElement.dataset.theme === s", arg=scheme
            )
            found += [f"{scheme}: {line}" for line in violations(page)]
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return figures | {"axe": len(found), "beyond": max(beyond, 0)}, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--lighthouse",
        type=int,
        default=0,
        metavar="RUNS",
        help="also the median of so many runs",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    handler = functools.partial(Gzip, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    columns = (
        "requests",
        "kilobytes",
        "axe",
        "beyond",
        *((*CATEGORIES, "shift") if options.lighthouse else ()),
    )
    print(f"{'page':27}", *columns)
    rows, wrong = {}, []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        command = " ".join(["python -m tools.weekly.audit", *sys.argv[1:]])
        about = machine(torch.device("cpu"), command) | {
            "chromium": browser.version,
            "cores": os.cpu_count(),
        }
        for language in LANGUAGES:
            for name in pages():
                page = f"{language}/{name}"
                address = f"http://127.0.0.1:{server.server_port}/{page}.html"
                figures, found = measure(browser, address)
                if options.lighthouse:
                    figures |= lighthouse(address, chromium, options.lighthouse)
                    about["lighthouse"] = figures.pop("lighthouse")
                print(
                    f"{page:27}",
                    *(f"{figures[name]:{len(name)}}" for name in columns),
                    flush=True,
                )
                rows[page] = figures
                wrong += [f"{page}: {line}" for line in found]
        browser.close()
    if options.json:
        options.json.write_text(
            json.dumps({"about": about, "pages": rows}, indent=1) + "\n",
            encoding="utf-8",
        )
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
