"""A style sheet without the rules for what no page shows: themes bring hundreds of kilobytes of them.

A selector stays if every class in it is a word of some page or script. That keeps a few too many (a
word of the text may be called like a class) and drops none that a script could still set.
"""

import re

import tinycss2

WORD = re.compile(r"[\w-]+")


def used(selector: list, words: set[str]) -> bool:
    """Whether all classes of the selector are in `words`; what stands in :not() or [] is not asked."""
    pairs = zip(selector, selector[1:])
    return all(
        name.value in words
        for dot, name in pairs
        if dot == "." and name.type == "ident"
    )


def selectors(prelude: list) -> list[list]:
    """The parts of a rule's prelude between its commas."""
    parts = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def kept(rules: list, words: set[str]) -> list[str]:
    lines = []
    for rule in rules:
        if rule.type == "qualified-rule":
            parts = [
                tinycss2.serialize(part).strip()
                for part in selectors(rule.prelude)
                if used(part, words)
            ]
            if parts:
                lines.append(
                    ",".join(parts)
                    + "{"
                    + tinycss2.serialize(rule.content).strip()
                    + "}"
                )
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inside = kept(
                tinycss2.parse_rule_list(
                    rule.content, skip_comments=True, skip_whitespace=True
                ),
                words,
            )
            if inside:
                lines.append(
                    f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{"
                    + "".join(inside)
                    + "}"
                )
        elif rule.type == "error":
            raise ValueError(f"line {rule.source_line}: {rule.message}")
        else:
            lines.append(rule.serialize())
    return lines


def prune(text: str, words: set[str]) -> str:
    """The rules of the style sheet `text` that `words` can need, those inside @media and @supports too."""
    return "\n".join(
        kept(
            tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True),
            words,
        )
    )
