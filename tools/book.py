"""The book's parts: its languages, its pages, and a fingerprint of each page's results.

`_config.yml` lists the languages and `_toc.yml` the pages; everything else reads them here.
"""

import hashlib
import json
from pathlib import Path

import yaml
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
METADATA = {  # of a notebook; no versions: the same from every Python
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
RECORD = ROOT / "book" / "data" / "verified.json"  # of the last `make execute`


def config(root: Path = ROOT) -> dict:
    """The content of `_config.yml`."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))


def languages(root: Path = ROOT) -> list[str]:
    """The languages of the book; the others are compared with the first."""
    return list(config(root)["languages"])


def about(root: Path = ROOT) -> list[dict]:
    """What a template needs to know of each language."""
    return [
        {
            "folder": folder,
            "tag": setting["language"].replace("_", "-"),
            "title": setting["project"],
            "lost": setting["notfound_context"]["title"],
            "search": setting["html_theme_options"]["search_bar_text"],
            **setting["about"],
        }
        for folder, setting in config(root)["languages"].items()
    ]


def pages(root: Path = ROOT) -> list[str]:
    """The pages in reading order, including those in parts."""
    return [page for chapter in chapters(root) for page in chapter]


def chapters(root: Path = ROOT) -> list[list[str]]:
    """The chapters, the start page first, each with the pages below it."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [part["chapters"] for part in toc.get("parts", [toc])]
    return [[toc["root"]], *(files_in(chapter) for part in listed for chapter in part)]


def files_in(toc) -> list[str]:
    """The files that a table of contents, or a part of one, lists at any depth."""
    if isinstance(toc, list):
        return [name for entry in toc for name in files_in(entry)]
    return [toc["file"], *files_in(toc.get("sections", []))]


def catalogue(language: str, root: Path = ROOT) -> dict[str, str]:
    """The site's words in a language, by the English words in the templates."""
    code = config(root)["languages"][language].get("language")
    return words(root / "book" / "_locale" / f"{code}" / "LC_MESSAGES" / "sphinx.po")


def words(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    with file.open("rb") as opened:
        return {entry.id: entry.string for entry in read_po(opened) if entry.id}


def keys(tree: dict, path: str = "") -> set[str]:
    """The keys of a nested dict with their paths, such as `about.name`."""
    inner = {f"{path}{key}.": value for key, value in tree.items()}
    return {key[:-1] for key in inner}.union(
        *(keys(value, key) for key, value in inner.items() if isinstance(value, dict))
    )


def missing(root: Path = ROOT) -> list[str]:
    """Everything that a language lacks, and notebooks that the table of contents lacks."""
    listed, settings = pages(root), config(root)["languages"]
    wanted, problems = keys(next(iter(settings.values()))), []
    files = (root / "book" / "_locale").rglob("sphinx.po")
    known = {word for file in files for word in words(file)}
    for language, setting in settings.items():
        lacking = sorted(wanted - keys(setting))
        problems += [f"_config.yml: languages.{language}.{key}" for key in lacking]
        here = {path.stem for path in (root / "book" / language).glob("*.ipynb")}
        absent = [page for page in listed if page not in here]
        problems += [f"book/{language}/{page}.ipynb" for page in absent]
        card = f"book/_static/card-{language}.png"
        if not (root / card).exists():
            problems.append(f"{card}: python -m tools.once.social_cards")
        code = setting.get("language", language)
        if not code.startswith("en"):
            translated = catalogue(language, root)
            absent = sorted(word for word in known if not translated.get(word))
            file = f"book/_locale/{code}/LC_MESSAGES/sphinx.po"
            problems += [f"{file}: {word!r}" for word in absent]
    problems = [f"missing: {problem}" for problem in problems]
    return problems + [
        f"in no table of contents: book/{language}/{path.name}; _toc.yml lists pages"
        for language in settings
        for path in sorted((root / "book" / language).glob("*.ipynb"))
        if path.stem not in listed
    ]


def fingerprint(path: Path) -> str:
    """A digest of a notebook's code and text output, not of prose, pictures and timings."""
    digest = hashlib.sha256()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        texts = [*cell["source"], "\0"]
        timed = "nbval-ignore-output" in cell["metadata"].get("tags", [])
        for output in [] if timed else cell["outputs"]:
            data = output.get("data", {})
            drawn = any(kind.startswith("image/") for kind in data)
            texts += [*output.get("text", []), output.get("evalue", "")]
            texts += [] if drawn else data.get("text/plain", [])
        digest.update("".join(texts).encode() + b"\0")
    return digest.hexdigest()[:16]
