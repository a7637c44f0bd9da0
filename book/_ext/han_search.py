"""Search that finds Chinese: Han text is indexed, and asked for, as overlapping pairs.

Sphinx's own Chinese search cuts the pages into words but not the reader's query, so that most
queries find nothing. Pairs need no dictionary, and cutting both sides by one rule cannot miss.
"""

import re

from sphinx.search import SearchLanguage

TOKEN = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")


def pairs(text: str) -> list[str]:
    words = []
    for token in TOKEN.findall(text):
        if "\u3400" <= token[0] <= "\u9fff" and len(token) > 1:
            words += [token[i : i + 2] for i in range(len(token) - 1)]
        else:
            words.append(token)
    return words


class HanSearch(SearchLanguage):
    lang = "zh"
    language_name = "Chinese"
    stop_words = frozenset()
    js_stemmer_code = "var Stemmer = function () { this.stemWord = (word) => word; };"
    js_splitter_code = r"""
var splitQuery = (query) =>
  (query.match(/[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{L}\p{N}_])+/gu) || []).flatMap(
    (token) =>
      /^[\u3400-\u9fff]{2}/.test(token)
        ? Array.from({ length: token.length - 1 }, (_, i) => token.slice(i, i + 2))
        : [token]
  );
"""

    def split(self, input):
        return pairs(input)

    def stem(self, word):
        return word.lower()

    def word_filter(self, word):
        return True


def setup(app):
    app.add_search_language(HanSearch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
