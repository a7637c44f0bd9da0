"""Navigation: search, the language switch, the chapters, the 404 page."""

from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.site.pages import LANGUAGES, PAGES, TAGS, every_page
from tools.browser import PHONE, Quiet
from tools.browser import served as serve
from tools.weekly.audit import ADDRESS

HERE = urlsplit(ADDRESS["BOOK_SITE"]).path
WIDE = {"viewport": {"width": 1280, "height": 900}}
every_language = pytest.mark.parametrize("language", LANGUAGES)
weekly = pytest.mark.weekly
TABLE = Path(__file__).with_name("queries.tsv").read_text("utf-8").splitlines()
FOUND = """query => search(query).slice(0, 3).map(({ section: { page, anchor }, marks }) =>
  [`${page}#${anchor}`, marks.length])"""
# For the section that a result has opened: is its heading on the screen? Are the words of
# the result in its own text, and on the screen?
LANDED = """() => {
  const shown = (thing) => {
    const { top, bottom, left, right } = thing.getBoundingClientRect();
    return bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  };
  const named = document.getElementById(location.hash.slice(1));
  const section = named || document.querySelector("article section");
  const [words] = CSS.highlights.get("found") || [];
  const own = words && words.startContainer.parentElement.closest("section") === section;
  return [shown(section.querySelector("h1, h2, h3, h4")), Boolean(own && shown(words))];
}"""
# Where the reader may be: in the section that begins above the screen, or in one that
# begins in its upper half.
SEEN = """() => {
  const sections = [...document.querySelectorAll("article section section[id]")];
  const top = (section) => section.getBoundingClientRect().top;
  const above = sections.filter((s) => top(s) <= 0).slice(-1);
  const half = sections.filter((s) => top(s) > 0 && top(s) < innerHeight / 2);
  return [...above, ...half].map((section) => section.id);
}"""
SCROLL = """share =>
  scrollTo({ top: share * document.body.scrollHeight, behavior: "instant" })"""


def queries(language):
    """(query, page or page#section) of the table for a language."""
    rows = [line.split("\t") for line in TABLE]
    return [(q.replace("\\n", "\n"), to) for where, q, to in rows if where == language]


def switch(view):
    """Click the link where it is: Playwright's own click scrolls because of the sticky header."""
    box = view.locator("a.language-switch").bounding_box()
    with view.expect_navigation():
        view.mouse.click(box["x"] + 9, box["y"] + 9)


@every_language
@pytest.mark.parametrize("where", ["server", "folder"])
def test_search_finds_the_right_section_among_the_first_three(
    site, served, reader, language, where
):
    """Phrases, questions, other names, typos, tracebacks; a row without a section asks
    for the page. In a folder the question is whether the search gets its text."""
    root, step = (served, 1) if where == "server" else (site.as_uri(), 9)
    view, missed = reader(f"{root}/{language}/search.html"), []
    for query, wanted in queries(language)[::step]:
        found = view.evaluate(FOUND, query)
        if not any(n for to, n in found if wanted in (to, to.partition("#")[0])):
            missed.append(f"{query}: {found} and not {wanted}, or nothing to mark")
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("step", [24, pytest.param(2, marks=weekly)])
@every_language
def test_a_result_opens_its_section_at_the_words_found(served, reader, language, step):
    look = WIDE if language == "en" else PHONE
    view, missed, asked = reader(**look), [], queries(language)[::step]
    for number, (query, _) in enumerate(asked):
        view.goto(f"{served}/{language}/search.html?q={quote(query)}")
        links = view.locator("article .search-results li a")
        link = links.nth(min(number % 3, links.count() - 1))
        href = link.get_attribute("href")
        with view.expect_navigation():
            link.click()
        heading, words = view.evaluate(LANDED)
        if not (words if "?mark=" in href else heading):
            missed.append(f"{query}: {href}: {heading}, {words}")
        assert "?" not in view.url  # a copied address does not contain the search
    assert len(asked) >= (2 if step > 2 else 30) and not missed, "\n".join(missed)


def test_results_appear_while_one_types_on_any_page(served, reader):
    view = reader(f"{served}/en/setup.html")
    view.keyboard.press("Control+k")
    view.wait_for_selector("#pst-search-dialog[open] input")
    results = view.locator("dialog .search-results")
    view.keyboard.type("weight ty")
    results.get_by_text("Where they meet again: weight tying").wait_for()
    paths = "links => links.map((a) => a.pathname)"
    pages = results.locator("li a").evaluate_all(paths)
    assert len(set(pages)) < len(pages)  # several sections of a page
    view.fill("dialog input", "zzzzqqq")
    results.get_by_text("Nothing found").wait_for()
    view.fill("dialog input", "index out of range in self")
    results.locator("a[href*='#index-out-of-range']").click()
    view.wait_for_url("**/pitfalls-indices.html#index-out-of-range")


