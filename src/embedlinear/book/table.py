"""A table as the output of a cell."""

from html import escape


class Table:
    """A head and rows of text: a table in a notebook, lines elsewhere."""

    def __init__(self, head, rows):
        self.lines = [list(head), *map(list, rows)]

    def __repr__(self):
        return "\n".join(" | ".join(line) for line in self.lines)

    def _repr_html_(self):
        """The class is what sites and JupyterLab style; "[1, 2]" and "1 ± 2" stay whole."""
        head, *body = (
            "".join(f"<{tag}>{_whole(escape(text))}</{tag}>" for text in line)
            for tag, line in zip(["th", *["td"] * len(self.lines)], self.lines)
        )
        rows = "\n".join(f"<tr>{row}</tr>" for row in body)
        return (
            f'<table class="dataframe">\n<thead>\n<tr>{head}</tr>\n</thead>\n'
            f"<tbody>\n{rows}\n</tbody>\n</table>"
        )


def _whole(text):
    return text.replace(", ", ",&nbsp;").replace(" ± ", "&nbsp;±&nbsp;")


class Markdown:
    """A table of cells with links and code; ``plain`` lines stand for it elsewhere."""

    def __init__(self, head, rows, plain):
        self.lines, self.plain = [head, ["---"] * len(head), *rows], plain

    def __repr__(self):
        return "\n".join(self.plain)

    def _repr_markdown_(self):
        return "\n".join(f"| {' | '.join(line)} |" for line in self.lines)
