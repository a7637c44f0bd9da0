"""The commands behind the Makefile, run as a newcomer and a maintainer run them."""

import email
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from embedlinear.book import language
from tests.conftest import ROOT, build, run
from tests.site.pages import LANGUAGES, PAGES
from tools import venv
from tools.book import missing
from tools.browser import served
from tools.build import bring_package
from tools.weekly.audit import ADDRESS

EXECUTE = (sys.executable, "-m", "tools.execute")
DOCS = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "deploy/README.md")
DOCS += ("SECURITY.md", "CODE_OF_CONDUCT.md")


def notebook(path: Path, *sources: str, tags=()) -> Path:
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    cells[-1].metadata = {"tags": list(tags), "execution": {"x": "2026"}}
    made = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def test_execute_keeps_what_was_printed_and_what_failed_as_it_was(tmp_path):
    good = notebook(tmp_path / "good.ipynb", "x = 20", "x + 22")
    meant = notebook(tmp_path / "meant.ipynb", "[][3]", tags=["raises-exception"])
    bad = notebook(tmp_path / "bad.ipynb", "x = 1", "x / 0")
    before = bad.read_bytes()
    done = run(*EXECUTE, good, meant, bad)
    assert done.returncode != 0 and bad.read_bytes() == before
    wrong = "bad.ipynb was not changed: cell 3 failed: ZeroDivisionError"
    assert wrong in done.stderr
    ran = nbformat.read(good, as_version=4)
    assert [cell.get("execution_count") for cell in ran.cells] == [None, 1, 2]
    assert ran.cells[2].outputs[0].data["text/plain"] == "42"
    assert ran.cells[2].metadata == {"tags": []}
    error = nbformat.read(meant, as_version=4).cells[1].outputs[0]
    assert error.ename == "IndexError" and len(error.traceback) == 1
    assert sorted(tmp_path.iterdir()) == sorted([good, meant, bad])
    done = run(*EXECUTE, "nowhere.ipynb")
    assert done.returncode != 0 and "no such notebook: nowhere.ipynb" in done.stderr


# --- a fresh clone: tools/venv.py ---

CLOSED = dict.fromkeys(("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"), "")
CLOSED |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DEFAULT_TIMEOUT": "1"}


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "venv.py", tmp_path / "tools")
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "site.txt").write_text("tiny==1.0\n")
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    return tmp_path


