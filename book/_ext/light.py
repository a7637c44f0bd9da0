"""Pages that load light and late: small pictures, few files and elements, no styles for nothing.

matplotlib's PNG files lie in the notebooks, where every viewer can show them; the site serves the
same pixels as lossless WebP. A picture whose size is said does not move the text when it arrives,
and one further down is asked for when the reader comes near.
"""

import re
from hashlib import sha256
from pathlib import Path

import prune
from PIL import Image

PICTURE = re.compile(r'<img (?P<before>[^>]*)src="_images/(?P<name>[\w-]+)\.png"')
CODE = re.compile(r"<pre><span></span>(.*?)</pre>", re.DOTALL)
WORD = re.compile(r'<span class="(\w+)">([^<]*)</span>')
LITERAL = re.compile(r'<span class="pre">([^<]*)</span>')
LOOK = re.compile(
    r'^html\[data-theme="(\w+)"\] \.highlight(?: \.(\w+))? \{ (?:background: #\w+; )?color: (#\w+) \}',
    re.M,
)
FIRST = "styles/pydata-sphinx-theme.css"  # the joined sheet takes its place in a page
SHEETS = (
    *(
        "basic.css",
        FIRST,
        "pygments.css",
        "styles/sphinx-book-theme.css",
        "copybutton.css",
        "mystnb.*.css",
    ),
    *("widgets.css", "book.css"),
)
JOINED = "styles/joined.css"
COMPOSED = {"bs-tooltip-auto"}  # the one class that a script puts together
ADDRESS = re.compile(r"""url\((["']?)(?!["']?data:)""")
SHEET = re.compile(
    r' *<link (?=[^>]*rel="stylesheet")[^>]*href="_static/([^"?]+)[^>]*>\n'
)
SCRIPT = re.compile(r'<script src="_static/')
OPTION = re.compile(r" *<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n")


def light_pictures(folder: Path):
    """Write each picture as WebP; the function that shows it in a page, with its size, when it is near."""
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

    return lambda text: PICTURE.sub(tag, text)


def plain_words(styles: str) -> set[str]:
    """The kinds of words that have the colour of the code around them, in each theme of pygments.css."""
    looks: dict[str, dict[str, str]] = {}
    for theme, kind, colour in LOOK.findall(styles):
        looks.setdefault(theme, {})[kind] = colour
    return set.intersection(
        *(
            {kind for kind in kinds if kinds[kind] == kinds[""]}
            for kinds in looks.values()
        )
    )


def light_code(folder: Path):
    """The function that leaves the words without a colour of their own to the text around them.

    Each word of the code is an element, and a phone takes a second to lay out the thousands of a page.
    """
    plain = plain_words(
        (folder / "_static" / "pygments.css").read_text(encoding="utf-8")
    )
    plain.add(
        "o"
    )  # a colour for each dot and equals sign, a third of what is left, helps nobody

    def code(match):
        words = WORD.sub(
            lambda word: word[2] if word[1] in plain else word[0], match[1]
        )
        return f"<pre>{words}</pre>"

    return lambda text: LITERAL.sub(r"\1", CODE.sub(code, text))


def light_styles(folder: Path):
    """Join the style sheets and leave out what no page shows; the function that links the one in a page.

    A page is drawn when its last sheet is there: one small file instead of seven. Scripts in the head
    wait for the page instead of the page for them; the options that Sphinx sets for single pages,
    before the scripts would run, serve a search that this book has not.
    """
    static = folder / "_static"
    sheets = [next(static.glob(name)) for name in SHEETS]
    texts = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    # Addresses count from the sheet's folder, and the joined sheet lies one deeper than some.
    texts = [
        text if sheet.parent.name == "styles" else ADDRESS.sub(r"url(\1../", text)
        for sheet, text in zip(sheets, texts)
    ]
    users = [*folder.glob("*.html"), *static.rglob("*.js")]
    words = {
        word
        for user in users
        for word in prune.WORD.findall(user.read_text(encoding="utf-8"))
    }
    text = prune.prune("\n".join(texts), words | COMPOSED)
    (static / JOINED).write_text(text, encoding="utf-8")
    version = sha256(text.encode()).hexdigest()[:8]
    joined = f'<link rel="stylesheet" href="_static/{JOINED}?v={version}" />\n'
    names = {str(sheet.relative_to(static).as_posix()) for sheet in sheets} - {FIRST}

    def tag(match):
        return (
            joined
            if match[1] in (FIRST, JOINED)
            else ""
            if match[1] in names
            else match[0]
        )

    return lambda text: OPTION.sub(
        "", SCRIPT.sub('<script defer src="_static/', SHEET.sub(tag, text))
    )


def lighten(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    steps = (light_pictures(folder), light_code(folder), light_styles(folder))
    for page in folder.glob("*.html"):
        text = lighter = page.read_text(encoding="utf-8")
        for step in steps:
            lighter = step(lighter)
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")


def setup(app):
    app.connect(
        "build-finished", lighten, priority=900
    )  # the theme writes pygments.css there, too
    return {"parallel_read_safe": True, "parallel_write_safe": True}
