"""The site, served by a real nginx with deploy/nginx.conf: caching headers."""

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(not NGINX, reason="no nginx: apt install nginx")
FOREVER = "public, max-age=31536000, immutable"
SHORT, DAY = "public, max-age=600", "public, max-age=86400"
MAIN = """{user} error_log stderr; pid {folder}/pid; worker_processes 1; daemon off;
events {{}}
http {{ include /etc/nginx/mime.types; access_log off; {temporary}
{server} }}"""


def ask(address, **headers):
    """Status, headers and bytes of an answer, whatever it says."""
    url = urlsplit(address)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    connection.request("GET", address.partition(url.netloc)[2], headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.fixture(scope="module")
def root(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    server = server.replace("listen 80", f"listen 127.0.0.1:{port}")
    server = server.replace("/srv/embedlinear", str(site))
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


@needs_nginx
def test_every_file_is_answered_as_it_is_with_its_type(root, site):
    types = {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "application/javascript; charset=utf-8",
        ".ipynb": "application/x-ipynb+json",
        ".woff2": "font/woff2",
    }
    seen = set()
    for path in site.rglob("[!.]*.*"):
        if path.is_file():
            status, headers, body = ask(f"{root}/{path.relative_to(site)}")
            assert (status, body) == (200, path.read_bytes()), path
            kind = types.get(path.suffix, headers["Content-Type"])
            assert headers["Content-Type"] == kind, path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] == "nginx"  # and not its version
            seen.add(path.suffix)
    assert types.keys() <= seen


@needs_nginx
def test_how_long_each_answer_is_kept(root, site):
    """A year for what is named by its content, and only for that; a page is never old."""
    text = (site / "en" / "setup.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:href|src)="(_static/[^"]+\?(?:v|digest)=\w+)"', text)
    named += [
        f"_images/{path.name}" for path in (site / "en" / "_images").glob("*.webp")
    ]
    assert len(named) > 10
    pages = ["setup.html", "", "_static/styles/joined.css", "setup.html?v=0123abcd"]
    expected = dict.fromkeys(named, FOREVER) | dict.fromkeys(pages, SHORT)
    expected["_static/vendor/stix-two-math/stix-two-math.woff2"] = DAY
    expected["_images/motif.svg"] = DAY  # has the same name when it changes
    expected["_static/book.css?v=<script>"] = SHORT
    for address, kept in expected.items():
        status, headers, _ = ask(f"{root}/en/{address}")
        assert (status, headers["Cache-Control"]) == (200, kept), address


@needs_nginx
@pytest.mark.parametrize("file", ["setup.html", "_sources/setup.ipynb"])
def test_text_is_compressed_and_what_is_unchanged_is_not_sent(root, site, file):
    address, page = f"{root}/en/{file}", site / "en" / file
    for encoding, read in (("gzip", gzip.decompress), ("identity", bytes)):
        _, headers, body = ask(address, Accept_Encoding=encoding)
        assert read(body) == page.read_bytes() and headers["Vary"] == "Accept-Encoding"
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
        ("/en/.buildinfo", "en/404.html"),
    ],
)
def test_the_lost_get_a_page_in_their_language(root, site, address, page):
    status, headers, body = ask(root + address)
    assert (status, body) == (404, (site / page).read_bytes())
    assert headers["Cache-Control"] is None  # a page that comes back must not be hidden
    status, headers, _ = ask(f"{root}/zh")  # a folder, behind any proxy
    assert (status, headers["Location"]) == (301, "/zh/")
