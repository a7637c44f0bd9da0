"""A browser for the tests of the published site."""

import re

import pytest

HERE = re.compile(r"file:|data:|http://127\.0\.0\.1:")


def failed(page, request):
    if request.failure != "net::ERR_ABORTED":  # the reader has gone on to another page
        page.trouble.append(f"failed: {request.url}")


@pytest.fixture
def reader(browser):
    """Opens pages; errors and requests to other hosts fail the test."""
    opened = []

    def open_page(address="about:blank", **context):
        page = browser.new_context(**context).new_page()
        opened.append(page)
        page.trouble = []
        page.on("console", lambda m: m.type == "error" and page.trouble.append(m.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("requestfailed", lambda request: failed(page, request))
        page.on("request", lambda r: HERE.match(r.url) or page.trouble.append(r.url))
        page.goto(address)
        return page

    yield open_page
    for page in opened:
        page.context.close()
        assert page.trouble == []
