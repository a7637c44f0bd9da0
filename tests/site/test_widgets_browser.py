"""The interactive figures in a real browser: by mouse, by keyboard, and without a script."""

import json
import re

import pytest
import torch
from torch import nn

from tests.site.test_browser import SIZES, reader  # noqa: F401 (a fixture)
from tests.site.test_site import PAGES, every_language, soup

WHERE = {
    "lookup": "embedding-vs-linear",
    "gradients": "embedding-how",
    "cost": "embedding-vs-linear",
    "similarity": "embedding-what",
}
every_kind = pytest.mark.parametrize("kind", WHERE)


@pytest.fixture
def figure(served, reader):  # noqa: F811
    """Opens a page and returns one figure of it; ``trouble`` is asked for at the end."""
    opened = []

    def open_figure(language, kind, **context):
        page = reader(f"{served}/{language}/{WHERE[kind]}.html", **context)
        opened.append(page)
        return page.locator(f".widget-{kind}")

    yield open_figure
    for page in opened:
        assert page.trouble == []


def entries(figure):
    return figure.locator("[data-slot]").all_inner_texts()


def marked(figure):
    return figure.locator("tr.on > th").all_inner_texts()


def said(figure):
    return figure.get_by_role("status").inner_text()


def data(figure):
    return json.loads(figure.locator("script").text_content())


def shown(frame):
    return [str(entry[0] if isinstance(entry, list) else entry) for entry in frame]


@every_language
def test_lookup_by_mouse(figure, language):
    lookup = figure(language, "lookup")
    table = lookup.locator(".widget-state tr")
    for index, word in enumerate("优良差"):
        lookup.get_by_text(f"{index} {word}", exact=True).first.click()
        row = table.nth(index + 1).locator("td").all_inner_texts()
        assert marked(lookup) == [f"{index} {word}"]
        assert entries(lookup) == [str(int(i == index)) for i in range(3)] + 2 * row[1:]
        assert re.search(rf"\b{index}\b", said(lookup))
    lookup.get_by_label("3", exact=True).check(force=True)
    assert marked(lookup) == [] and set(entries(lookup)) == {"–"}
    assert "IndexError: index out of range in self" in said(lookup)
    assert "RuntimeError: Class values must be smaller than num_classes." in said(
        lookup
    )


@every_language
def test_lookup_by_keyboard(figure, language):
    lookup = figure(language, "lookup")
    lookup.get_by_role("radio", checked=True).focus()
    for index in (3, -1, 0):  # after the last comes the first
        lookup.page.keyboard.press("ArrowRight")
        assert marked(lookup) == (["0 优"] if index == 0 else [])
        assert re.search(rf"(?<!\d){index}\b", said(lookup))
    outline = lookup.locator(":focus + span").evaluate(
        "span => getComputedStyle(span).outlineStyle"
    )
    assert outline == "solid"


@every_language
def test_gradients_are_torch_s_for_the_batch_that_was_chosen(figure, language):
    gradients = figure(language, "gradients")
    for batch, pad, scale in (
        ([3, 0, 0, 0], False, False),
        ([3, 0, 0, 0], True, False),
        ([2, 1, 2, 2], True, True),
        ([0, 1, 0, 1], False, True),
    ):
        for place, index in enumerate(batch):
            gradients.get_by_role("combobox").nth(place).select_option(str(index))
        gradients.get_by_label("padding_idx=0").set_checked(pad)
        gradients.get_by_label("scale_grad_by_freq=True").set_checked(scale)
        layer = nn.Embedding(
            4, 1, padding_idx=0 if pad else None, scale_grad_by_freq=scale
        )
        layer(torch.tensor(batch)).sum().backward()
        grad = layer.weight.grad.flatten().round(decimals=2).tolist()
        assert [float(entry) for entry in entries(gradients)[1::2]] == grad
        assert [float(entry) for entry in entries(gradients)[::2]] == [
            batch.count(i) for i in range(4)
        ]
        names = ["0 <pad>", "1 优", "2 良", "3 差"]
        assert marked(gradients) == [
            name for name, number in zip(names, grad) if number
        ]
        assert ", ".join(map(str, sorted(batch))) in said(gradients)


@every_language
def test_gradients_by_keyboard(figure, language):
    gradients = figure(language, "gradients")
    press = gradients.page.keyboard.press
    gradients.get_by_role("combobox").first.focus()
    press("ArrowDown")  # from <pad> to 优
    assert entries(gradients)[::2] == ["0", "3", "0", "1"]
    for _ in range(4):
        press("Tab")
    press("Space")
    assert gradients.get_by_label("padding_idx=0").is_checked()
    press("Tab")
    press("Space")
    assert entries(gradients)[1::2] == ["0", "1", "0", "1"]


