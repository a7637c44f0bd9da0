"""What search engines and chat windows show of a page: its description, and a card with a picture.

sphinxext-opengraph would do it, but it puts spaces between Chinese words and code, runs on into the
next heading, and loads matplotlib; so the few lines are here.
"""

import re
from html import escape

from docutils import nodes

LENGTH = {"zh": 90, "en": 180}  # what result lists show of it
SENTENCES = {
    "zh": re.compile(r"[^。！？]+[。！？]?"),
    "en": re.compile(r".+?(?:[.!?](?=\s)|$)\s*"),
}
CARD = "_static/card-{language}.png"


def description(doctree, language: str) -> str:
    """The first paragraph and the list that it may open: whole sentences, if they say enough."""
    paragraph = next(iter(doctree.findall(nodes.paragraph)), None)
    if paragraph is None:
        return ""
    parts = [paragraph.astext()]
    if parts[0].rstrip().endswith((":", "：")):
        opened = paragraph.next_node(nodes.bullet_list, descend=False, siblings=True)
        parts += [item.astext() for item in opened or []]
    text = re.sub(r"\s+", " ", ("" if language == "zh" else " ").join(parts)).strip()
    said, room = "", LENGTH[language]
    for sentence in SENTENCES[language].findall(text):
        if len(said + sentence) > room:
            break
        said += sentence
    if (
        len(said) < room / 2 and said != text
    ):  # little is said: what there is room for, then
        cut = text[: room - 1]
        said = (cut if language == "zh" else cut.rsplit(" ", 1)[0]).rstrip(
            " ,;，；、"
        ) + "…"
    return said.strip()


def add_tags(app, pagename, templatename, context, doctree):
    if doctree is None:
        context["metatags"] = '<meta name="robots" content="noindex">\n'
        return
    config = app.config
    language, said = config.book_language, description(doctree, config.book_language)
    tags = [("name", "description", said)]
    if config.book_site:  # cards need whole addresses
        home = f"{config.book_site}/{language}/"
        tags += [
            ("property", "og:type", "website" if pagename == "index" else "article"),
            ("property", "og:site_name", config.project),
            ("property", "og:title", app.env.titles[pagename].astext()),
            ("property", "og:description", said),
            (
                "property",
                "og:url",
                context["alternates"]["en" if language == "en" else "zh-CN"],
            ),
            ("property", "og:locale", {"zh": "zh_CN", "en": "en_US"}[language]),
            ("property", "og:image", home + CARD.format(language=language)),
            ("property", "og:image:width", "1200"),
            ("property", "og:image:height", "630"),
            ("property", "og:image:alt", config.project),
            ("name", "twitter:card", "summary_large_image"),
        ]
    context["metatags"] += "".join(
        f'<meta {k}="{n}" content="{escape(v)}">\n' for k, n, v in tags
    )


def setup(app):
    app.connect(
        "html-page-context", add_tags, priority=600
    )  # after `alternates` are known
    return {"parallel_read_safe": True, "parallel_write_safe": True}
