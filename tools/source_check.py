"""Write the tables of the page source-check from the claims: `python tools/source_check.py [--check]`.

The claims, verdicts and findings are in src/embedlinear/book/data/claims.toml. A table is a Markdown
cell that begins with an anchor known here; nothing else in the two notebooks is touched. The
titles of linked sections come from the chapters, so run it again when a heading has changed.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from embedlinear.book import source
from tools.execute import write

ROOT = Path(__file__).resolve().parents[1]
PAGE = "source-check.ipynb"
HEADING = re.compile(r'<a id="([^"]+)"></a>\n+#+ (.+)')
WORDS = {
    "zh": {
        "verdicts": "五种结论",
        "verdict": ("结论", "意思", "有几条"),
        "claims": ("笔记的说法", "结论与结果"),
        "stop": "。",
        "shown": "看这里：",
        "and": "；",
    },
    "en": {
        "verdicts": "Five verdicts",
        "verdict": ("Verdict", "What it means", "Claims"),
        "claims": ("What the note says", "Verdict and finding"),
        "stop": ". ",
        "shown": "Shown in: ",
        "and": "; ",
    },
}


def table(head, lines) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def titles(folder: Path) -> dict[str, str]:
    """The headings of all pages: `{"setup.ipynb#device": "…"}`."""
    found = {}
    for path in folder.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                for anchor, title in HEADING.findall("".join(cell["source"])):
                    found[f"{path.name}#{anchor}"] = title.strip()
    return found


def cells(language: str, folder: Path) -> dict[str, str]:
    """The generated cells' sources, by the anchor that each begins with."""
    words, claims, known = WORDS[language], source.claims(language), titles(folder)

    def link(target: str) -> str:
        title = known.get(target)
        if title is None:
            sys.exit(
                f"claims.toml: shown: {folder.name}/ has no heading with the anchor {target}"
            )
        return f"[{title}]({target.removeprefix(PAGE)})"

    verdicts = [
        (
            f"**{verdict.capitalize()}**",
            meaning,
            sum(claim.verdict == verdict for claim in claims),
        )
        for verdict, meaning in source.verdicts(language).items()
    ]
    made = {
        "verdicts": f"### {words['verdicts']}\n\n{table(words['verdict'], verdicts)}"
    }
    for section, (anchor, title) in source.sections(language).items():
        rows = []
        for claim in claims:
            if claim.section == section:
                number = f'<a id="claim-{claim.id.lower()}"></a>**{claim.id}**'
                shown = words["shown"] + words["and"].join(map(link, claim.shown))
                found = f"**{claim.verdict.capitalize()}**{words['stop']}{claim.finding}<br>{shown}"
                rows.append((f"{number} {claim.claim}", found))
        made[anchor] = f"### {title}\n\n{table(words['claims'], rows)}"
    return {anchor: f'<a id="{anchor}"></a>\n\n{text}' for anchor, text in made.items()}


def update(path: Path, made: dict[str, str], check: bool) -> list[str]:
    """Put the cells into the notebook, unless only to be checked; returns what was not as it is."""
    import nbformat

    notebook, missing, changed = nbformat.read(path, as_version=4), dict(made), []
    for cell in notebook.cells:
        anchor = re.match(r'<a id="([^"]+)"></a>', cell.source)
        if cell.cell_type == "markdown" and anchor and anchor[1] in missing:
            text = missing.pop(anchor[1])
            if cell.source != text:
                cell.source = text
                changed.append(anchor[1])
    if missing:
        sys.exit(f"{path}: no cell begins with the anchor {', '.join(missing)}")
    if changed and not check:
        write(notebook, path)
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if it would"
    )
    parser.add_argument(
        "--book", type=Path, default=ROOT / "book", help="where zh/ and en/ are"
    )
    options = parser.parse_args()
    changed = [
        f"{language}/{PAGE}: {', '.join(anchors)}"
        for language in WORDS
        for anchors in [
            update(
                options.book / language / PAGE,
                cells(language, options.book / language),
                options.check,
            )
        ]
        if anchors
    ]
    if changed and options.check:
        sys.exit(
            "\n".join(
                [*changed, "is not what claims.toml says: run tools/source_check.py"]
            )
        )
    print("\n".join(changed) or "Nothing to do.")


if __name__ == "__main__":
    main()
