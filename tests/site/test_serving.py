"""The packed site, asked of a real nginx with deploy/nginx.conf: what a browser and a cache are told."""

import gzip
import json
import re
import shutil

import brotli
import pytest

from tests.conftest import ROOT

pytest.importorskip("pwd", reason="nginx is asked on Linux and macOS")
from tools import load, pack

needs_nginx = pytest.mark.skipif(
    not load.find("nginx"), reason="no nginx on this machine: apt install nginx"
)
FOREVER, SHORT, DAY = (
    "public, max-age=31536000, immutable",
    "public, max-age=600",
    "public, max-age=86400",
)


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    """A few pages of the site, with all that they need, packed as for a server."""
    folder = tmp_path_factory.mktemp("site")
    few, out = folder / "few", folder / "served"
    for path in site.rglob("*"):
        name = path.relative_to(site)
        kept = path.name in (
            "index.html",
            "404.html",
            "setup.html",
            "setup.ipynb",
            ".buildinfo",
        )
        kept |= path.suffix in (".css", ".js", ".webp", ".woff2") and path.name not in (
            "fulltext.js",
            "searchindex.js",
        )
        if path.is_file() and kept:
            (few / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, few / name)
    (few / "jupyter_execute").mkdir(exist_ok=True)
    pack.pack(few, out)
    return out


@pytest.fixture(scope="module")
def root(packed):
    with load.served(packed) as (address, _):
        yield address


def test_what_is_packed(packed):
    assert (
        not [path for path in packed.rglob(".*")]
        and not (packed / "jupyter_execute").exists()
    )
    assert (packed / "_headers").read_text() == (
        ROOT / "deploy" / "_headers"
    ).read_text()
    page = packed / "en" / "setup.html"
    for suffix, unpack in ((".gz", gzip.decompress), (".br", brotli.decompress)):
        twin = page.with_name(page.name + suffix)
        assert (
            unpack(twin.read_bytes()) == page.read_bytes()
            and twin.stat().st_size < page.stat().st_size / 3
        )
    assert not list(packed.rglob("*.webp.gz")) and not list(packed.rglob("*.woff2.br"))


def test_a_new_pack_replaces_the_old_one_whole(tmp_path):
    site, out = tmp_path / "site", tmp_path / "served"
    site.mkdir()
    with pytest.raises(FileNotFoundError, match="holds no site: `make book` builds it"):
        pack.pack(site, out)
    assert list(tmp_path.iterdir()) == [site]
    for text in ("<p>old</p>" * 99, "<p>new</p>" * 99):
        (site / "index.html").write_text(text)
        assert pack.pack(site, out) == 2  # the page and _headers
        assert gzip.decompress((out / "index.html.gz").read_bytes()).decode() == text
    (site / "index.html").write_text("<p>short</p>")
    pack.pack(site, out)
    assert sorted(path.name for path in out.iterdir()) == ["_headers", "index.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served", "site"]


@needs_nginx
def test_every_file_is_answered_as_it_is(root, packed):
    seen = load.check(root, packed)
    assert {".html", ".css", ".js", ".ipynb", ".webp", ".woff2"} <= seen.keys()


@needs_nginx
@pytest.mark.parametrize(
    "address, kind",
    [
        ("/", "text/html; charset=utf-8"),
        ("/zh/setup.html", "text/html; charset=utf-8"),
        ("/zh/_static/book.css", "text/css; charset=utf-8"),
        ("/zh/_static/book.js", "application/javascript; charset=utf-8"),
        ("/zh/_sources/setup.ipynb", "application/x-ipynb+json"),
        ("/en/_static/vendor/stix-two-math/stix-two-math.woff2", "font/woff2"),
    ],
)
def test_types(root, address, kind):
    status, headers, _ = load.ask(root + address, Accept_Encoding="gzip")
    assert (status, headers["Content-Type"]) == (200, kind)
    assert (
        headers["X-Content-Type-Options"] == "nosniff" and headers["Server"] == "nginx"
    )


