"""Pages that load light and late: small pictures, and no styles for icons that no page shows.

matplotlib's PNG files lie in the notebooks, where every viewer can show them; the site serves the
same pixels as lossless WebP. A picture whose size is said does not move the text when it arrives,
and one further down is asked for when the reader comes near.
"""

import re
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image

PICTURE = re.compile(r'<img (?P<before>[^>]*)src="_images/(?P<name>[\w-]+)\.png"')
ICON = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"\\([0-9a-f]+)"\}')
FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"
STYLES = "styles/pydata-sphinx-theme.css"


def lighten_pictures(folder: Path) -> None:
    sizes = {}
    for path in (folder / "_images").glob("*.png"):
        with Image.open(path) as picture:
            sizes[path.stem] = picture.size
            webp = path.with_suffix(".webp")
            if not webp.exists():
                picture.convert("RGB").save(webp, lossless=True)

    def tag(match):
        width, height = sizes[match["name"]]
        size = f'width="{width}" height="{height}" loading="lazy" decoding="async"'
        return f'<img {size} {match["before"]}src="_images/{match["name"]}.webp"'

    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        lighter = PICTURE.sub(tag, text)
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")


def lighten_styles(static: Path) -> None:
    """A third of the theme's style sheet names icons; keep those that our small font draws."""
    drawn = TTFont(static / FONT).getBestCmap()
    path = static / STYLES
    text = path.read_text(encoding="utf-8")
    kept = ICON.sub(lambda rule: rule[0] if int(rule[1], 16) in drawn else "", text)
    path.write_text(kept, encoding="utf-8")


def lighten(app, exception):
    if not exception and app.builder.name == "html":
        lighten_pictures(Path(app.outdir))
        lighten_styles(Path(app.outdir) / "_static")


def setup(app):
    app.connect("build-finished", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
