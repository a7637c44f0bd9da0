"""The Chromium of tools and tests, and the check for content that overflows a page."""

import functools
import http.server
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

# Without these flags a browser in a closed network spends its time on background requests.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # The address bar has pages of its own in every window, which cost as much as a page.
    # The list replaces Playwright's, so what matters here of that one is in it.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "AimEnabled,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "ThirdPartyStoragePartitioning,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose",
)
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "reduced_motion": "reduce",
}
STICKING_OUT = Path(__file__).with_name("sticking_out.js").read_text("utf-8")


def chromium() -> str | None:
    """The path of Debian's Chromium or of Chrome; None lets Playwright search."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def launch(playwright):
    """Start it. Without a browser, raises playwright's Error, which says how to install one."""
    path = chromium()
    where = {"executable_path": path} if path else {"channel": "chrome"}
    return playwright.chromium.launch(args=list(FLAGS), **where)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder: Path, handler=Quiet):
    """The address of a web server on this machine that serves the folder."""
    handler = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
