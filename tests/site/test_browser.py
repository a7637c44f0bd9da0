"""The built site in a real browser: what a reader does, in both languages."""

import re
from urllib.parse import quote

import pytest

from tests.site.test_site import LANGUAGES, PAGES, every_language, every_page
from tools.weekly.audit import requests_of, violations, weight

HERE = re.compile(r"file:|data:|http://127\.0\.0\.1:")
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
REACHED = "() => [...document.querySelectorAll('pre')].every((e) => e.tabIndex === 0 || e.scrollWidth <= e.clientWidth)"


def failed(page, request):
    if request.failure != "net::ERR_ABORTED":  # the reader has gone on to another page
        page.trouble.append(f"failed: {request.url}")


@pytest.fixture
def reader(browser):
    """Opens pages and remembers what went wrong: console errors, failed and foreign requests."""
    opened = []

    def open_page(address, **context):
        page = browser.new_context(**context).new_page()
        opened.append(page)
        page.trouble = []
        page.on("console", lambda m: m.type == "error" and page.trouble.append(m.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("requestfailed", lambda request: failed(page, request))
        page.on("request", lambda r: HERE.match(r.url) or page.trouble.append(r.url))
        page.goto(address)
        return page

    yield open_page
    for page in opened:
        page.context.close()


@every_page
@every_language
def test_a_page_opens_clean_light_and_for_everyone(
    site, served, reader, language, page
):
    """From a server: on a phone at night, then the same page wide and light."""
    view = reader(
        "about:blank",
        viewport=SIZES["phone"],
        color_scheme="dark",
        reduced_motion="reduce",
    )
    asked = requests_of(view)
    view.goto(f"{served}/{language}/{page}.html")
    for form, scheme in (("phone", "dark"), ("wide", "light")):
        view.set_viewport_size(SIZES[form])
        view.emulate_media(color_scheme=scheme)
        view.wait_for_function(
            "s => document.documentElement.dataset.theme === s", arg=scheme
        )
        view.wait_for_function(
            REACHED
        )  # what scrolls sideways: the theme looks when the page has come
        assert violations(view) == [], f"{form}, {scheme}"
        beyond = view.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{form}: {beyond} pixels stick out"
        if form == "wide":  # axe took its time: whatever comes late has come
            size = weight(asked, site)
            assert len(asked) <= 25 and size < 200 * 1024, (
                f"{len(asked)} requests, {size / 1024:.0f} KB"
            )
    view.set_viewport_size(
        {"width": 320, "height": 256}
    )  # what 1280 × 1024 shows at 400 %
    assert view.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert view.trouble == []


def there_and_back(view, page):
    """From the page in Chinese to the same heading in English, and back again."""
    anchors = view.eval_on_selector_all(
        "article h2, article h3", "hs => hs.map(h => h.parentNode.id)"
    )
    fragment = "".join(f"#{anchor}" for anchor in anchors[-1:])
    view.evaluate("fragment => { location.hash = fragment }", fragment)
    for language in ("en", "zh"):
        view.click("a.language-switch")
        view.wait_for_url(f"**/{language}/{page}.html{fragment}")
        assert view.locator("html").get_attribute("lang") == LANGUAGES[language]
        assert view.locator("article h1").is_visible()
    assert view.trouble == []


@every_page
def test_a_page_opens_from_a_folder_and_the_switch_keeps_page_and_heading(
    site, reader, page
):
    there_and_back(reader((site / "zh" / f"{page}.html").as_uri()), page)


def test_the_switch_keeps_page_and_heading_on_a_server(served, reader):
    there_and_back(reader(f"{served}/zh/pitfalls.html"), "pitfalls")


@pytest.mark.parametrize(
    "locale, language", [("zh-TW", "zh"), ("en-GB", "en"), ("fr-FR", "en")]
)
def test_the_start_page_speaks_the_readers_language(served, reader, locale, language):
    view = reader(f"{served}/", locale=locale)
    view.wait_for_url(f"**/{language}/index.html")


def test_the_start_page_remembers_a_choice(served, reader):
    view = reader(f"{served}/", locale="zh-CN")
    view.wait_for_url("**/zh/index.html")
    view.click("a.language-switch")
    view.wait_for_url("**/en/index.html")
    view.goto(f"{served}/")
    view.wait_for_url("**/en/index.html")


def test_the_start_page_without_javascript_offers_both(served, reader):
    view = reader(f"{served}/", java_script_enabled=False)
    view.click("text=English")
    assert view.url.endswith("/en/index.html")
    assert view.locator("article h1").is_visible()


# Phrases, questions, parts of words, typos, errors, symbols: each finds its page among the first three.
QUERIES = [
    ("zh", "独热向量", "embedding-vs-linear"),
    ("zh", "独热编码的代价", "embedding-vs-linear"),
    ("zh", "权重绑定", "embedding-vs-linear"),
    ("zh", "仿射变换", "linear-what"),
    ("zh", "仿射", "linear-what"),
    ("zh", "查表就是取行", "embedding-what"),
    ("zh", "余弦相似度", "embedding-what"),
    ("zh", "随机种子", "setup"),
    ("zh", "填充行", "embedding-how"),
    ("zh", "padding_idx", "embedding-how"),
    ("zh", "padding_idx的梯度", "embedding-how"),
    ("zh", "max_norm", "embedding-how"),
    ("zh", "from_pretrained 冻结", "embedding-how"),
    ("zh", "手算一遍", "linear-how"),
    ("zh", "数一数参数", "linear-how"),
    ("zh", "index out of range in self", "pitfalls"),
    ("zh", "device-side assert", "pitfalls"),
    ("zh", "cannot assign 'torch.FloatTensor' as parameter", "pitfalls"),
    ("zh", "结论 C5", "source-check"),
    ("zh", "优化器 optimizer", "glossary"),
    ("zh", "ＰＡＤＤＩＮＧ＿ＩＤＸ", "embedding-how"),
    ("zh", "Embedding和Linear有什么区别？", "embedding-vs-linear"),
    ("zh", "scale_grad_by_freq是什么意思", "embedding-how"),
    ("zh", "怎么加载预训练词向量", "pretrained"),
    ("zh", "余弦相识度", "embedding-what"),
    ("zh", "“优”“良”“差”", "training"),
    (
        "zh",
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x10 and 20x5)",
        "linear-what",
    ),
    ("en", "one-hot vector", "embedding-vs-linear"),
    ("en", "weight tying", "embedding-vs-linear"),
    ("en", "what one-hot costs", "embedding-vs-linear"),
    ("en", "affine", "linear-what"),
    ("en", "superpos", "linear-what"),
    ("en", "cosine similarity", "embedding-what"),
    ("en", "finite vocabulary", "embedding-what"),
    ("en", "random seed", "setup"),
    ("en", "EMBEDLINEAR_DEVICE", "setup"),
    ("en", "padding_idx", "embedding-how"),
    ("en", "scale_grad_by_freq", "embedding-how"),
    ("en", "norm_type", "embedding-how"),
    ("en", "from_pretrained freeze", "embedding-how"),
    ("en", "counting parameters", "linear-how"),
    ("en", "x @ W.T + b", "linear-how"),
    ("en", "index out of range in self", "pitfalls"),
    (
        "en",
        "RuntimeError: Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
        "Int; but got torch.FloatTensor instead (while checking arguments for embedding)",
        "pitfalls",
    ),
    ("en", "CUDA error: device-side assert triggered", "pitfalls"),
    ("en", "Adam does not support sparse gradients", "pitfalls"),
    ("en", "does not hold", "source-check"),
    ("en", "scatter-add", "glossary"),
    (
        "en",
        "WHAT IS THE DIFFERENCE BETWEEN EMBEDDING AND LINEAR?",
        "embedding-vs-linear",
    ),
    ("en", "Embedding vs. Linear", "embedding-vs-linear"),
    ("en", "cosine similarty", "embedding-what"),
    ("en", "embeding layer", "embedding-how"),
    ("en", "“onehot”", "embedding-vs-linear"),
    ("en", "how do I freeze an embedding?", "embedding-how"),
    (
        "en",
        "size mismatch for emb.weight: copying a param with shape torch.Size([10000, 300])",
        "pitfalls",
    ),
]


@every_language
@pytest.mark.parametrize("where", ["server", "folder"])
def test_search_finds_the_right_page_among_the_first_three(
    site, served, reader, language, where
):
    """In a folder a few must do: there it is asked whether the same search gets to its text."""
    root, step = (served, 1) if where == "server" else (site.as_uri(), 4)
    view = reader(f"{root}/{language}/search.html")
    missed = []
    for _, query, page in [row for row in QUERIES if row[0] == language][::step]:
        view.goto(
            f"{root}/{language}/search.html?q={quote(query)}",
            wait_until="domcontentloaded",
        )
        view.wait_for_selector("#search-results [role=status]")
        links = view.eval_on_selector_all(
            "#search-results li a", "links => links.map(a => a.href)"
        )
        found = [
            re.search(r"([\w-]+)\.html", link.rsplit("/", 1)[1])[1]
            for link in links[:3]
        ]
        if page not in found:
            missed.append(f"{query}: {found} and not {page}")
        elif not view.locator("#search-results mark").count():
            missed.append(f"{query}: nothing is marked")
    assert not missed, "\n".join(missed)
    assert view.trouble == []


def test_search_leads_to_the_words_and_says_when_there_are_none(served, reader):
    view = reader(f"{served}/en/search.html?q=index+out+of+range+in+self")
    view.click("#search-results li a")
    view.wait_for_url("**/pitfalls.html#index-out-of-range")
    view.goto(f"{served}/en/search.html?q=zzzzqqq")
    assert "Nothing found" in view.inner_text("#search-results")


def test_the_keyboard_opens_and_closes_what_a_button_of_the_header_opens(
    served, reader
):
    """The focus is seen on the button and comes back to it; the page is not lost."""
    view = reader(f"{served}/en/index.html", viewport=SIZES["phone"])
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.hash") == "#main-content"
    for button in ("primary-toggle", "search-button", "secondary-toggle"):
        view.focus(f".{button}")
        view.keyboard.press("Enter")
        view.wait_for_selector("dialog[open]")
        view.wait_for_function("document.activeElement.closest('dialog')")
        view.keyboard.press("Escape")
        view.wait_for_function(
            "name => document.activeElement.classList.contains(name)", arg=button
        )
        assert (
            view.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            == "solid"
        )
        assert not view.locator("dialog[open]").count()
    view.focus(".theme-switch-button")
    view.keyboard.press("Enter")
    view.wait_for_function("document.activeElement.matches('.theme-switch-button')")
    assert view.trouble == []


@every_language
def test_the_search_shortcut_opens_and_searches(served, reader, language):
    view = reader(f"{served}/{language}/setup.html")
    view.keyboard.press("Control+k")
    view.wait_for_selector("#pst-search-dialog[open] input")
    view.keyboard.type("Embedding")
    view.keyboard.press("Enter")
    view.wait_for_selector("#search-results li a")
    assert view.trouble == []


@every_language
def test_a_page_can_be_read_without_javascript(served, reader, language):
    view = reader(f"{served}/{language}/linear-what.html", java_script_enabled=False)
    assert view.locator("article h1").is_visible()
    assert view.locator("article pre").first.is_visible()
    assert view.locator("article img").first.is_visible()
    assert LANGUAGES[language] == view.locator("html").get_attribute("lang")


def test_the_pages_are_those_of_the_table_of_contents(served, reader):
    view = reader(f"{served}/zh/index.html")
    links = view.eval_on_selector_all(
        "nav.bd-docs-nav a", "links => links.map(a => a.pathname)"
    )
    assert {link.split("/")[-1].removesuffix(".html") for link in links if link} >= set(
        PAGES[1:]
    )


def test_paper_is_white_and_shows_what_is_closed(served, reader):
    view = reader(f"{served}/zh/setup.html", color_scheme="dark")
    view.emulate_media(media="print", color_scheme="dark")
    theme = "() => document.documentElement.dataset.theme"
    before = view.evaluate(theme)
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (before, view.evaluate(theme)) == ("dark", "light")
    solution = view.locator("details:not([open])").first
    assert solution.locator("p").first.bounding_box()["height"] > 10
    assert (
        not view.locator(
            ".bd-sidebar-primary, .bd-sidebar-secondary, #print-main-content"
        )
        .filter(visible=True)
        .count()
    )
    sticking = (
        "pres => pres.filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length"
    )
    assert view.locator("article pre").evaluate_all(sticking) == 0
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.evaluate(theme) == "dark"
