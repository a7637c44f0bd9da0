"""Rules on what is stored: that it ran, in order, and is the same everywhere."""

import ast
import re

from .model import ANSI, page_rule, readable

# Calls that return None, or what nobody wants to see: a cell may end with one.
SILENT = {
    *("append", "clear", "extend", "fill", "insert", "remove", "reverse", "sort"),
    *("backward", "seed", "step", "update", "zero_grad", "setattr"),
    *("run_line_magic", "system", "use_language"),
}
# What differs from machine to machine, or from run to run.
ELSEWHERE = {
    "a machine path": r"/(home|root|Users|tmp|usr|opt|var)/|[A-Z]:\\|site-packages",
    "a time stamp": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b",
    "a memory address": r"\b0x[0-9a-fA-F]{6,}",
    "a warning": r"Warning\b",
}
# The same, but allowed where the tag says that the output depends on the machine.
TAGGED = {
    "the name of a device": r"\b(cpu|cuda|mps|xpu)\b|\bdevice\(",
    "a duration": r"\b(Wall time|CPU times)\b|\d [nµm]?s ± |\bper loop\b",
}


@page_rule
def executed_in_order(page):
    """The notebook was run from top to bottom, once: its numbers are 1, 2, 3, …"""
    counts = [cell.raw.get("execution_count") for cell in page.code]
    for cell, count, number in zip(page.code, counts, range(1, len(counts) + 1)):
        if count != number:
            yield f"{cell}: has the execution count {count}, not {number}; execute it"
            return


@page_rule
def results_are_stored(page):
    """A cell that ends with an expression shows it; nbval misses no outputs."""
    for cell in page.code:
        if cell.tree is None and "raises-exception" not in cell.tags:
            yield f"{cell}: is not Python"
        if cell.source.rstrip().endswith(";"):
            yield f"{cell}: ends with ';', which hides an output in JupyterLab only"
        if not cell.outputs and _shows_a_value(cell):
            yield f"{cell}: ends with an expression, but no output is stored"


def _shows_a_value(cell):
    last = cell.tree.body[-1] if cell.tree and cell.tree.body else None
    if not isinstance(last, ast.Expr) or "raises-exception" in cell.tags:
        return False
    function = getattr(last.value, "func", None)
    return getattr(function, "attr", getattr(function, "id", "")) not in SILENT


@page_rule
def errors_are_meant(page):
    """An error that is shown is its one last line; nbval sees one that is not meant."""
    for cell in page.code:
        errors = [output for output in cell.outputs if output["output_type"] == "error"]
        if "raises-exception" in cell.tags and not errors:
            yield f"{cell}: is tagged 'raises-exception', but no error is stored"
        for error in errors:
            trace = ANSI.sub("", "\n".join(error["traceback"])).strip()
            if trace != f"{error['ename']}: {error['evalue']}".strip():
                yield f"{cell}: more than the error's last line; %xmode Minimal"


@page_rule
def outputs_are_the_same_everywhere(page):
    """Readers compare what they see with what is stored, on any machine and device."""
    for cell in page.code:
        tagged = "nbval-ignore-output" in cell.tags
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"{cell}: wrote to stderr: {''.join(output['text'])[:60]!r}"
            for what, pattern in (ELSEWHERE if tagged else ELSEWHERE | TAGGED).items():
                for text in readable(output):
                    found = re.search(pattern, text)
                    if found:
                        yield f"{cell}: its output shows {what}: {found[0]!r}"
