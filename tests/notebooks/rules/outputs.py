"""Rules on what is stored: that it ran, in order, and that it is the same on every machine."""

import ast
import re

from .model import ANSI, output_texts
from .registry import page_rule

# Calls that return None (or what nobody wants to see): a cell may end with one and show nothing.
SILENT = {
    "append",
    "backward",
    "clear",
    "extend",
    "fill",
    "insert",
    "remove",
    "reverse",
    "run_line_magic",
    "seed",
    "setattr",
    "sort",
    "step",
    "system",
    "update",
    "use_language",
    "zero_grad",
}
# Things in an output that differ from machine to machine, or from run to run.
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
    for number, cell in enumerate(page.code, start=1):
        count = cell.raw.get("execution_count")
        if count != number:
            yield f"{cell}: has the execution count {count}, not {number}; execute the notebook"
            return


@page_rule
def it_is_python(page):
    """A cell that does not parse is a slip of the editor, unless it shows just that."""
    for cell in page.code:
        if cell.tree is None and "raises-exception" not in cell.tags:
            yield f"{cell}: is no Python"


@page_rule
def results_are_stored(page):
    """A cell that ends with an expression shows it; nbval does not miss outputs stripped away."""
    for cell in page.code:
        expression = _last_expression(cell)
        if expression is not None and cell.executed and not cell.outputs:
            yield (
                f"{cell}: ends with the expression {ast.unparse(expression)}, but no output is "
                "stored"
            )


def _last_expression(cell):
    """The expression at the cell's end whose value shows, or None."""
    last = cell.tree.body[-1] if cell.tree and cell.tree.body else None
    if not isinstance(last, ast.Expr) or "raises-exception" in cell.tags:
        return None
    value = last.value
    if isinstance(value, ast.Constant) and value.value is None:
        return None
    if isinstance(value, ast.Call):
        function = value.func
        if getattr(function, "attr", getattr(function, "id", "")) in SILENT:
            return None
    return value


@page_rule
def no_semicolon_at_the_end(page):
    """It hides the output in JupyterLab but not where the cells are re-run and compared."""
    for cell in page.code:
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if lines and lines[-1].rstrip().endswith(";"):
            yield f"{cell}: ends with ';'; assign the result to _, or end a figure with plt.show()"


@page_rule
def errors_are_meant(page):
    """An error is shown on purpose, in a cell that says so, and as its one last line."""
    for cell in page.code:
        errors = [output for output in cell.outputs if output["output_type"] == "error"]
        if "raises-exception" not in cell.tags:
            for error in errors:
                yield f"{cell}: failed with {error['ename']}: {error['evalue']}"
        elif not errors and cell.executed:
            yield f"{cell}: is tagged 'raises-exception', but no error is stored"
        elif errors:
            last = f"{errors[0]['ename']}: {errors[0]['evalue']}"
            if ANSI.sub("", "\n".join(errors[0]["traceback"])).strip() != last.strip():
                yield f"{cell}: shows more than the error's last line; put %xmode Minimal first"


@page_rule
def nothing_on_stderr(page):
    """Warnings and progress bars go there: they differ from machine to machine."""
    for cell in page.code:
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"{cell}: wrote to stderr: {''.join(output['text']).strip()[:60]!r}"


@page_rule
def outputs_are_the_same_everywhere(page):
    """Readers compare what they see with what is stored, on any machine and any device."""
    for cell in page.code:
        tagged = "nbval-ignore-output" in cell.tags
        for output in cell.outputs:
            for text in output_texts(output):
                for what, pattern in {
                    **ELSEWHERE,
                    **({} if tagged else TAGGED),
                }.items():
                    found = re.search(pattern, text)
                    if found:
                        yield f"{cell}: its output shows {what}: {found[0]!r}" + (
                            "; tag it 'nbval-ignore-output'" if what in TAGGED else ""
                        )
