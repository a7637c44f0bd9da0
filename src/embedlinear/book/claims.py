"""The note's claims as a table; a test of each claim gives its verdict and numbers."""

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter

from embedlinear.book import proofs
from embedlinear.book.language import current_language, labels
from embedlinear.book.table import Markdown


def claims(section, **given):
    """Test the claims of one section of the note, on a CPU: a table of the results.

    ``given`` holds the argument of a claim's function: ``C13=accuracies``.
    """
    language, text = current_language(), labels("claims")
    rows, plain = [], []
    for claim in load("claims")["claims"]:
        if claim["section"] != section:
            continue
        name = claim["id"]
        function = getattr(proofs, name.lower())
        result = function(given[name]) if name in given else function()
        verdict = load("claims")["verdicts"][result.verdict][language]
        finding = fill(claim["finding"][language], result.values)
        anchor = f'<a id="claim-{name.lower()}"></a>**{name}**'
        found = f"**{verdict}**{text['stop']}{finding}"
        remark = text["remark"] + claim["comment"][language]
        rows.append([f"{anchor} {claim['claim'][language]}", f"{found}<br>{remark}"])
        plain.append(f"{name} {verdict}")
    return Markdown([text["claim"], text["found"]], rows, plain)


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
