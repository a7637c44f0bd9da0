"""The note's printed numbers come out of the two replayed runs, each digit of them."""

import pytest
import torch
from torch import nn

from embedlinear.book import source, use_language

PRINTED = {output.cell: output for output in source.printed()}


@pytest.fixture(scope="module")
def computed():
    return source.session_a() | source.session_b()


def numbers(output):
    return [number for row in output.rows for number in row.split()]


def test_every_printed_output_is_there_in_the_note_s_order():
    order = [35, 36, 37, 40, 41, 45, 46, 47, 49, 50, 51, 52, 53, 27, 28]
    assert [output.cell for output in source.printed()] == order
    tensors = [output for output in PRINTED.values() if not output.shape]
    assert len(tensors) == 13 and len(PRINTED) - len(tensors) == 2
    assert sum(len(numbers(output)) for output in tensors) == 113


def test_each_output_has_its_section_and_its_run():
    assert {output.section for output in PRINTED.values()} == {
        "1.1",
        "1.2",
        "2.1",
        "2.2",
    }
    assert [cell for cell in PRINTED if PRINTED[cell].session == "B"] == [27, 28]
    assert set(source.session_a()) == {
        cell for cell in PRINTED if PRINTED[cell].session == "A"
    }
    assert set(source.session_b()) == {27, 28}


def test_numbers_have_four_decimals():
    for output in PRINTED.values():
        for number in numbers(output):
            assert number == (
                str(int(number)) if output.shape else f"{float(number):.4f}"
            )


@pytest.mark.parametrize("cell", PRINTED)
def test_a_printed_output_is_computed(cell, computed):
    output, value = PRINTED[cell], computed[cell]
    assert source.rows(value) == output.rows
    assert source.same(output, value)
    if not output.shape:
        assert value.requires_grad is output.trainable
        for number, again in zip(
            numbers(output), value.flatten().tolist(), strict=True
        ):
            assert (
                abs(float(number) - again) <= 5.1e-5
            )  # and not by our own formatting alone


def test_the_runs_do_not_depend_on_what_came_before(computed):
    torch.manual_seed(7)
    torch.rand(3)
    again = source.session_a() | source.session_b()
    assert all(
        source.rows(again[cell]) == source.rows(computed[cell]) for cell in PRINTED
    )


def test_the_stale_outputs_belong_to_the_earlier_run_only(computed):
    assert source.rows(computed[51]) != PRINTED[28].rows
    assert source.rows(computed[28]) != PRINTED[51].rows


def test_without_the_layer_that_is_thrown_away_no_vector_fits():
    torch.manual_seed(1)
    assert source.rows(nn.Embedding(3, 5).weight)[0] != PRINTED[35].rows[0]


def test_a_last_digit_that_differs_is_seen(computed):
    for cell, output in PRINTED.items():
        last = output.rows[-1]
        other = output._replace(
            rows=[*output.rows[:-1], last[:-1] + str((int(last[-1]) + 1) % 10)]
        )
        assert not source.same(other, computed[cell])
        assert not source.same(
            output._replace(trainable=not output.trainable), computed[cell]
        )
        assert not source.same(output._replace(shape=not output.shape), computed[cell])


def test_rows_are_written_as_the_note_writes_them():
    assert source.rows(torch.tensor([1.0, -0.00004, 2.34567])) == [
        "1.0000 -0.0000 2.3457"
    ]
    assert source.rows(torch.zeros(2, 1)) == ["0.0000", "0.0000"]
    assert source.rows(torch.Size([3, 5])) == ["3 5"]


SECTIONS = ("1.1", "1.2", "2.1", "2.2")


@pytest.mark.parametrize(
    "language, words", [("zh", "笔记 本书 相等"), ("en", "note book equal")]
)
def test_the_comparison_shows_both_sides_of_each_row(language, words, computed):
    use_language(language)
    note, book, equal = words.split()
    wanted = []
    for output in PRINTED.values():
        for number, row in enumerate(output.rows):
            wanted.append([str(output.cell)] * (not number) + [note, *row.split()])
            wanted.append([book, *row.split(), equal])
    lines = [
        line for line in source.comparison(computed, *SECTIONS).splitlines() if line
    ]
    assert [line.split() for line in lines] == wanted
    for one, other in zip(lines[::2], lines[1::2]):
        start = one.index(note) + len(note)
        assert other[start:].startswith(one[start:])  # digit under digit


def test_the_comparison_shows_a_row_that_differs(computed):
    use_language("en")
    wrong = computed | {40: computed[40].detach().clone().requires_grad_()}
    wrong[40].data[1, 1] += 0.001
    lines = source.comparison(wrong, "1.2").splitlines()
    assert [line.split()[-1] for line in lines[1:6:2]] == [
        "equal",
        "different",
        "equal",
    ]
    untrained = computed | {40: computed[40].detach()}
    cells = source.comparison(untrained, "1.2").split("\n\n")
    assert (cells[0].count("different"), cells[1].count("equal")) == (3, 3)


def test_an_unknown_language_is_refused():
    for ask in (source.claims, source.verdicts, source.sections):
        with pytest.raises(KeyError):
            ask("fr")
