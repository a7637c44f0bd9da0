"""Preview the site and rebuild it at each change of a file: `python -m tools.serve`."""

import argparse

from livereload import Server

from tools.book import ROOT
from tools.build import SITE, build

WATCHED = ("book/*/*.ipynb", "book/_*/*", "_config.yml", "_toc.yml", "conf.py")


def rebuild() -> None:
    print("\n".join(build()) or "built", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    rebuild()
    server = Server()
    for pattern in WATCHED:
        server.watch(str(ROOT / pattern), rebuild)
    server.serve(root=str(SITE), port=options.port, host="127.0.0.1")


if __name__ == "__main__":
    main()