@every_language
@pytest.mark.parametrize("kind", ["cost", "similarity"])
def test_a_slider_shows_every_measurement(figure, kind, language):
    widget = figure(language, kind)
    slider = widget.get_by_role("slider")
    frames, names = data(widget)["frames"], data(widget)["controls"][-1]["names"]
    slider.focus()
    widget.page.keyboard.press("Home")
    for name, frame in zip(names, frames):
        assert slider.get_attribute("aria-valuetext") == name
        assert entries(widget) == shown(frame)
        assert re.search(rf"(?<![\d,]){name}\b", said(widget))
        widget.page.keyboard.press("ArrowRight")
    box = slider.bounding_box()
    widget.page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert entries(widget) == shown(frames[0])


@every_language
def test_similarity_of_the_other_task(figure, language):
    widget = figure(language, "similarity")
    task, steps = data(widget)["controls"]
    widget.get_by_text(task["names"][1], exact=True).first.click()
    widget.get_by_role("slider").press("End")
    assert entries(widget) == shown(data(widget)["frames"][-1])
    first, second = float(entries(widget)[0]), float(entries(widget)[1])
    assert second > first  # the claim of the note comes true for this task alone
    assert task["names"][1] in said(widget) and steps["names"][-1] in said(widget)


@every_language
@every_kind
def test_without_javascript_all_numbers_are_there_and_nothing_is_dead(
    figure, kind, language
):
    widget = figure(language, kind, java_script_enabled=False, viewport=SIZES["phone"])
    assert widget.locator("input, select, button").count() == 0
    rows = widget.locator(".widget-all tr")
    assert all(row.is_visible() for row in rows.all()) and said(widget)
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    frames = [shown(frame) for frame in data(widget)["frames"]]
    if (
        kind == "similarity"
    ):  # a column for each curve; the frames of one task after the other
        later = len(cells) - 1
        assert [row[1:] for row in cells[1:]] == [
            frames[step] + frames[later + step] for step in range(later)
        ]
    elif kind == "cost":
        assert [row[1:] for row in cells[1:]] == [frame[::2] for frame in frames]
    elif kind == "gradients":
        start = data(widget)["controls"][0]["start"]
        assert [row[1] for row in cells[1:]] == frames[4 * start][::2]
        assert [row[2:] for row in cells[1:]] == [
            [frames[4 * start + setting][2 * row + 1] for setting in range(4)]
            for row in range(4)
        ]
    else:
        assert [" ".join(row[1:]).split() for row in cells[2:5]] == [
            f[:-1] for f in frames[1:4]
        ]
        assert (
            "IndexError: index out of range in self" in cells[1] and cells[1][3] == "–"
        )
    assert widget.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@every_language
@every_kind
@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_when_the_script_arrives(served, browser, kind, language, size):
    """The room for the controls is kept free, and so is that for a longer sentence."""
    page = browser.new_page(viewport=SIZES[size])
    heights = []
    page.route("**/widgets.js*", lambda route: route.abort())
    for _ in range(2):
        page.goto(f"{served}/{language}/{WHERE[kind]}.html")
        heights.append(page.locator(f".widget-{kind}").bounding_box()["height"])
        page.unroute("**/widgets.js*")
    assert page.locator(f".widget-{kind} input").count()
    page.close()
    assert heights[0] == pytest.approx(heights[1], abs=0.5)


@every_language
@every_kind
def test_every_state_fits_a_phone_and_stays_still(figure, kind, language):
    widget = figure(language, kind, viewport=SIZES["phone"])
    inside = "node => node.scrollWidth <= node.clientWidth && !node.getAnimations({subtree: true}).length"
    for control in widget.locator("input, select").all():
        kind_of_control = control.evaluate("node => node.type")
        if kind_of_control == "range":
            for key in ("Home", "End"):
                control.press(key)
                assert widget.evaluate(inside), said(widget)
        elif kind_of_control == "select-one":
            control.select_option("0")
        else:
            control.check(force=True)
        assert widget.evaluate(inside), said(widget)


@every_language
def test_only_pages_with_a_figure_load_its_script(site, language):
    for page in PAGES:
        html = soup(site, language, page)
        wanted = page in WHERE.values()
        assert (
            bool(html.select('script[src*="widgets.js"]'))
            == bool(html.select(".widget"))
            == wanted
        )


def test_the_script_and_the_styles_are_small(site):
    for name, most in (("widgets.js", 5000), ("widgets.css", 8000)):
        assert (site / "en" / "_static" / name).stat().st_size < most
