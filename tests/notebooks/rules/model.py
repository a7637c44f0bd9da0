"""Books, pages and cells, with what the rules ask them for."""

import ast
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import yaml
from bs4 import BeautifulSoup
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

LANGUAGES = ("zh", "en")  # every other language is compared with the first
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
VOCABULARY = "优良差"  # the little vocabulary that all languages share

ANCHOR = re.compile(r'<a id="([^"]*)"></a>')
ANSI = re.compile(r"\x1b\[[0-9;]*m")
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
# Stand for a code span or a formula in running text: letters of Unicode's private use area.
CODE, FORMULA = "\ue000", "\ue001"


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
        self.type = raw["cell_type"]
        self.source = "".join(raw["source"])
        self.metadata = raw["metadata"]
        self.tags = self.metadata.get("tags", [])
        self.id = raw.get("id")

    def __str__(self):
        return f"{self.page}, cell {self.number} ({self.id})"

    # --- code ---

    @cached_property
    def tree(self):
        """The syntax tree, with magics as the calls that IPython makes of them, or None."""
        return parse(self.source)

    @cached_property
    def outputs(self):
        """The outputs; pieces of one stream that follow each other count as one."""
        whole = []
        for output in self.raw.get("outputs", []):
            before = whole[-1] if whole else {}
            if output["output_type"] == "stream" and output["name"] == before.get(
                "name"
            ):
                before["text"] = "".join(before["text"]) + "".join(output["text"])
            else:
                whole.append(dict(output))
        return whole

    @property
    def executed(self):
        return self.raw.get("execution_count") is not None

    @property
    def has_image(self):
        return any(
            kind.startswith("image/")
            for output in self.outputs
            for kind in output.get("data", {})
        )

    # --- Markdown ---

    @cached_property
    def blocks(self):
        """The tokens of a Markdown cell's blocks (see markdown-it-py)."""
        return MARKDOWN.parse(self.source) if self.type == "markdown" else []

    @property
    def spans(self):
        """The tokens inside the blocks: text, code spans, links and so on."""
        return [span for block in self.blocks for span in block.children or []]

    @cached_property
    def html(self):
        """The raw HTML in a Markdown cell; its Markdown is left out."""
        raw = [
            t.content for t in (*self.blocks, *self.spans) if t.type.startswith("html")
        ]
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
                found.append(
                    Heading(
                        int(block.tag[1]), after.content, anchor and anchor[1], self
                    )
                )
            elif block.content:
                before = block
        return found

    @cached_property
    def anchors(self):
        return ANCHOR.findall(
            "".join(s.content for s in self.spans if s.type == "html_inline")
        )

    @property
    def links(self):
        """Where the links lead, decoded."""
        here = [span.attrs["href"] for span in self.spans if span.type == "link_open"]
        return [
            unquote(link)
            for link in here + [a["href"] for a in self.html("a", href=True)]
        ]

    @property
    def images(self):
        """``(source, alternative text)`` of the images in a Markdown cell."""
        here = [(s.attrs["src"], s.content) for s in self.spans if s.type == "image"]
        return here + [(i.get("src", ""), i.get("alt", "")) for i in self.html("img")]

    # --- text ---

    @property
    def figure(self):
        """``(alternative text, caption, name)`` of the figure that a code cell draws."""
        described = self.metadata.get("mystnb", {})
        figure = described.get("figure", {})
        return (
            described.get("image", {}).get("alt", ""),
            figure.get("caption", ""),
            figure.get("name", ""),
        )

    @cached_property
    def texts(self):
        """The running texts that a reader sees or hears, code and formulas set apart."""
        if self.type == "markdown":
            blocks = [block for block in self.blocks if block.type == "inline"]
            said = [Text.of(block) for block in blocks]
            said += [Text(alt) for _, alt in self.images]
            return said + [Text(string) for string in self.html.stripped_strings]
        alt, caption, _ = self.figure
        return [
            Text(alt),
            *(Text.of(b) for b in MARKDOWN.parse(caption) if b.type == "inline"),
        ]


