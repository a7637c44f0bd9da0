"""Books, pages and cells, as the rules need them."""

import ast
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.book import languages, pages

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
VOCABULARY = "优良差"  # the small vocabulary that all languages share
ANCHOR = re.compile(r'<a id="([^"]*)"></a>')
ANSI = re.compile(r"\x1b\[[0-9;]*m")
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
MAGICS = TransformerManager()
# Stand for a code span or a formula in running text: Unicode's private use area.
CODE, FORMULA = "\ue000", "\ue001"

BOOK_RULES, PAGE_RULES, PAIR_RULES = [], [], []


def entering(rules):
    """A decorator that enters a rule into the list."""
    return lambda rule: rules.append(rule) or rule


book_rule = entering(BOOK_RULES)  # rule(book): it is asked once
page_rule = entering(PAGE_RULES)  # rule(page): for every notebook of every language
pair_rule = entering(PAIR_RULES)  # rule(first, second): for a page and its translation


@dataclass(frozen=True)
class Heading:
    level: int
    title: str
    anchor: str | None  # the id of the invisible anchor just before it
    cell: "Cell"


class Cell:
    """One cell. As text it says where it is: ``book/zh/setup.ipynb, cell 3 (seed)``."""

    def __init__(self, page, number, raw):
        self.page, self.number, self.raw = page, number, raw
        self.type, self.id = raw["cell_type"], raw.get("id")
        self.source = "".join(raw["source"])
        self.metadata = raw["metadata"]
        self.tags = self.metadata.get("tags", [])
        self.outputs = raw.get("outputs", [])

    def __str__(self):
        return f"{self.page}, cell {self.number} ({self.id})"

    @cached_property
    def tree(self):
        """The syntax tree, with magics as the calls that IPython makes, or None."""
        return parse(self.source)

    @cached_property
    def blocks(self):
        """The blocks (of markdown-it-py) of a Markdown cell or of Markdown outputs."""
        if self.type == "markdown":
            return MARKDOWN.parse(self.source)
        shown = [output.get("data", {}) for output in self.outputs]
        texts = ["".join(data.get("text/markdown", "")) for data in shown]
        return [block for text in texts for block in MARKDOWN.parse(text)]

    @property
    def spans(self):
        """The tokens inside the blocks: text, code spans, links and so on."""
        return [span for block in self.blocks for span in block.children or []]

    @cached_property
    def html(self):
        """The raw HTML between the Markdown."""
        tokens = (*self.blocks, *self.spans)
        raw = [token.content for token in tokens if token.type.startswith("html")]
        return BeautifulSoup("\n".join(raw), "html.parser")

    @property
    def fences(self):
        return [block for block in self.blocks if block.type == "fence"]

    @cached_property
    def headings(self):
        found, before = [], None
        for block, after in zip(self.blocks, self.blocks[1:]):
            if block.type == "heading_open":
                anchor = before and ANCHOR.fullmatch(before.content)
                level, name = int(block.tag[1]), anchor and anchor[1]
                found.append(Heading(level, after.content, name, self))
            elif block.content:
                before = block
        return found

    @cached_property
    def anchors(self):
        inline = (span.content for span in self.spans if span.type == "html_inline")
        return ANCHOR.findall("".join(inline))

    @property
    def links(self):
        """Where the links lead, decoded."""
        links = [span.attrs["href"] for span in self.spans if span.type == "link_open"]
        return [unquote(link) for link in links]

    @property
    def images(self):
        """``(source, alternative text)`` of the images in Markdown."""
        images = [span for span in self.spans if span.type == "image"]
        return [(image.attrs["src"], image.content) for image in images]

    @property
    def figure(self):
        """``(alternative text, name)`` of the figure that a cell draws."""
        described = self.metadata.get("mystnb", {})
        alt = described.get("image", {}).get("alt", "")
        return alt, described.get("figure", {}).get("name", "")

    @cached_property
    def texts(self):
        """What a reader sees or hears as running text, with CODE and FORMULA in it."""
        said = [_words(block) for block in self.blocks if block.type == "inline"]
        said += [self.figure[0], *(alt for _, alt in self.images)]
        said += self.html.stripped_strings
        return [text for text in said if text]


def _words(block):
    signs = {"code_inline": CODE, "math_inline": FORMULA, "math_inline_double": FORMULA}
    signs |= {"softbreak": "\n", "hardbreak": "\v"}
    kept = (
        s.content if s.type == "text" else signs.get(s.type, "") for s in block.children
    )
    return "".join(kept)


class Page:
    """One notebook. As text it is its path: ``book/zh/setup.ipynb``."""

    def __init__(self, path, language):
        self.path, self.language, self.name = path, language, path.stem
        self.raw = json.loads(path.read_text(encoding="utf-8"))
        self.cells = [Cell(self, n, raw) for n, raw in enumerate(self.raw["cells"], 1)]
        self.code = [cell for cell in self.cells if cell.type == "code"]
        self.markdown = [cell for cell in self.cells if cell.type == "markdown"]

    def __str__(self):
        return f"book/{self.language}/{self.name}.ipynb"

    @property
    def headings(self):
        return [heading for cell in self.cells for heading in cell.headings]

    @property
    def anchors(self):
        return [anchor for cell in self.cells for anchor in cell.anchors]


class Book:
    """All pages, by language and name, and the table of contents."""

    def __init__(self, root):
        root = Path(root)
        self.toc, self.languages = pages(root), languages(root)
        self.pages = {
            language: {
                path.stem: Page(path, language)
                for path in sorted((root / "book" / language).glob("*.ipynb"))
            }
            for language in self.languages
        }

    def __iter__(self):
        return (page for pages in self.pages.values() for page in pages.values())

    @property
    def pairs(self):
        """Each page of the first language with the same page of another."""
        first, *others = self.pages.values()
        return [(first[n], there[n]) for there in others for n in first if n in there]


@cache
def parse(source):
    """The syntax tree of a cell's source, or None where it has none."""
    try:
        return ast.parse(MAGICS.transform_cell(source))
    except SyntaxError:
        return None


def readable(output):
    """The texts of an output; of HTML its words, then the JSON in its scripts."""
    if output["output_type"] == "stream":
        return ["".join(output["text"])]
    if output["output_type"] == "error":
        return [output["evalue"]]
    texts = []
    for kind, text in sorted(output["data"].items()):
        text = "".join(text) if kind.startswith("text/") else ""
        if kind == "text/html":
            html = BeautifulSoup(text, "html.parser")
            carried = [s.string or "" for s in html("script", type="application/json")]
            text = " ".join([html.get_text(" ", strip=True), *carried])
        if kind == "text/markdown":  # without anchors and the addresses of links
            text = re.sub(r"\]\(\S+?\)|<.*?>", "", text)
        # A figure is as wide as its labels, which differ.
        texts.append(re.sub(r"<Figure size \S+", "<Figure", text))
    return texts
