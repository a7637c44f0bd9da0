"""What templates need to know of a page: its twins, its buttons, its description.

sphinxext-opengraph would make the cards that chat windows show, but it puts spaces
between Chinese words and code, runs on into the next heading, and loads matplotlib.
"""

import json
import os
import re
import unicodedata
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.locale import _

from tools.book import RECORD, fingerprint

ROOM = 180  # columns that result lists show of a description; a Chinese character takes two
SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|[。！？]|$)\s*")
FULL_WIDTH = re.compile(r"(?<=[：；，。、]) ")


def columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide


def description(doctree) -> str:
    """The first paragraph and the list that it may open: whole sentences, if they fit."""
    parts = [doctree.next_node(nodes.paragraph) or nodes.paragraph()]
    if parts[0].astext().rstrip().endswith((":", "：")):
        parts += parts[0].next_node(nodes.bullet_list, False, siblings=True) or []
    text = " ".join(" ".join(part.astext() for part in parts).split())
    text = FULL_WIDTH.sub("", text)
    ends = [0, *(sentence.end() for sentence in SENTENCE.finditer(text))]
    summary = text[: max(end for end in ends if columns(text[:end]) <= ROOM)]
    if columns(summary) < ROOM / 2 and summary != text:  # too little: cut a sentence
        text = text[: max(n for n in range(ROOM) if columns(text[:n]) < ROOM)]
        summary = re.sub(r"\s[\x21-\x7e]*$", "", text).rstrip(" ,;，；、") + "…"
    return summary.strip()


def takeaway(folder: Path) -> list[dict]:
    """The whole book in one file, where `make takeaway` has left it, and its package."""
    names = [f"embedlinear-{folder.name}.{kind}" for kind in ("pdf", "epub")]
    names += [f"../{os.environ.get('BOOK_PACKAGE', 'none.whl')}"]
    kinds = {".pdf": "PDF", ".epub": "EPUB", ".whl": _("the Python package")}
    return [
        {"name": name, "kind": kinds[file.suffix], "size": size}
        for name in names
        for file in [folder / name]
        if file.exists()
        for size in [f"{file.stat().st_size / 1e6:.1f} MB"]
    ]


def verified(source: Path) -> dict[str, str]:
    """With which versions, and when, the notebooks of one language were executed."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    changed = [
        path.stem
        for path in sorted(source.glob("*.ipynb"))
        if record["notebooks"].get(f"{source.name}/{path.name}") != fingerprint(path)
    ]
    facts = {_("date of the run"): record["date"], _("system"): record["system"]}
    facts |= {_("device"): record["device"]} | record["versions"]
    facts[_("notebooks")] = len(record["notebooks"])
    facts[_("code cells run")] = record["cells"]
    return facts | {_("pages changed since"): ", ".join(changed) or _("none")}


def add_context(app, pagename, templatename, context, doctree):
    config = app.config
    if pagename == config.notfound_pagename:  # shown at any depth
        context["content_root"], context["pageurl"] = config.notfound_urls_prefix, None
    site, root = config.book_site, context["content_root"] + "../"
    suffix = "" if site and pagename == "index" else f"{pagename}.html"
    context["languages"] = [
        about | {"page": f"{site or root[:-1]}/{about['folder']}/{suffix}"}
        for about in config.book_languages
    ]
    context["start_page"] = f"{site}/" if site else f"{root}index.html"
    number = '<span class="section-number">.*?</span>'  # the heading has it
    context["title"] = re.sub(number, "", context.get("title") or "")
    label = ' aria-label="Toggle hidden content"'  # myst-nb's hides the visible words
    context["body"] = (context.get("body") or "").replace(label, "")
    context["description"] = doctree and description(doctree)
    if pagename == "index":
        context["takeaway"] = takeaway(Path(app.outdir))
    if pagename == "colophon":
        context["verified"] = verified(Path(app.srcdir))
    raws = [raw.astext() for raw in doctree.findall(nodes.raw)] if doctree else []
    for kind in ("widget", "exercise", "filter"):  # of which a page has some
        if any(f'<div class="{kind}' in raw for raw in raws):
            app.add_js_file(f"{kind}s.js")


def number_figures(app, doctree, page):
    """A caption begins with **Figure** in every viewer; here its number follows."""
    chapter = app.env.toc_secnumbers.get(page, {}).get("")
    words = [s for s in doctree.findall(nodes.strong) if s.astext() == _("Figure")]
    for number, word in enumerate(words, 1):
        word.parent["classes"].append("figure-caption")
        word += nodes.Text(f" {chapter[0]}.{number}" if chapter else "")


def translate_parts(app, doctree):
    """_toc.yml names the parts in English; the catalogue knows them in the language."""
    for toc in doctree.findall(addnodes.toctree):
        toc["caption"] = toc["caption"] and _(toc["caption"])


def read_again(app, env, added, changed, removed):
    """Files to take away may come or go, and any notebook may change."""
    return {"index", "colophon"} & env.found_docs


def setup(app):
    for name in ("book_language", "book_repository", "book_site"):
        app.add_config_value(name, "", "html")
    app.add_config_value("book_languages", [], "html")
    app.add_config_value("book_machinery", "", "env")
    app.connect("doctree-read", translate_parts)
    app.connect("doctree-resolved", number_figures)
    app.connect("html-page-context", add_context)
    app.connect("env-get-outdated", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
