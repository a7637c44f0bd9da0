"""A browser for the tests of the published site."""

import json
import re

import pytest

HERE = re.compile(r"file:|data:|http://127\.0\.0\.1:")
FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"


def failed(page, request):
    if request.failure != "net::ERR_ABORTED":  # the reader has gone on to another page
        page.trouble.append(f"failed: {request.url}")


@pytest.fixture(scope="session")
def pages(browser):
    """Pages that no test has open, by their context: a new one costs a second of CPU time."""
    return {}


@pytest.fixture
def reader(browser, pages):
    """Opens pages; errors and requests to other hosts fail the test.

    A page that another test has used shows the last address, without its storage and look.
    """
    opened = []

    def open_page(address=None, color_scheme="light", viewport=None, **context):
        motion = context.get("reduced_motion", "no-preference")
        kind = pages.setdefault(json.dumps(context, sort_keys=True), [])
        page = kind.pop() if kind else browser.new_context(**context).new_page()
        if not hasattr(page, "trouble"):
            page.on(
                "console", lambda m: m.type == "error" and page.trouble.append(m.text)
            )
            page.on("pageerror", lambda error: page.trouble.append(str(error)))
            page.on("requestfailed", lambda request: failed(page, request))
            page.on(
                "request", lambda r: HERE.match(r.url) or page.trouble.append(r.url)
            )
        page.trouble = []
        page.set_viewport_size(viewport or {"width": 1280, "height": 720})
        page.emulate_media(
            media="null", color_scheme=color_scheme, reduced_motion=motion
        )
        opened.append((kind, page))
        if address:
            page.goto(address)
        return page

    yield open_page
    for kind, page in opened:
        page.wait_for_load_state()
        page.evaluate(FORGET)
        page.mouse.move(0, 0)
        page.emulate_media(reduced_motion="reduce")  # the start page's picture moves
        kind.append(page)
        assert page.trouble == []
