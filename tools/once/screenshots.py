"""Take the README's pictures of the built site: `python -m tools.once.screenshots`.

Run it again when the site looks different; `make book` comes first.
"""

import argparse

from playwright.sync_api import sync_playwright

from tools.book import ROOT, languages
from tools.browser import launch, served
from tools.build import SITE

PAGE = "embedding-vs-linear.html"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--anchor", default="#fig-embedding-vs-linear-product", help="where to scroll"
    )
    anchor = parser.parse_args().anchor
    with served(SITE) as address, sync_playwright() as playwright:
        tab = launch(playwright).new_page(viewport={"width": 1200, "height": 900})
        for language in languages():
            tab.goto(f"{address}/{language}/{PAGE}{anchor}")
            tab.wait_for_load_state("networkidle")
            tab.screenshot(path=ROOT / ".github" / f"page-{language}.png")


if __name__ == "__main__":
    main()
