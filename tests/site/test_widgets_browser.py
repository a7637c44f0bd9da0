"""The interactive figures in a real browser: by mouse, by keyboard, without a script.

What the figures hold is compared in tests/book/test_widgets.py; here it is asked whether
a reader gets to see it. Both languages run the same script: one is enough for most.
"""

import json
import re

import pytest
import torch
from torch import nn

from tests.site.pages import every_page
from tests.site.test_browser import every_language
from tools.browser import PHONE, STICKING_OUT

WHERE = {
    "lookup": "embedding-vs-linear",
    "gradients": "embedding-how",
    "cost": "embedding-vs-linear",
    "similarity": "embedding-what",
    "plane": "linear-what",
    "word_map": "pretrained",
}
weekly = pytest.mark.weekly
every_kind = pytest.mark.parametrize("kind", WHERE)


@pytest.fixture
def figure(served, reader):
    """Opens a page and returns one figure of it."""

    def open_figure(language, kind, **context):
        page = reader(f"{served}/{language}/{WHERE[kind]}.html", **context)
        return page.locator(f".widget-{kind}")

    return open_figure


def entries(figure):
    return figure.locator("[data-slot]").all_inner_texts()


def marked(figure):
    return figure.locator("tr.on:not(.term) > th").all_inner_texts()


def status(figure):
    return figure.get_by_role("status").inner_text()


def data(figure):
    return json.loads(figure.locator("script").text_content())


def shown(frame):
    return [str(entry[0] if isinstance(entry, list) else entry) for entry in frame]


def test_lookup_by_mouse_and_keyboard(figure):
    lookup = figure("zh", "lookup")
    rows = lookup.locator(".widget-state tr")
    for index, word in enumerate("优良差"):
        lookup.get_by_text(f"{index} {word}", exact=True).first.click()
        row = rows.nth(index + 1).locator("td").all_inner_texts()
        assert marked(lookup) == [f"{index} {word}"]
        shown, hot = entries(lookup), [str(int(i == index)) for i in range(3)]
        assert shown[:3] == shown[8:26:6] == hot
        assert shown[3:8] == shown[-5:] == row[1:]
        sums = [sum(map(float, shown[9 + n : 26 : 6])) for n in range(5)]
        assert sums == pytest.approx(list(map(float, row[1:])))
        assert re.search(rf"\b{index}\b", status(lookup))
    lookup.page.keyboard.press("ArrowRight")
    assert marked(lookup) == [] and set(entries(lookup)) == {"–"}
    assert "IndexError: index out of range in self" in status(lookup)
    outline = "span => getComputedStyle(span).outlineStyle"
    assert lookup.locator(":focus + span").evaluate(outline) == "solid"


def test_gradients_are_torch_s_for_the_batch_that_was_chosen(figure):
    gradients = figure("en", "gradients")
    gradients.get_by_role("combobox").first.focus()
    gradients.page.keyboard.press("ArrowDown")  # from <pad> to 优
    assert entries(gradients)[::2] == ["0", "3", "0", "1"]
    cases = [([3, 0, 0, 0], True, False), ([2, 1, 2, 2], True, True)]
    for batch, pad, scale in cases:
        for place, index in enumerate(batch):
            gradients.get_by_role("combobox").nth(place).select_option(str(index))
        gradients.get_by_label("padding_idx=0").set_checked(pad)
        gradients.get_by_label("scale_grad_by_freq=True").set_checked(scale)
        padding = 0 if pad else None
        layer = nn.Embedding(4, 1, padding_idx=padding, scale_grad_by_freq=scale)
        layer(torch.tensor(batch)).sum().backward()
        grad = layer.weight.grad.flatten().round(decimals=2).tolist()
        counts = [batch.count(index) for index in range(4)]
        numbers = [float(entry) for entry in entries(gradients)]
        assert (numbers[::2], numbers[1::2]) == (counts, grad)
        names = ["0 <pad>", "1 优", "2 良", "3 差"]
        assert marked(gradients) == [n for n, number in zip(names, grad) if number]
        assert ", ".join(map(str, sorted(batch))) in status(gradients)


@pytest.mark.parametrize("language, kind", [("zh", "cost"), ("en", "similarity")])
def test_a_slider_shows_every_measurement(figure, kind, language):
    widget = figure(language, kind)
    slider, held = widget.get_by_role("slider"), data(widget)
    slider.focus()
    widget.page.keyboard.press("Home")
    for name, frame in zip(held["controls"][-1]["names"], held["frames"]):
        assert slider.get_attribute("aria-valuetext") == name
        assert entries(widget) == shown(frame)
        assert re.search(rf"(?<![\d,]){name}\b", status(widget))
        widget.page.keyboard.press("ArrowRight")
    if kind == "similarity":
        widget.get_by_text(held["controls"][0]["names"][1], exact=True).first.click()
        assert entries(widget) == shown(held["frames"][-1])
    box = slider.bounding_box()
    widget.page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert slider.get_attribute("aria-valuetext") == held["controls"][-1]["names"][0]


def test_a_dragged_or_typed_plane_is_what_linear_makes_of_it(figure):
    plane = figure("zh", "plane")
    plane.scroll_into_view_if_needed()
    box = plane.locator("circle").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    plane.page.mouse.move(x, y)
    plane.page.mouse.down()
    plane.page.mouse.move(x + 50, y - 50, steps=3)
    plane.page.mouse.up()
    plane.get_by_label("b[1]").fill("-0.5")
    a, b, s, c, d, t = (float(i.input_value()) for i in plane.locator("input").all())
    assert a > 1 and t == -0.5
    weight, bias = torch.tensor([[a, b], [c, d]]), torch.tensor([s, t])
    sent = nn.functional.linear(torch.tensor([[1.0, 0], [0, 1], [0, 0]]), weight, bias)
    area = f"{abs(torch.linalg.det(weight)):.2f}"
    places = [f"({x:.2f}, {y:.2f})" for x, y in (sent + 0.0).tolist()]
    assert entries(plane) == [*places, area]
    assert all(entry in status(plane) for entry in entries(plane))


