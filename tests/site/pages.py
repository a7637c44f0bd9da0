"""What the tests of the site share: the built pages, read once."""

import functools
import re

from bs4 import BeautifulSoup

from tools.book import about, languages, pages

LANGUAGES, PAGES = languages(), pages()
TAGS = {here["folder"]: here["tag"] for here in about()}


@functools.cache  # the site is built once, and a long page takes a while to parse
def soup(site, language, page):
    text = (site / language / f"{page}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "lxml")


@functools.cache
def ids(site, language, page):
    return {tag["id"] for tag in soup(site, language, page).find_all(id=True)}


def every_page(site, *others):
    """(where, language, page, soup) of every page in every language."""
    for language in LANGUAGES:
        for page in (*PAGES, *others):
            yield f"{language}/{page}", language, page, soup(site, language, page)


def meta(html, name):
    return [
        tag["content"] for tag in html.select(f'[name="{name}"], [property="{name}"]')
    ]


def chinese(text):
    """Whether it contains Chinese other than the book's vocabulary."""
    return bool(re.search(r"[\u4e00-\u9fff]", re.sub("[优良差]", "", text)))
