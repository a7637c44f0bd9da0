"""Measure the built site, page by page: `python tools/audit.py [--lighthouse]`.

For every page in both languages: the requests of a first visit and their size as a server sends
them (gzip), what axe-core finds in both themes, and how far the page sticks out on a phone. With
`--lighthouse` (`npm install -g lighthouse`) its four scores for a phone are added, minutes a page.
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
from urllib.parse import unquote, urlparse

from axe_playwright_python.sync_playwright import Axe
from build import LANGUAGES, ROOT, pages
from playwright.sync_api import sync_playwright

SITE = ROOT / "_build" / "html"
COMPRESSED = {".woff2", ".webp", ".png"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def weight(page, address: str, site: Path) -> tuple[int, int]:
    """Requests of a first visit to `address`, and the bytes of their answers, compressed."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    files = [site / unquote(urlparse(url).path).lstrip("/") for url in dict.fromkeys(asked)]
    sizes = [
        file.stat().st_size if file.suffix in COMPRESSED else len(gzip.compress(file.read_bytes()))
        for file in files
        if file.is_file()
    ]
    return len(asked), sum(sizes)


def violations(page) -> list[str]:
    """What axe-core finds on the open page: rule, number of places, and the first of them."""
    page.wait_for_timeout(300)  # a colour that is still changing has no contrast yet
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']} × {len(v['nodes'])}: {v['nodes'][0]['html'][:120]}" for v in found]


def lighthouse(address: str, chromium: str) -> list[int]:
    command = ["lighthouse", address, "--quiet", "--output=json", f"--chrome-flags={' '.join(FLAGS)} --headless"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": chromium})
    return [round(100 * c["score"]) for c in json.loads(done.stdout)["categories"].values()]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lighthouse", action="store_true")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    handler = functools.partial(Gzip, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}"
    scores = "  lighthouse" if options.lighthouse else ""
    print(f"{'page':32} requests      KB   axe  sticks out{scores}")
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for language in LANGUAGES:
            for name in pages():
                size = {"width": 390, "height": 844}
                context = browser.new_context(viewport=size, reduced_motion="reduce")
                page = context.new_page()
                address = f"{root}/{language}/{name}.html"
                requests, octets = weight(page, address, SITE)
                found = []
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    found += violations(page)
                beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                row = f"{language}/{name:29} {requests:8} {octets / 1024:7.0f} {len(found):5} {max(beyond, 0):11}"
                if options.lighthouse:
                    row += "  " + " ".join(map(str, lighthouse(address, chromium)))
                print(row, flush=True)
                wrong += [f"{language}/{name}: {line}" for line in found]
                context.close()
        browser.close()
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
