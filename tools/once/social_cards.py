"""Draw the picture that chat windows show beside a link, in each language; needs Chromium.

`python -m tools.once.social_cards` writes book/_static/card-zh.png and card-en.png, which are committed:
the site is built without a browser.
"""

from playwright.sync_api import sync_playwright

from tools.build import LANGUAGES, ROOT
from tools.takeaway import CONFIG, HAN_FONT, WORDS, find_chromium

CARD = """<!DOCTYPE html><meta charset="utf-8"><style>
@font-face {{ font-family: "Book Han"; src: url("{font}"); }}
body {{ margin: 0; width: 1200px; height: 630px; box-sizing: border-box; padding: 90px;
        font-family: "Book Han"; color: #14213d; background: #fff; border-bottom: 24px solid #0b57a4; }}
h1 {{ font-size: 84px; margin: 0 0 24px; }}
p {{ font-size: 40px; margin: 0 0 70px; }}
div {{ font-size: 40px; white-space: pre; }}
b {{ display: inline-block; font-weight: normal; padding: 12px 22px; border: 3px solid #0b57a4; }}
.hot {{ background: #0b57a4; color: #fff; }}
</style><h1>{title}</h1><p>{subtitle}</p>
<div><b>0</b><b class="hot">1</b><b>0</b>  ×  E   =   E<sub>1</sub></div>
"""


def main() -> None:
    with sync_playwright() as playwright:
        browser = find_chromium(playwright)
        for language in LANGUAGES:
            tab = browser.new_page(viewport={"width": 1200, "height": 630})
            tab.goto(
                HAN_FONT.as_uri().rsplit("/", 1)[0]
            )  # from a file, so that it may load the font
            tab.set_content(
                CARD.format(
                    font=HAN_FONT.as_uri(),
                    title=CONFIG["languages"][language]["project"],
                    subtitle=WORDS[language]["subtitle"],
                )
            )
            tab.evaluate("document.fonts.ready")
            target = ROOT / "book" / "_static" / f"card-{language}.png"
            tab.screenshot(path=target)
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
