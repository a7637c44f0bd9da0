"""The note this book grows from: what it printed, its two runs played again, and its claims."""

import tomllib
from importlib.resources import files
from typing import NamedTuple

import torch
from torch import nn

from embedlinear.book.language import current_language

_WORDS = {
    "zh": ("笔记", "本书", "相等", "不同"),
    "en": ("note", "book", "equal", "different"),
}


def session_a():
    """The later run, cells 30 to 54: ``{cell: what it shows}``, in the order of the draws."""
    torch.manual_seed(1)
    nn.Embedding(
        3, 5
    )  # before cell 33 one such layer must have been drawn; cell 32 is missing
    words = nn.Embedding(3, 5)
    shown = {35 + i: words(torch.tensor([i])) for i in range(3)}

    shown[40] = nn.Embedding(3, 5).weight
    shown[41] = table = torch.rand(3, 5, requires_grad=True)
    frozen = nn.Embedding.from_pretrained(table)  # draws nothing
    shown |= {45: frozen.weight, 46: frozen(torch.tensor([0])), 47: frozen.weight}

    linear = nn.Linear(3, 5)
    x = torch.rand(3)
    y = linear(x)
    return shown | {49: x, 50: x.shape, 51: y, 52: y.shape, 53: linear.weight}


def session_b():
    """The earlier run, of which cells 27 and 28 are left: one Embedding before, not three."""
    torch.manual_seed(1)
    nn.Embedding(3, 5)
    torch.rand(3, 5)
    linear = nn.Linear(3, 5)
    x = torch.rand(3)
    return {27: linear.bias, 28: x @ linear.weight.T + linear.bias}


class Printed(NamedTuple):
    """One output of the note: its numbers as text, one string a row."""

    cell: int  #: the note's number of the cell
    section: str  #: of the note: "1.1"
    session: str  #: "A" or "B"
    rows: list[str]
    trainable: bool = False  #: whether requires_grad=True or a grad_fn was printed
    shape: bool = False  #: whether a shape was printed, and no tensor


def printed():
    """Return all that the note printed in numbers, in the note's order."""
    return [Printed(**output) for output in _load("numbers.toml")["printed"]]


def rows(value):
    """Write a tensor or a shape as the note's numbers are written: four decimals, a string a row."""
    if isinstance(value, torch.Size):
        return [" ".join(map(str, value))]
    table = value.detach().cpu().reshape(-1, value.shape[-1]).tolist()
    return [" ".join(f"{number:.4f}" for number in row) for row in table]


def same(output, value):
    """Whether ``value`` is what was printed: each digit, and whether it can be trained."""
    return output.rows == rows(value) and _same_kind(output, value)


def _same_kind(output, value):
    shape = isinstance(value, torch.Size)
    return (output.shape, output.trainable) == (
        shape,
        not shape and value.requires_grad,
    )


def comparison(computed, *sections):
    """Return, as text, what the note printed in ``sections`` with ``computed[cell]`` under it."""
    note, book, equal, different = _WORDS[current_language()]
    blocks = []
    for output in printed():
        if output.section in sections:
            value, lines = computed[output.cell], []
            for number, (one, other) in enumerate(
                zip(output.rows, rows(value), strict=True)
            ):
                verdict = (
                    equal if one == other and _same_kind(output, value) else different
                )
                lines.append(
                    f"{'' if number else output.cell:<5}{note}  {_columns(one)}".rstrip()
                )
                lines.append(f"{'':5}{book}  {_columns(other)}   {verdict}")
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _columns(row):
    return f"{' '.join(f'{number:>7}' for number in row.split()):39}"


# ---------------------------------------------------------------------------------------- claims


class Claim(NamedTuple):
    """One claim of the note, in the language asked for."""

    id: str  #: "C5"
    section: str  #: of the note: "1.2"
    verdict: str  #: one of ``verdicts()``
    claim: str
    finding: str
    shown: list[
        str
    ]  #: links to sections whose cells show it: "embedding-how.ipynb#padding-idx"


def verdicts(language=None):
    """Return ``{verdict: what it means}``, in ``language`` or the one in use."""
    language = language or current_language()
    known = _load("claims.toml")["verdicts"].values()
    return {verdict[language]: verdict["meaning"][language] for verdict in known}


def sections(language=None):
    """Return ``{section of the note: (anchor of its claims, its title)}``."""
    language = language or current_language()
    known = _load("claims.toml")["sections"]
    return {
        name: (section["anchor"], section[language]) for name, section in known.items()
    }


def claims(language=None):
    """Return the note's claims C1 to C20, with what running each of them showed."""
    language = language or current_language()
    data = _load("claims.toml")
    return [
        Claim(
            claim["id"], claim["section"], data["verdicts"][claim["verdict"]][language],
            claim["claim"][language], claim["finding"][language], claim["shown"],
        )
        for claim in data["claims"]
    ]  # fmt: skip


def _load(name):
    return tomllib.loads(
        files("embedlinear.book").joinpath("data", name).read_text(encoding="utf-8")
    )
