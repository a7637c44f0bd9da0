"""What a page needs to know of its twin: addresses in both languages, and the buttons' links."""

from urllib.parse import quote

COLAB = "https://colab.research.google.com/github/{slug}/blob/gh-pages/{language}/_sources/{page}.ipynb"
BINDER = "https://mybinder.org/v2/gh/{slug}/HEAD?urlpath={path}"
EDIT = "{repository}/edit/HEAD/book/{language}/{page}.ipynb"


def links_to(page, config):
    """Where to run and edit a notebook; empty where the publisher named no repository."""
    repository = config.book_repository
    if not repository.startswith("https://"):
        return {}
    names = {"repository": repository, "language": config.book_language, "page": page}
    links = {"edit": EDIT.format(**names)}
    if repository.startswith("https://github.com/"):
        slug = repository.removeprefix("https://github.com/")
        path = quote(f"lab/tree/book/{config.book_language}/{page}.ipynb", safe="")
        links["colab"] = COLAB.format(slug=slug, **names)
        links["binder"] = BINDER.format(slug=slug, path=path)
    return links


def add_context(app, pagename, templatename, context, doctree):
    config = app.config
    if pagename == config.notfound_pagename:  # shown at any depth
        context["content_root"], context["pageurl"] = config.notfound_urls_prefix, None
    root = (
        f"{config.book_site}/" if config.book_site else context["content_root"] + "../"
    )
    suffix = "" if config.book_site and pagename == "index" else f"{pagename}.html"
    context["alternates"] = {
        tag: f"{root}{folder}/{suffix}"
        for tag, folder in (("zh-CN", "zh"), ("en", "en"))
    }
    context["start_page"] = root + ("" if config.book_site else "index.html")
    context["site_known"] = bool(config.book_site)
    context["book_language"] = config.book_language
    context["is_notebook"] = doctree is not None and app.env.doc2path(
        pagename
    ).endswith(".ipynb")
    context["links"] = links_to(pagename, config) if context["is_notebook"] else {}


def setup(app):
    app.add_config_value("book_language", "", "html")
    app.add_config_value("book_repository", "", "html")
    app.add_config_value("book_site", "", "html")
    app.add_config_value("book_machinery", "", "env")
    app.connect("html-page-context", add_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
