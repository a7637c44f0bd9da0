"""Pass _config.yml and _toc.yml to Sphinx, for the language of the given tag (`-t zh`)."""

import os
import sys
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_book.config import get_final_config

ROOT = Path(__file__).parent.resolve()
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT)]
from tools.book import about, config

book = config()
languages = book.pop("languages")
# Sphinx gives the tags as `tags`; Read the Docs gives no tag, but says its language.
read_the_docs = os.environ.get("READTHEDOCS_LANGUAGE", "zh")[:2]
book_language = next((name for name in languages if tags.has(name)), read_the_docs)

settings, _ = get_final_config(
    user_yaml=book,
    cli_config={
        "external_toc_path": str(ROOT / "_toc.yml"),
        "latex_individualpages": False,
    },
)
overlay = languages[book_language]
settings["html_theme_options"] |= overlay.pop("html_theme_options")
overlay.pop("about")
settings |= overlay
book_languages = about()
for unused in ("comments_config", "intersphinx_mapping", "latex_doc_overrides"):
    settings.pop(unused, None)

# The publisher of the book knows the addresses, and sets them in the environment.
book_repository = os.environ.get("BOOK_REPOSITORY", "").rstrip("/").removesuffix(".git")
book_site = (os.environ.get("BOOK_SITE") or "").rstrip("/")
if book_site:
    settings["html_baseurl"] = f"{book_site}/{book_language}/"
settings[
    "html_context"
] |= {  # for templates; a file:// address of a test is not linked
    "book_site": book_site,
    "book_language": book_language,
    "repository": book_repository if book_repository.startswith("https://") else "",
}
# The 404 page is shown at any depth, so its links begin at the server's root.
settings["notfound_urls_prefix"] = f"{urlsplit(book_site).path}/{book_language}/"

# Sphinx checks only pages and templates for changes; this makes it check the rest, too.
machinery = sorted(
    path
    for folder in ("book/_ext", "book/_static", "src/embedlinear/book/static")
    for path in (ROOT / folder).rglob("*")
)
book_machinery = sha256(
    b"".join(p.read_bytes() for p in machinery if p.suffix in (".py", ".css", ".js"))
)
book_machinery = book_machinery.hexdigest()

globals().update(settings)
