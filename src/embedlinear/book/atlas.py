"""The atlas as its chapter shows it: stored verdicts in tables, and rows run again."""

import json
from functools import cache
from importlib.resources import files

import torch

from embedlinear.atlas import SITUATIONS, STAGES, Verdict, judge, kinds
from embedlinear.atlas.situations import TABLE
from embedlinear.book.language import current_language, labels
from embedlinear.book.table import Markdown, Table

PINNED = "2.13.0"  # the torch of the book: its verdicts are shown


@cache
def stored():
    """``{version of torch: {"about": …, "verdicts": {name: {stage: Verdict}}}}``."""
    path = files("embedlinear.book") / "data" / "atlas.json"
    kept = json.loads(path.read_text("utf-8"))
    for version in kept.values():
        for verdicts in version["verdicts"].values():
            verdicts |= {stage: Verdict(*verdicts[stage]) for stage in STAGES}
    return dict(sorted(kept.items(), key=lambda item: [*map(int, item[0].split("."))]))


class Filtered(Markdown):
    """In a box that the site gives a filter."""

    def _repr_markdown_(self):
        return f'<div class="filtered">\n\n{super()._repr_markdown_()}\n\n</div>'


def table(group):
    """The rows of one group: the verdicts of all stages, the reason, the versions."""
    language, text = current_language(), labels("atlas")
    head = [text[key] for key in ("situation", *STAGES, "because", "versions")]
    rows = []
    for name, row in TABLE["groups"][group].items():
        verdicts = stored()[PINNED]["verdicts"][name]
        reason = TABLE["reasons"][row["because"]]
        because = reason[language] + text["more"].format(reason["link"])
        errors = [v.note for v in verdicts.values() if v.refused]
        if errors:
            because += f" <br>`{errors[0].partition('; Linear: ')[0]}`"
        cells = [_as_text(verdicts[stage], text) for stage in STAGES]
        rows.append([row[language], *cells, because, _versions(name, text)])
    return Filtered(head, rows, [" | ".join(row[:-2]) for row in [head, *rows]])


def _as_text(verdict, text):
    kind, apart, note = verdict
    detail = f"{apart:{'.2g' if apart < 100 else '.0f'}}" if apart else ""
    detail = ", ".join(verdict.refused) or note or detail
    return text[kind] + (text["in"].format(detail) if detail else "")


def _versions(name, text):
    """The versions that agree with the book's; then the others, and what they gave."""
    agree, others = [], []
    ours = kinds(stored()[PINNED]["verdicts"][name])
    for version, kept in stored().items():
        short, theirs = version.rpartition(".")[0], kept["verdicts"][name]
        apart = [
            f"{text[stage]} {text[theirs[stage].kind]}"
            for stage, kind in kinds(theirs).items()
            if kind != ours[stage]
        ]
        if apart:
            others.append(f"{short}{text['colon']}{text['comma'].join(apart)}")
        else:
            agree.append(short)
    return "<br>".join([" ".join(agree), *others])


def measured():
    """Where, when and by what command the stored verdicts came about."""
    text, keys = labels("atlas"), ("torch", "date", "model", "system", "command")
    rows = [[str(kept["about"][key]) for key in keys] for kept in stored().values()]
    return Table([text[key] for key in keys], rows)


def again(*groups):
    """Run the rows of some groups now: ``{group: rows run, and those that differ}``."""
    found, version = {}, torch.__version__.partition("+")[0]
    before = stored().get(version, stored()[PINNED])["verdicts"]
    for group in groups:
        names = [n for n in TABLE["groups"][group] if not SITUATIONS[n].weekly]
        now = {name: kinds(judge(SITUATIONS[name])) for name in names}
        differ = [name for name in names if now[name] != kinds(before[name])]
        found[group] = {"run": len(names), "differ": differ}
    return found