def test_of_a_pasted_traceback_the_last_line_counts_most(served, reader):
    traceback = """Traceback (most recent call last):
  File "train.py", line 9, in <module>
    logits = torch.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)
IndexError: index out of range in self"""
    view = reader(f"{served}/en/search.html")
    view.focus("article input")
    view.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text", text);
          const options = { clipboardData, bubbles: true, cancelable: true };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        traceback,
    )
    first = view.locator("article .search-results li a").first
    first.wait_for()
    assert first.get_attribute("href").endswith("#index-out-of-range")


@pytest.mark.parametrize("where", ["server", "folder"])
@pytest.mark.parametrize("count", [1, pytest.param(10, marks=weekly)])
def test_the_switch_keeps_page_and_place_after_plain_scrolling(
    site, served, reader, where, count
):
    root = served if where == "server" else site.as_uri()
    view = reader(**(WIDE if where == "server" else PHONE))
    for n in range(count):
        page = PAGES[1:11][-1 - n]
        view.goto(f"{root}/zh/{page}.html")
        view.evaluate("location.hash = document.querySelector('section section').id")
        share = (n + 1) / (count + 1)
        view.evaluate(SCROLL, share)
        for language in ("en", "zh"):
            seen = view.evaluate(SEEN)
            switch(view)
            assert urlsplit(view.url).path.endswith(f"/{language}/{page}.html")
            assert urlsplit(view.url).fragment in seen, f"{page} at {share:.0%}"
            assert view.evaluate(LANDED)[0], f"{page} at {share:.0%}"
            assert view.locator("html").get_attribute("lang") == TAGS[language]


def test_the_switch_keeps_the_heading_that_was_asked_for(served, reader):
    """The last heading cannot scroll to the top of the screen."""
    view = reader(f"{served}/zh/linear-how.html#next")
    for language in ("en", "zh"):
        switch(view)
        assert view.url == f"{served}/{language}/linear-how.html#next"


def test_what_comes_next_is_what_the_next_button_opens(site):
    """The first page that the last words of a chapter link."""
    for where, _, page, html in every_page(site):
        links = [a["href"] for a in html.select("#next p:first-of-type a.internal")]
        whole = [href for href in links if "#" not in href]
        if links:
            button = html.select_one("a.right-next")["href"]
            following = f"{PAGES[PAGES.index(page) + 1]}.html"
            assert whole[0] == button == following, where
    assert html.select_one("a.right-next") is None  # of the last one


def test_the_chapters_stand_in_parts_with_numbers(site):
    numbers, captions = {}, {}
    for where, language, _, html in every_page(site):
        number = html.select_one("h1 .section-number")
        here = html.select_one(".bd-sidebar-primary .current > a")
        if number:
            numbers.setdefault(language, []).append(int(number.get_text()))
            assert here.get_text().startswith(number.get_text()), where
        captions[language] = [p.get_text() for p in html.select("nav p.caption")]
    assert numbers["zh"] == numbers["en"] == list(range(1, len(numbers["en"]) + 1))
    assert captions["en"][0] == "The two layers" and captions["zh"][0] == "两个层"
    assert len(captions["zh"]) == len(captions["en"]) == 5


def test_on_a_phone_the_chapters_open_without_javascript(served, reader):
    view = reader(f"{served}/en/setup.html", **PHONE, java_script_enabled=False)
    link = view.locator(".bd-links a[href='linear-how.html']")
    assert not link.is_visible()
    view.tap(".chapters-link")
    link.tap()
    view.wait_for_url("**/en/linear-how.html")


class Lost(Quiet):
    """A host that answers with the 404 page, as deploy/nginx.conf does."""

    def translate_path(self, path):
        return super().translate_path(path.removeprefix(HERE))

    def send_error(self, code, *_):
        folders = [f"/{name}" for name in LANGUAGES if f"/{name}/" in self.path]
        self.path = f"{HERE}{''.join(folders)}/404.html"
        self.do_GET()


def test_the_page_for_the_lost_searches_and_knows_the_other_language(site, browser):
    with serve(site, Lost) as root, browser.new_context() as context:
        view = context.new_page()
        view.goto(f"{root}{HERE}/en/deep/weight-tying.html")
        first = view.locator(".lost .search-results li a").first
        assert "#weight-tying" in first.get_attribute("href")
        view.click("a.language-switch")
        view.wait_for_url("**/zh/deep/weight-tying.html")
        with view.expect_navigation():
            first.click()
        assert view.url.endswith("/zh/embedding-vs-linear.html#weight-tying")
        view.goto(f"{root}{HERE}/fr/linear-how.html")  # no such language
        asked = [field.input_value() for field in view.locator("input").all()]
        assert asked == ["linear how"] * len(LANGUAGES)
        view.click(f"a[hreflang={TAGS['en']}]")
        view.wait_for_url("**/en/linear-how.html")
