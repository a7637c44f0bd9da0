"""Draw the picture that chat apps show for a link: book/_static/card-zh.png, ...

    python -m tools.once.social_cards

Run it again when a language is added or a title changes; the site is built without a browser.
"""

import argparse

from playwright.sync_api import sync_playwright

from tools.book import ROOT, about
from tools.browser import launch
from tools.takeaway import HAN, render

MOTIF = ROOT / "book" / "_static" / "motif.svg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    with sync_playwright() as playwright:
        size = {"width": 1200, "height": 630}
        tab = launch(playwright).new_page(viewport=size, reduced_motion="reduce")
        for here in about():
            tab.goto(HAN.parent.as_uri())  # a page from a file may load the font
            pictures = {"font": HAN.as_uri(), "motif": MOTIF.as_uri()}
            tab.set_content(render("card.html", here, **pictures))
            tab.evaluate("document.fonts.ready")
            target = ROOT / "book" / "_static" / f"card-{here['folder']}.png"
            tab.screenshot(path=target)
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
