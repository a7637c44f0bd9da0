"""Pages that load light and late: small pictures, few files to wait for, no styles for unseen icons.

matplotlib's PNG files lie in the notebooks, where every viewer can show them; the site serves the
same pixels as lossless WebP. A picture whose size is said does not move the text when it arrives,
and one further down is asked for when the reader comes near.
"""

import re
from hashlib import sha256
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image

PICTURE = re.compile(r'<img (?P<before>[^>]*)src="_images/(?P<name>[\w-]+)\.png"')
ICON = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"\\([0-9a-f]+)"\}')
FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"
STYLES = "styles/pydata-sphinx-theme.css"
# What the themes bring, in their order; widgets.css and book.css come after it.
THEMES = ("basic.css", STYLES, "pygments.css", "styles/sphinx-book-theme.css", "copybutton.css", "mystnb.*.css")
JOINED = "styles/themes.css"
SHEET = re.compile(r' *<link (?=[^>]*rel="stylesheet")[^>]*href="_static/([^"?]+)[^>]*>\n')
SCRIPT = re.compile(r'<script src="_static/')
OPTION = re.compile(r" *<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n")


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


def join_styles(folder: Path) -> None:
    """A page is drawn when its last style sheet is there: one file of the themes instead of six.

    Scripts in the head wait for the page instead of the page for them; the options that Sphinx
    sets for single pages, before the scripts would run, serve a search that this book has not.
    """
    static = folder / "_static"
    sheets = [next(static.glob(name)) for name in THEMES]
    texts = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    # Addresses count from the sheet's folder, and the joined sheet lies one deeper than some.
    texts = [
        text if sheet.parent.name == "styles" else re.sub(r"url\((?!data:)", "url(../", text)
        for sheet, text in zip(sheets, texts)
    ]
    text = "\n".join(texts)
    (static / JOINED).write_text(text, encoding="utf-8")
    version = sha256(text.encode()).hexdigest()[:8]
    joined = f'<link rel="stylesheet" href="_static/{JOINED}?v={version}" />\n'
    names = {str(sheet.relative_to(static).as_posix()) for sheet in sheets} - {STYLES}

    def tag(match):
        return joined if match[1] in (STYLES, JOINED) else "" if match[1] in names else match[0]

    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        lighter = OPTION.sub("", SCRIPT.sub('<script defer src="_static/', SHEET.sub(tag, text)))
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")


def lighten(app, exception):
    if not exception and app.builder.name == "html":
        lighten_pictures(Path(app.outdir))
        lighten_styles(Path(app.outdir) / "_static")
        join_styles(Path(app.outdir))


def setup(app):
    app.connect("build-finished", lighten, priority=900)  # the theme writes pygments.css there, too
    return {"parallel_read_safe": True, "parallel_write_safe": True}
