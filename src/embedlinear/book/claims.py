"""The note's claims as a table; a test of each claim gives its verdict and numbers."""

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import NamedTuple

from embedlinear.book import proofs
from embedlinear.book.language import current_language, labels


class Row(NamedTuple):
    """A claim, and the result of its test."""

    id: str  #: "C5"
    claim: str
    verdict: str  #: a word of ``verdicts()``
    finding: str  #: the test's values, in a sentence
    comment: str  #: prose, with links to sections that show more


class Claims(list):
    """Rows, shown in a notebook as a table."""

    def _repr_markdown_(self):
        label = labels("claims")
        lines = [f"| {label['claim']} | {label['found']} |", "| --- | --- |"]
        for row in self:
            anchor = f'<a id="claim-{row.id.lower()}"></a>**{row.id}**'
            found = f"**{row.verdict}**{label['stop']}{row.finding}"
            remark = f"{label['remark']}{row.comment}"
            lines.append(f"| {anchor} {row.claim} | {found}<br>{remark} |")
        return "\n".join(lines)

    def __repr__(self):
        return "\n".join(f"{row.id} {row.verdict}" for row in self)


def claims(section, **given):
    """Test the claims of one section of the note, on a CPU; return them as ``Claims``.

    ``given`` holds the argument of a claim's function: ``C13=accuracies``.
    """
    language, found = current_language(), Claims()
    for claim in load("claims")["claims"]:
        if claim["section"] == section:
            function = getattr(proofs, claim["id"].lower())
            result = function(*(given[name] for name in given if name == claim["id"]))
            found.append(
                Row(
                    claim["id"],
                    claim["claim"][language],
                    load("claims")["verdicts"][result.verdict][language],
                    fill(claim["finding"][language], result.values),
                    claim["comment"][language],
                )
            )
    return found


def verdicts():
    """Return ``{verdict: what it means}`` in the language in use."""
    language = current_language()
    known = load("claims")["verdicts"].values()
    return {verdict[language]: verdict["meaning"][language] for verdict in known}


def fill(finding, values):
    """Put ``values`` into a finding; ValueError unless it uses all of them."""
    used = {name.split("[")[0] for _, name, _, _ in Formatter().parse(finding) if name}
    if used != set(values):
        raise ValueError(f"the finding {finding!r} is given {sorted(values)}; use them")
    return finding.format(**{name: _as_text(value) for name, value in values.items()})


def _as_text(value):
    """Yes, No and lists of names in the language in use; other values unchanged."""
    if isinstance(value, bool):
        return labels("claims")["yes" if value else "no"]
    return labels("claims")["comma"].join(value) if isinstance(value, list) else value


@cache
def load(name):
    """Return a data file, ``claims`` or ``numbers``."""
    path = files("embedlinear.book") / "data" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