@needs_nginx
def test_how_long_each_answer_is_kept(root, packed):
    """A year for what is named by its content, and only for that; a page is never old for long."""
    text = (packed / "en" / "setup.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:href|src)="(_static/[^"]+\?(?:v|digest)=\w+)"', text)
    named += [f"_images/{path.name}" for path in (packed / "en" / "_images").iterdir()]
    assert len(named) > 10
    font = "_static/vendor/stix-two-math/stix-two-math.woff2"
    expected = dict.fromkeys(named, FOREVER) | dict.fromkeys(
        ["setup.html", "", "_static/basic.css"], SHORT
    )
    expected |= {
        font: DAY,
        "setup.html?v=0123abcd": SHORT,
        "_static/book.css?v=<script>": SHORT,
    }
    for address, kept in expected.items():
        status, headers, _ = load.ask(f"{root}/en/{address}")
        assert (status, headers["Cache-Control"]) == (200, kept), address


@needs_nginx
def test_who_takes_gzip_gets_the_twin_and_caches_know(root, packed):
    address, page = f"{root}/en/setup.html", packed / "en" / "setup.html"
    _, headers, body = load.ask(address, Accept_Encoding="gzip, deflate")
    assert (
        headers["Content-Encoding"] == "gzip"
        and body == page.with_name("setup.html.gz").read_bytes()
    )
    assert headers["Vary"] == "Accept-Encoding"
    _, headers, body = load.ask(address, Accept_Encoding="identity")
    assert headers["Content-Encoding"] is None and body == page.read_bytes()
    assert headers["Vary"] == "Accept-Encoding"


@needs_nginx
def test_brotli_where_the_module_is(root, packed):
    if not load.brotli_module(load.settings()):
        pytest.skip(
            "this nginx has no brotli: apt install libnginx-mod-http-brotli-static"
        )
    _, headers, body = load.ask(f"{root}/en/setup.html", Accept_Encoding="gzip, br")
    assert (
        headers["Content-Encoding"] == "br"
        and body == (packed / "en" / "setup.html.br").read_bytes()
    )


@needs_nginx
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_is_unchanged_is_not_sent_again(root, encoding):
    address = f"{root}/en/setup.html"
    _, headers, _ = load.ask(address, Accept_Encoding=encoding)
    for known in (
        {"If_None_Match": headers["ETag"]},
        {"If_Modified_Since": headers["Last-Modified"]},
    ):
        status, again, body = load.ask(address, Accept_Encoding=encoding, **known)
        assert (status, body) == (304, b"") and again["Cache-Control"] == SHORT
    status, _, _ = load.ask(
        address, Accept_Encoding=encoding, If_None_Match='"another"'
    )
    assert status == 200


@needs_nginx
def test_a_part_can_be_asked_for(root, packed):
    path = next((packed / "en" / "_images").glob("*.webp"))
    status, headers, body = load.ask(
        f"{root}/en/_images/{path.name}", Range="bytes=10-19"
    )
    assert (status, body) == (206, path.read_bytes()[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{path.stat().st_size}"


@needs_nginx
@pytest.mark.parametrize(
    "address, page",
    [
        ("/zh/no-such-page.html", "zh/404.html"),
        ("/en/deep/er/no-such-page.html", "en/404.html"),
        ("/no-such-page.html", "404.html"),
        ("/fr/setup.html", "404.html"),  # no such language: the page that offers both
        ("/en/_static/", "en/404.html"),  # a folder lists nothing
        ("/zh/_images/", "zh/404.html"),
        ("/.git/config", "404.html"),
        ("/../../etc/passwd", "404.html"),
    ],
)
def test_the_lost_get_a_page_in_their_language(root, packed, address, page):
    status, headers, body = load.ask(root + address)
    if ".." in address:
        assert status in (400, 404)
        return
    assert (status, body) == (404, (packed / page).read_bytes())
    assert headers["Cache-Control"] is None  # a page that comes back must not be hidden


@needs_nginx
def test_a_folder_leads_to_its_page_behind_any_proxy(root):
    status, headers, _ = load.ask(f"{root}/zh")
    assert (status, headers["Location"]) == (301, "/zh/")
    assert load.ask(f"{root}/zh/")[0] == 200


@needs_nginx
def test_nginx_finds_no_fault_and_a_fault_is_told(packed, monkeypatch, tmp_path):
    (tmp_path / "deploy").mkdir()
    conf = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (tmp_path / "deploy" / "nginx.conf").write_text(
        conf.replace("server_tokens off", "server_token off")
    )
    monkeypatch.setattr(load, "ROOT", tmp_path)
    with pytest.raises(
        RuntimeError, match='nginx did not start.*unknown directive "server_token"'
    ):
        with load.served(packed):
            pass


def test_the_hosts_file_has_the_years_of_the_pictures():
    rules = re.findall(
        r"^(/\S+)\n  (\S+): (.+)$", (ROOT / "deploy" / "_headers").read_text(), re.M
    )
    assert rules == [
        (f"/{language}/_images/*", "Cache-Control", FOREVER)
        for language in ("zh", "en")
    ]


# --- what was measured ---


def test_the_figures_in_the_text_are_those_of_the_record():
    record = json.loads((ROOT / "deploy" / "load.json").read_text(encoding="utf-8"))
    text = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    assert (
        load.tables(record) in text
        and record["command"] in text
        and record["machine"] in text
    )


@needs_nginx
@pytest.mark.skipif(
    not load.find("wrk"), reason="no wrk on this machine: apt install wrk"
)
def test_the_load_generator_counts_what_is_lost(root):
    good = load.press(
        root,
        ["/en/setup.html", "/zh/setup.html"],
        connections=4,
        seconds=1,
        encoding="gzip",
    )
    assert (
        good["lost"] == 0
        and good["requests"] > 100
        and 0 < good["p50 ms"] <= good["p99 ms"]
    )
    assert abs(good["page views per second"] - good["requests per second"] / 2) <= 1
    assert (
        load.press(root, ["/en/setup.html", "/gone.html"], 4, 1, "gzip")["lost"] > 100
    )


def test_without_its_tools_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(load, "find", lambda name: None)
    monkeypatch.setattr("sys.argv", ["load.py"])
    with pytest.raises(
        SystemExit, match="nginx and wrk not found; on Debian: apt install nginx wrk"
    ):
        load.main()
