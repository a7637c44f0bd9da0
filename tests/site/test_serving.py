"""The packed site, served by a real nginx with deploy/nginx.conf: caching headers."""

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import brotli
import pytest

from tests.conftest import ROOT
from tests.site.pages import LANGUAGES
from tools.pack import pack

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(not NGINX, reason="no nginx: apt install nginx")
FOREVER = "public, max-age=31536000, immutable"
SHORT, DAY = "public, max-age=600", "public, max-age=86400"
MAIN = """{user} error_log stderr; pid {folder}/pid; worker_processes 1; daemon off;
events {{}}
http {{ include /etc/nginx/mime.types; access_log off; {temporary}
{server} }}"""
KEPT = {".css", ".js", ".webp", ".woff2"}
PAGES = {"index.html", "404.html", "setup.html", "setup.ipynb", ".buildinfo"}


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    """A few pages of the site, with all that they need, packed as for a server."""
    few = tmp_path_factory.mktemp("site") / "few"
    for path in site.rglob("*"):
        small = path.suffix in KEPT and path.stat().st_size < 200_000  # brotli is slow
        if path.is_file() and (path.name in PAGES or small):
            target = few / path.relative_to(site)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    (few / "jupyter_execute").mkdir(exist_ok=True)
    pack(few, few.with_name("served"))
    return few.with_name("served")


def ask(address, **headers):
    """Status, headers and bytes of an answer, whatever it says."""
    url = urlsplit(address)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    connection.request("GET", address.partition(url.netloc)[2], headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.fixture(scope="module")
def root(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    server = server.replace("listen 80", f"listen 127.0.0.1:{port}")
    server = server.replace("/srv/embedlinear", str(packed))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
    user = "" if os.geteuid() else "user root;"  # to read a private folder
    text = MAIN.format(user=user, folder=folder, temporary=paths, server=server)
    (folder / "nginx.conf").write_text(text)
    command = [NGINX, "-e", "stderr", "-c", folder / "nginx.conf"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with socket.socket() as door:
        while door.connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def test_what_is_packed(packed, tmp_path):
    with pytest.raises(SystemExit, match="contains no site: `make book` builds it"):
        pack(tmp_path, tmp_path / "served")
    assert not list(packed.rglob(".*")) and not (packed / "jupyter_execute").exists()
    page = packed / "en" / "setup.html"
    for suffix, unpack in ((".gz", gzip.decompress), (".br", brotli.decompress)):
        twin = page.with_name(page.name + suffix)
        assert unpack(twin.read_bytes()) == page.read_bytes()
        assert twin.stat().st_size < page.stat().st_size / 3
    assert not list(packed.rglob("*.webp.gz")) and not list(packed.rglob("*.woff2.br"))
    pack(packed, packed)  # in the place of the old one, and no twin of a twin
    assert not list(packed.rglob("*.gz.*"))
    rules = (packed / "_headers").read_text()
    for language in LANGUAGES:
        assert f"/{language}/_images/*\n  Cache-Control: {FOREVER}\n" in rules


@needs_nginx
def test_every_file_is_answered_as_it_is_with_its_type(root, packed):
    types = {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "application/javascript; charset=utf-8",
        ".ipynb": "application/x-ipynb+json",
        ".woff2": "font/woff2",
    }
    seen = set()
    for path in packed.rglob("*.*"):
        if path.is_file() and path.suffix not in (".gz", ".br"):
            status, headers, body = ask(f"{root}/{path.relative_to(packed)}")
            assert (status, body) == (200, path.read_bytes()), path
            kind = types.get(path.suffix, headers["Content-Type"])
            assert headers["Content-Type"] == kind, path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] == "nginx"  # and not its version
            seen.add(path.suffix)
    assert types.keys() <= seen


@needs_nginx
def test_how_long_each_answer_is_kept(root, packed):
    """A year for what is named by its content, and only for that; a page is never old."""
    text = (packed / "en" / "setup.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:href|src)="(_static/[^"]+\?(?:v|digest)=\w+)"', text)
    named += [f"_images/{path.name}" for path in (packed / "en" / "_images").iterdir()]
    assert len(named) > 10
    pages = ["setup.html", "", "_static/styles/joined.css", "setup.html?v=0123abcd"]
    expected = dict.fromkeys(named, FOREVER) | dict.fromkeys(pages, SHORT)
    expected["_static/vendor/stix-two-math/stix-two-math.woff2"] = DAY
    expected["_static/book.css?v=<script>"] = SHORT
    for address, kept in expected.items():
        status, headers, _ = ask(f"{root}/en/{address}")
        assert (status, headers["Cache-Control"]) == (200, kept), address


@needs_nginx
def test_who_takes_gzip_gets_the_twin_and_what_is_unchanged_is_not_sent(root, packed):
    address, page = f"{root}/en/setup.html", packed / "en" / "setup.html"
    bodies = {"gzip": page.with_name("setup.html.gz"), "identity": page}
    for encoding, file in bodies.items():
        _, headers, body = ask(address, Accept_Encoding=encoding)
        assert body == file.read_bytes() and headers["Vary"] == "Accept-Encoding"
        assert headers["Content-Encoding"] == (encoding if encoding == "gzip" else None)
        etag, date = headers["ETag"], headers["Last-Modified"]
        for known in ({"If_None_Match": etag}, {"If_Modified_Since": date}):
            status, again, body = ask(address, Accept_Encoding=encoding, **known)
            assert (status, body) == (304, b"") and again["Cache-Control"] == SHORT


@needs_nginx
@pytest.mark.parametrize(
    "address, page",
    [
        ("/zh/no-such-page.html", "zh/404.html"),
        ("/en/deep/er/no-such-page.html", "en/404.html"),
        ("/fr/setup.html", "404.html"),  # no such language: the page that offers all
        ("/en/_static/", "en/404.html"),  # a folder lists nothing
        ("/.git/config", "404.html"),
    ],
)
def test_the_lost_get_a_page_in_their_language(root, packed, address, page):
    status, headers, body = ask(root + address)
    assert (status, body) == (404, (packed / page).read_bytes())
    assert headers["Cache-Control"] is None  # a page that comes back must not be hidden
    status, headers, _ = ask(f"{root}/zh")  # a folder, behind any proxy
    assert (status, headers["Location"]) == (301, "/zh/")