def test_the_map_finds_a_word_zooms_and_moves_by_keyboard(figure):
    words = figure("en", "word_map")
    words.scroll_into_view_if_needed()
    canvas = words.locator("canvas")
    seen = {canvas.screenshot()}
    words.get_by_role("combobox").fill("berlin")
    assert "vienna, prague, germany" in status(words)
    for step in ("+", "ArrowRight", "-"):
        seen.add(canvas.screenshot())
        canvas.press(step)
    words.get_by_text("man, woman, king", exact=True).click()
    seen.add(canvas.screenshot())
    assert len(seen) == 5
    words.get_by_role("combobox").fill("zzyzx")
    assert "zzyzx" in status(words)


@every_language
def test_exercises_are_answered_on_the_page_by_keyboard(served, reader, language):
    page = reader(f"{served}/{language}/linear-what.html")
    answers = ["(7, 2)", "RuntimeError", "[0, 0, 0]", "16.0", None]
    forms = page.locator(".exercise form").all()
    verdicts = set()
    for form, answer in zip(forms, answers, strict=True):
        solution = form.locator("xpath=following::details[1]")
        if answer:
            field = form.get_by_role("textbox")
            field.fill("(3, 3)")
            field.press("Enter")
            assert "(3, 3)" in form.get_by_role("status").inner_text()
            assert solution.get_attribute("open") is None
            field.fill(answer)
            field.press("Enter")
        else:
            form.get_by_role("radio").first.focus()
            page.keyboard.press("Space")
            page.keyboard.press("Enter")
        verdicts.add(form.get_by_role("status").inner_text())
        assert solution.get_attribute("open") is not None  # and says why
    assert verdicts == {"✓ 对了" if language == "zh" else "✓ Correct"}


def test_answers_are_read_as_python_reads_them(served, reader):
    page = reader(f"{served}/en/linear-what.html")
    first, _, zeros, sixteen, _ = page.locator(".exercise form").all()
    for form, right, wrong in (
        (first, ["torch.Size([7, 2])", "7,2", "（7，2）"], ["(2, 7)", "IndexError"]),
        (zeros, ["tensor([0., 0., 0.])"], ["0"]),
        (sixteen, ["16", "32/2", "(16)"], ["(16,)", "True"]),
    ):
        for given in right + wrong:
            form.get_by_role("textbox").fill(given)
            form.get_by_role("textbox").press("Enter")
            said = form.get_by_role("status").inner_text()
            assert (said[0] == "✓") == (given in right), given


@every_kind
def test_without_javascript_a_table_is_there_and_nothing_is_dead(figure, kind):
    widget = figure("zh", kind, java_script_enabled=False, **PHONE)
    assert widget.locator("input, select, button").count() == 0 and status(widget)
    for summary in widget.locator("summary").all():
        summary.click()
    rows = widget.locator("tr").all()
    assert len(rows) > 3 and all(row.is_visible() for row in rows)
    assert widget.page.evaluate(STICKING_OUT, 390) == []


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=weekly)])
@every_kind
def test_nothing_moves_when_the_script_arrives_and_every_state_fits_a_phone(
    served, reader, kind, language
):
    """The room for the controls is kept free, and so is that for a longer sentence."""
    inside = """node => node.scrollWidth <= node.clientWidth
      && !node.getAnimations({ subtree: true }).length"""
    page = reader(**PHONE)
    page.route("**/widgets.js*", lambda route: route.fulfill(body=""))
    page.goto(f"{served}/{language}/{WHERE[kind]}.html")
    widget = page.locator(f".widget-{kind}")
    height = widget.bounding_box()["height"]
    page.unroute("**/widgets.js*")
    page.reload()
    assert widget.locator("input").count()
    assert widget.bounding_box()["height"] == pytest.approx(height, abs=0.5)
    if kind == "word_map":
        widget.get_by_role("combobox").fill("berlin")
    for control in widget.locator("input:not([list]), select").all():
        type_ = control.evaluate("node => node.type")
        if type_ == "range":
            control.press("Home")
            assert widget.evaluate(inside), status(widget)
            control.press("End")
        elif type_ == "select-one":
            control.select_option("0")
        elif type_ == "number":
            control.fill("-9.5")
        else:
            control.check(force=True)
        assert widget.evaluate(inside), status(widget)


def test_only_pages_with_a_figure_load_its_small_script(site):
    for where, _, page, html in every_page(site):
        has = bool(html.select(".widget"))
        assert has == (page in WHERE.values()), where
        assert bool(html.select('script[src*="widgets.js"]')) == has, where
    for name, most in (("widgets.js", 17_000), ("widgets.css", 12_000)):
        assert (site / "en" / "_static" / name).stat().st_size < most


def test_the_atlas_is_filtered_by_words_and_by_verdict(served, reader):
    page = reader(f"{served}/en/equality-atlas.html")
    rows, bar = page.locator(".filtered tbody tr:visible"), page.locator(".filter")
    everything = rows.count()
    bar.get_by_role("searchbox").fill("muon adjust")
    assert rows.count() == 1
    bar.get_by_role("searchbox").fill("")
    assert rows.count() == everything
    verdict = bar.get_by_role("combobox")
    verdict.select_option(index=1)
    chosen = verdict.locator("option").nth(1).inner_text()
    assert 0 < rows.count() < everything
    assert all(chosen in text for text in rows.all_inner_texts())
