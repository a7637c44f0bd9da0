"""Pages that load light and late: small pictures, few elements, no styles for nothing.

matplotlib's PNG files lie in the notebooks, where every viewer can show them; the site
serves the same pixels as lossless WebP. A picture whose size is said does not move the
text when it arrives, and one further down is asked for when the reader comes near.
"""

import re
from pathlib import Path

import prune
from docutils import nodes
from PIL import Image
from pygments.formatters import HtmlFormatter
from pygments.token import Token
from sphinx.errors import ExtensionError
from sphinx.highlighting import PygmentsBridge

# One sheet is made of these, in their order; layout.html links it.
SHEETS = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "copybutton.css",
    "mystnb.*.css",
    "widgets.css",
    "theme.css",
    "book.css",
)
ADDRESS = re.compile(r"""url\((["']?)(?!["']?data:)""")
PLAIN = {Token.Name, Token.Operator, Token.Punctuation, Token.Text.Whitespace}


class LightCode(HtmlFormatter):
    """Words of no colour of their own are text: a phone lays out elements slowly."""

    def format_unencoded(self, tokens, outfile):
        plain = ((Token.Text if kind in PLAIN else kind, s) for kind, s in tokens)
        super().format_unencoded(plain, outfile)


def visit_image(self, node):
    name = self.builder.images.get(node["uri"], "")
    if not name.endswith(".png"):
        return type(self).visit_image(self, node)
    target = Path(self.builder.outdir, "_images", name).with_suffix(".webp")
    target.parent.mkdir(exist_ok=True)
    with Image.open(Path(self.builder.srcdir, node["uri"])) as picture:
        width, height = map(str, picture.size)
        if not target.exists():
            picture.convert("RGB").save(target, lossless=True)
    shown = {"src": f"_images/{target.name}", "alt": node.get("alt", "")}
    shown |= {"width": width, "height": height, "loading": "lazy", "decoding": "async"}
    return self.body.append(self.starttag(node, "img", **shown))


def visit_literal(self, node):
    """Inline code as one element; Sphinx makes another of each of its words."""
    opening = self.starttag(node, "code", "", CLASS="docutils literal notranslate")
    self.body.append(f"{opening}{self.encode(node.astext())}</code>")
    raise nodes.SkipNode


def sheets(static: Path) -> list[Path]:
    """The themes' sheets and ours. Raises ExtensionError, by its name, for a missing one."""
    found = {name: next(static.glob(name), None) for name in SHEETS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise ExtensionError(
            f"the theme brings no {', '.join(missing)}: did an upgrade rename it? "
            "Correct SHEETS in book/_ext/light.py"
        )
    return list(found.values())


def join_styles(app, exception):
    """A page is drawn when its last sheet is there: one small file instead of eight."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    static, text = folder / "_static", ""
    for sheet in sheets(static):
        styles = sheet.read_text(encoding="utf-8")
        # Addresses count from a sheet's folder, and the joined one lies in styles/.
        deeper = sheet.parent == static
        text += ADDRESS.sub(r"url(\1../", styles) if deeper else styles
    read = " ".join(p.read_text(encoding="utf-8") for p in folder.glob("*.html"))
    for script in set(re.findall(r'<script defer src="[^"]*_static/([^?"]+)', read)):
        read += (static / script).read_text(encoding="utf-8")
    words = set(prune.WORD.findall(read))
    (static / "styles/joined.css").write_text(prune.prune(text, words), "utf-8")


def setup(app):
    PygmentsBridge.html_formatter = LightCode
    app.add_node(nodes.image, override=True, html=(visit_image, None))
    app.add_node(nodes.literal, override=True, html=(visit_literal, None))
    app.add_js_file("scripts/pydata-sphinx-theme.js", priority=900)
    app.connect("build-finished", join_styles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
