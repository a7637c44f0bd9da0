"""Stable anchors: `<a id="x"></a>` before a heading becomes that heading's own id.

An HTML anchor is invisible in every notebook viewer; a MyST label would show as text. The ids
are the same in both languages, so that the language switch can keep the reader's place.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

OPENING = re.compile(r'<a id="([\w-]+)">')
ANCHOR = re.compile(OPENING.pattern + "</a>")


class HeadingAnchors(SphinxTransform):
    default_priority = 400  # before MyST resolves `[text](#anchor)`, at 879

    def apply(self, **kwargs):
        slugs = getattr(self.document, "myst_slugs", {})
        for paragraph in list(self.document.findall(nodes.paragraph)):
            anchor = ANCHOR.fullmatch("".join(child.astext() for child in paragraph))
            section = anchor and paragraph.next_node(descend=False, ascend=True)
            if isinstance(section, nodes.section):
                paragraph.parent.remove(paragraph)
                title = section.next_node(nodes.title).astext()
                section["ids"] = [anchor[1]]
                slugs[anchor[1]] = (section.line, anchor[1], title)
        for raw in self.document.findall(nodes.raw):  # elsewhere: a term in a table
            anchor = OPENING.fullmatch(raw.astext())
            if anchor:
                text = raw.parent.astext().replace(raw.astext(), "").replace("</a>", "")
                slugs[anchor[1]] = (raw.line, anchor[1], text.strip())
        self.document.myst_slugs = slugs
        self.env.metadata[self.env.docname]["myst_slugs"] = slugs


def setup(app):
    app.add_transform(HeadingAnchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