def index(folder: Path) -> str:
    """A package index with one empty package, as an address."""
    (folder / "tiny").mkdir(parents=True)
    info = {
        "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / "tiny" / name, "w") as wheel:
        for file, text in info.items():
            wheel.writestr(f"tiny-1.0.dist-info/{file}", text)
    (folder / "tiny" / "index.html").write_text(f'<a href="{name}">{name}</a>')


@pytest.mark.weekly
def test_pip_uses_the_given_index_and_its_failure_is_named(clone, tmp_path):
    """By pip, and by uv where it is on the PATH; a slow index is not an absent one."""

    def install(address, path):
        settings = CLOSED | {"PIP_INDEX_URL": address, "PATH": path}
        return run(sys.executable, "tools/venv.py", "site", cwd=clone, **settings)

    plain = os.defpath
    stamp = clone / ".venv" / ".installed-site"
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes calls, says nothing
        done = install(f"http://127.0.0.1:{mute.getsockname()[1]}/simple", plain)
        assert done.returncode != 0 and "answers too slowly" in done.stderr
        assert "ERROR: " in done.stderr, "pip's own words"
    done = install("http://127.0.0.1:9/simple", plain)
    assert done.returncode != 0 and "no network" in done.stderr
    assert "ERROR: " in done.stderr and not stamp.exists()
    index(tmp_path / "simple")
    uv = str(Path(sys.executable).parent)
    assert shutil.which("uv", path=uv), "requirements/test.txt has it"
    with served(tmp_path) as address:
        for path, line in ((plain, "Successfully installed"), (uv, " + tiny==1.0")):
            done = install(f"{address}/simple", f"{path}{os.pathsep}{plain}")
            assert done.returncode == 0 and stamp.exists(), done.stderr
            assert line in done.stdout + done.stderr
            assert ("pip goes on" in done.stdout) == (path == plain)
            stamp.unlink()
            python = next((clone / ".venv").glob("[bS]*/python*"))
            done = run(python, "-m", "pip", "uninstall", "-y", "tiny")
            assert "Successfully uninstalled tiny" in done.stdout


def test_an_old_or_missing_python_gets_a_clear_error(clone):
    code = "import sys, runpy; sys.version_info = (3, 9, 0); sys.argv = ['venv.py']; "
    code += "runpy.run_path('tools/venv.py', run_name='__main__')"
    asked = [run(sys.executable, "-c", code, cwd=clone)]
    if shutil.which("make"):
        asked.append(run("make", "book", "PYTHON=", cwd=clone))
    for done in asked:
        assert done.returncode != 0 and not (clone / ".venv").exists()
        assert "Python 3.11 or later is needed" in done.stderr


def test_an_environment_of_another_tree_is_left_alone(clone, tmp_path):
    theirs = tmp_path / "theirs"
    command = [sys.executable, "-m", "venv", "--without-pip", theirs / ".venv"]
    assert run(*command).returncode == 0
    (clone / ".venv").symlink_to(theirs / ".venv")
    done = run(sys.executable, "tools/venv.py", cwd=clone)
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    assert f".venv was made for {theirs}: remove it here" in done.stderr


def test_uv_gets_the_same_options_as_pip(tmp_path):
    """From variables, over the section `install`, over `global`, as pip itself lists them."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://far/simple\ntimeout = 1\nfind-links = a b\n"
        "[install]\nindex-url = https://near/simple\nextra-index-url = x\n y\n"
    )
    settings = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_PROXY": "p:1"}

    def variables(**more):
        clean = {n: v for n, v in os.environ.items() if not n.startswith("PIP_")}
        command = [sys.executable, "-m", "pip", "config", "list"]
        options = {"env": clean | settings | more, "text": True, "cwd": tmp_path}
        return venv.for_uv(subprocess.check_output(command, **options))

    given = variables(PIP_DEFAULT_TIMEOUT="9", PIP_CERT="")
    expected = {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://near/simple",
        "UV_INDEX": "x y",
        "UV_FIND_LINKS": "a,b",
        "UV_HTTP_TIMEOUT": "9",
        "HTTP_PROXY": "p:1",
        "HTTPS_PROXY": "p:1",
    }
    assert given | expected == given
    assert variables(PIP_REQUIRE_HASHES="1") is None  # which uv would not hear of


def needed(names) -> set[str]:
    """The distributions in `names`, and all that they need in turn."""
    seen, todo = set(), list(names)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop().lower())
        if name in seen:
            continue
        seen.add(name)
        with suppress(metadata.PackageNotFoundError):  # of another system
            lines = metadata.requires(name) or []
            todo += [re.match(r"[\w.-]+", x)[0] for x in lines if "extra ==" not in x]
    return seen


def test_the_site_needs_no_torch_and_every_place_has_one_list():
    """Read the Docs builds with what `make book` installs, and `test.yml` with no more."""
    listed = needed(pins("requirements/site.txt"))
    assert not {"torch", "numpy", "matplotlib", "embedlinear"} & listed
    files = [f"requirements/{name}.txt" for name in ("site", "takeaway", "test")]
    assert pins(*files).items() <= pins("constraints.txt").items()
    recipe = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    install = ["pip install -r requirements/site.txt"]
    assert recipe["build"]["jobs"]["install"] == install


def test_what_a_language_lacks_is_named_at_once(little_book):
    config = yaml.safe_load((little_book / "_config.yml").read_text(encoding="utf-8"))
    config["languages"]["fr"] = {"language": "fr", "about": {"name": "français"}}
    text = yaml.safe_dump(config, allow_unicode=True)
    (little_book / "_config.yml").write_text(text, encoding="utf-8")
    (little_book / "book/en/spare.ipynb").write_text("{}")
    done = build(little_book)
    assert done.returncode != 0
    for what in (
        "book/fr/setup.ipynb",
        "_config.yml: languages.fr.about.tagline",
        "_config.yml: languages.fr.notfound_context.body",
        "book/_static/card-fr.png: python -m tools.once.social_cards",
        "book/_locale/fr/LC_MESSAGES/sphinx.po: 'Run on Colab'",
        "book/en/spare.ipynb; _toc.yml lists pages",
    ):
        assert what in done.stderr, done.stderr


@pytest.mark.weekly
def test_a_third_language_is_built_and_a_broken_link_fails_every_time(little_book):
    english = (little_book / "_config.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(english)
    french = config["languages"]["en"] | {"language": "fr", "project": "Deux couches"}
    config["languages"]["fr"] = french
    text = yaml.safe_dump(config, allow_unicode=True)
    (little_book / "_config.yml").write_text(text, encoding="utf-8")
    static, locale = little_book / "book/_static", little_book / "book/_locale"
    shutil.copytree(locale / "zh_CN", locale / "fr")
    shutil.copy(static / "card-en.png", static / "card-fr.png")
    shutil.copytree(little_book / "book/en", little_book / "book/fr")
    done = build(little_book)
    assert done.returncode == 0, done.stderr
    page = (little_book / "_build/html/fr/setup.html").read_text(encoding="utf-8")
    assert '<html lang="fr"' in page and 'href="./../en/setup.html"' in page
    assert "github" not in page and 'rel="canonical"' not in page  # no dead button
    assert not (little_book / "_build/html/sitemap.xml").exists()
    path = little_book / "book/en/setup.ipynb"
    setup = nbformat.read(path, as_version=4)
    setup.cells.append(new_markdown_cell("[gone](second.ipynb#no-such-place)"))
    nbformat.write(setup, path)
    shutil.rmtree(little_book / "book/fr")
    (little_book / "_config.yml").write_text(english, encoding="utf-8")
    for _ in range(2):
        done = build(little_book)
        assert done.returncode != 0
        assert "no-such-place" in done.stderr and "setup.ipynb" in done.stderr


def test_the_book_lacks_nothing_in_its_languages():
    assert missing() == [] and tuple(LANGUAGES) == language.LANGUAGES


# --- what is published and promised ---


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return folder / bring_package(folder)


def test_the_package_carries_its_fonts_and_every_module(wheel, tmp_path):
    """What the notebooks install is what lies in src/; made twice, it is the same."""
    assert hashlib.sha256(wheel.read_bytes()).hexdigest()[:12] == wheel.parent.name
    assert (tmp_path / bring_package(tmp_path)).read_bytes() == wheel.read_bytes()
    shutil.unpack_archive(wheel, tmp_path / "inside", "zip")
    for path in (ROOT / "src/embedlinear").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            packed = tmp_path / "inside" / path.relative_to(ROOT / "src")
            assert packed.read_bytes() == path.read_bytes(), path


def test_releases_agree(wheel):
    """Package, changelog and citation agree on version, author, licence and keywords."""
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(packed.read(name))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = re.search(r"^## (\S+) \((.+)\)$", log, re.M)
    assert metadata["Version"] == citation["version"] == changes[1]
    assert changes[2] in ("unreleased", str(citation.get("date-released")))
    (author,) = citation["authors"]
    assert metadata["Author"] == author["name"]
    assert metadata["License-Expression"] in citation["license"]
    assert set(citation["keywords"]) & set(metadata["Keywords"].split(","))
    readme = (ROOT / "src/README.md").read_text(encoding="utf-8")
    assert metadata.get_payload() == readme
    matrix = (ROOT / ".github/workflows/test.yml").read_text()
    tested = re.findall(r"3\.\d+", re.search(r"python: \[(.*)\]", matrix)[1])
    lines = [f"Programming Language :: Python :: {version}" for version in tested]
    assert set(lines) <= set(metadata.get_all("Classifier"))
    assert metadata["Requires-Python"] == f">={tested[0]}"


def pins(*names: str) -> dict[str, str]:
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.M))


def test_binder_and_hooks_have_the_versions_that_are_tested():
    tested = pins("constraints.txt")
    ours = pins(".binder/requirements.txt")
    assert "torch" in ours and ours.items() <= tested.items()
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert hooks[0]["rev"] == f"v{tested['ruff']}"
    version = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")
    assert f'"{version}"' in (ROOT / ".github/workflows/test.yml").read_text()
    lines = (ROOT / ".binder/requirements.txt").read_text().splitlines()
    # pip takes -c from the file's folder and -e from where repo2docker calls it.
    assert "-c ../constraints.txt" in lines and "-e .[book]" in lines


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_the_code_is_formatted(command):
    done = run(sys.executable, "-m", "ruff", *command, ".")
    assert done.returncode == 0, done.stdout + "\nruff format . fixes most of it"


@pytest.mark.parametrize("file", DOCS)
def test_every_command_and_every_file_of_the_documentation_is_there(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"(?<=[`\n])make ([\w-]+)", text)) <= set(targets)
    for name in re.findall(r"python -m ((?:tools|tests|embedlinear)[\w.]*)", text):
        path = ROOT / ("src" if name.startswith("embedlinear") else "")
        path = path.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name
    for link in re.findall(r"\]\((?!\.\./\.\./)([^):#]+)\)", text):  # nor GitHub's own
        assert ((ROOT / file).parent / link).exists(), link
    paths = re.findall(r"`((?:src|tests|tools|book|deploy|\.\w+)/[\w./-]+)`", text)
    named = [path for path in paths if not re.search("NAME|KIND|xx", path)]
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize(("file", "folder"), [(DOCS[0], "en"), (DOCS[1], "zh")])
def test_the_readme_lists_every_chapter_by_its_title(file, folder):
    text = (ROOT / file).read_text(encoding="utf-8")
    links = dict(re.findall(rf"\[([^]]+)\]\(book/{folder}/([\w-]+)\.ipynb\)", text))
    listed = {page: title for title, page in links.items()}
    for page in PAGES[1:]:
        cells = nbformat.read(ROOT / f"book/{folder}/{page}.ipynb", as_version=4).cells
        title = cells[0].source.partition("\n")[0].removeprefix("# ")
        assert page.startswith("pitfalls-") or listed[page] == title


@pytest.mark.weekly
def test_two_builds_of_one_commit_are_equal(tmp_path):
    """Byte for byte, from two copies of the tree; what a build keeps for the next is left out."""
    trees = []
    for name in ("one", "two"):
        left_out = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.mo")
        tree = Path(shutil.copytree(ROOT, tmp_path / name / "book", ignore=left_out))
        done = build(tree, **ADDRESS)
        assert done.returncode == 0, done.stderr
        trees.append(tree / "_build" / "html")
    kept = ("environment.pickle", ".buildinfo")
    done = run("diff", "-rq", *(f"--exclude={name}" for name in kept), *trees)
    assert len([*trees[0].rglob("*")]) > 100 and done.returncode == 0, done.stdout
    page = tree / "book" / "en" / "api.ipynb"  # and once more, when a page has changed
    page.write_text(page.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = build(tree, **ADDRESS)
    assert done.returncode == 0, done.stderr
