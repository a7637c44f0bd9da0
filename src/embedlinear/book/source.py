"""The numbers that the note printed, beside those that the page computes."""

from typing import NamedTuple

import torch

from embedlinear.book.claims import load
from embedlinear.book.language import labels


class Printed(NamedTuple):
    """One output of the note."""

    section: str  #: of the note: "1.1"
    rows: list[str]  #: its numbers as text, a string for each row
    trainable: bool = False  #: whether requires_grad=True or a grad_fn was printed
    shape: bool = False  #: whether a shape was printed, and not a tensor


def printed():
    """Return ``{cell: Printed}`` for all that the note printed, in its order."""
    return {int(cell): Printed(**output) for cell, output in load("numbers").items()}


def rows(value):
    """Write a tensor or a shape as the note does: four decimals, one string per row."""
    if isinstance(value, torch.Size):
        return [" ".join(map(str, value))]
    table = value.detach().cpu().reshape(-1, value.shape[-1]).tolist()
    return [" ".join(f"{number:.4f}" for number in row) for row in table]


def computed_as(value):
    """Return ``(rows, trainable, shape)`` of a value, as in a ``Printed``."""
    shape = isinstance(value, torch.Size)
    return rows(value), not shape and value.requires_grad, shape


def comparison(computed, section):
    """Return, as text, each printed row of ``section`` above the computed row."""
    lines, label = [], labels("claims")
    for cell, output in printed().items():
        if output.section == section:
            ours, *kind = computed_as(computed[cell])
            for number, pair in enumerate(zip(output.rows, ours, strict=True)):
                note, book = (" ".join(f"{n:>7}" for n in row.split()) for row in pair)
                equal = note == book and kind == [output.trainable, output.shape]
                verdict = label["equal" if equal else "different"]
                lines.append(f"{'' if number else cell:<4}{label['note']} {note}")
                lines.append(f"    {label['book']} {book}  {verdict}")
    return "\n".join(lines)