@dataclass(frozen=True)
class Text:
    """Running text with ``CODE`` and ``FORMULA`` for what is no language."""

    words: str
    hidden: tuple = ()

    @classmethod
    def of(cls, block):
        words, hidden = "", []
        for span in block.children:
            if span.type in ("code_inline", "math_inline", "math_inline_double"):
                words += CODE if span.type == "code_inline" else FORMULA
                hidden.append(
                    f"`{span.content}`" if words[-1] == CODE else f"${span.content}$"
                )
            elif span.type in ("softbreak", "hardbreak"):
                words += "\n" if span.type == "softbreak" else "\v"
            elif span.type == "text":
                words += span.content
        return cls(words, tuple(hidden))

    def around(self, match):
        """What was written around ``match``, for a message."""
        start, end = max(match.start() - 10, 0), match.end() + 10
        hidden = list(
            self.hidden[len(re.findall(f"[{CODE}{FORMULA}]", self.words[:start])) :]
        )
        shown = re.sub(
            f"[{CODE}{FORMULA}]", lambda _: hidden.pop(0), self.words[start:end]
        )
        return (
            "…" * (start > 0) + shown.replace("\n", "↵") + "…" * (end < len(self.words))
        )


class Page:
    """One notebook. As text it is its path: ``book/zh/setup.ipynb``."""

    def __init__(self, path, language):
        self.path, self.language, self.name = path, language, path.stem
        self.raw = json.loads(path.read_text(encoding="utf-8"))
        self.cells = [
            Cell(self, n, raw) for n, raw in enumerate(self.raw["cells"], start=1)
        ]

    def __str__(self):
        return f"book/{self.language}/{self.name}.ipynb"

    @property
    def code(self):
        return [cell for cell in self.cells if cell.type == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.cells if cell.type == "markdown"]

    @property
    def headings(self):
        return [heading for cell in self.cells for heading in cell.headings]

    @property
    def anchors(self):
        return [anchor for cell in self.cells for anchor in cell.anchors]


class Book:
    """All pages, and the table of contents."""

    def __init__(self, root):
        self.root = Path(root)
        toc = self.root / "_toc.yml"
        self.toc = (
            files_in(yaml.safe_load(toc.read_text("utf-8"))) if toc.exists() else []
        )
        self.pages = {
            language: {
                path.stem: Page(path, language)
                for path in sorted((self.root / "book" / language).glob("*.ipynb"))
            }
            for language in LANGUAGES
        }

    def __iter__(self):
        return (page for pages in self.pages.values() for page in pages.values())

    @property
    def pairs(self):
        """Each page that is there in the first language and in another, with the other one."""
        first, *others = self.pages.values()
        return [
            (first[name], pages[name])
            for pages in others
            for name in first
            if name in pages
        ]

    def page_at(self, path):
        path = path.resolve()
        return next((page for page in self if page.path.resolve() == path), None)


def files_in(toc):
    """The page names in a table of contents, in reading order, however deep."""
    if isinstance(toc, list):
        return [name for entry in toc for name in files_in(entry)]
    if not isinstance(toc, dict):
        return []
    return [
        name
        for key, value in toc.items()
        for name in ([value] if key in ("root", "file") else files_in(value))
    ]


def parse(source):
    """The syntax tree of a cell's source, or None where it has none."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return None


def called(tree):
    """The bare names of the functions and methods that are called in ``tree``."""
    return [
        getattr(node.func, "attr", getattr(node.func, "id", None))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def output_texts(output):
    """The texts in an output; not the bytes of a picture."""
    if output["output_type"] == "stream":
        return ["".join(output["text"])]
    if output["output_type"] == "error":
        return [ANSI.sub("", "\n".join([output["evalue"], *output["traceback"]]))]
    return [
        "".join(value)
        for kind, value in output["data"].items()
        if isinstance(value, (str, list))
        and (not kind.startswith("image/") or "svg" in kind)
    ]
