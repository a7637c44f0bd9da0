"""Draw the picture that chat windows show beside a link: book/_static/card-zh.png, ...

    python -m tools.once.social_cards

Run it again when a language comes or a title changes; the site is built without a browser.
"""

import argparse

from jinja2 import Template
from playwright.sync_api import sync_playwright

from tools.book import ROOT, about
from tools.browser import launch
from tools.takeaway import HAN

CARD = Template("""<!DOCTYPE html><meta charset="utf-8"><style>
@font-face { font-family: "Book Han"; src: url("{{ font }}"); }
body { margin: 0; width: 1200px; height: 630px; box-sizing: border-box; padding: 90px;
  font-family: "Book Han"; color: #14213d; background: #fff; border-bottom: 24px solid #0b57a4; }
h1 { font-size: 84px; margin: 0 0 24px; }
p { font-size: 40px; margin: 0 0 70px; }
div { font-size: 40px; white-space: pre; }
b { display: inline-block; font-weight: normal; padding: 12px 22px; border: 3px solid #0b57a4; }
.hot { background: #0b57a4; color: #fff; }
</style><h1>{{ here.title }}</h1><p>{{ here.tagline }}</p>
<div><b>0</b><b class="hot">1</b><b>0</b>  ×  E   =   E<sub>1</sub></div>
""")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    with sync_playwright() as playwright:
        tab = launch(playwright).new_page(viewport={"width": 1200, "height": 630})
        for here in about():
            tab.goto(HAN.parent.as_uri())  # a page from a file may load the font
            tab.set_content(CARD.render(here=here, font=HAN.as_uri()))
            tab.evaluate("document.fonts.ready")
            target = ROOT / "book" / "_static" / f"card-{here['folder']}.png"
            tab.screenshot(path=target)
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
