"""The command: judge every situation, print the verdicts, and keep them."""

import argparse
import json
import pkgutil
import re
from pathlib import Path

from embedlinear.atlas import SITUATIONS, judge
from embedlinear.language import say
from embedlinear.machine import machine


def named(text):
    try:
        found = pkgutil.resolve_name(text)
        if not callable(found):
            raise ValueError(f"a {type(found).__name__}")
        return found
    except (ImportError, AttributeError, ValueError) as error:
        about = {"name": text, "module": text.rpartition(".")[0] or text}
        problem = say("no-class", problem=error, **about)
        raise argparse.ArgumentTypeError(problem) from error


def keep(path, found):
    """Add the verdicts to a JSON file that holds those of any versions of torch."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    about = {"command": "python -m embedlinear.atlas", **machine()}
    before = kept.get(about["torch"], {}).get("verdicts", {})
    kept[about["torch"]] = {"about": about, "verdicts": before | found}
    text = json.dumps(kept, ensure_ascii=False)
    text = re.sub(r"(?<=[{}]), (?=\")|, (?=\"[\w-]+\": {\"outputs)", ",\n", text)
    whole = path.with_name(path.name + ".new")  # an interruption leaves the old file
    whole.write_text(text + "\n", "utf-8")
    whole.replace(path)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.atlas",
        description="Where an Embedding and a Linear over one-hot vectors are equal.",
    )
    text = "a class, package.module.Name (default: torch.nn's)"
    parser.add_argument("embedding", nargs="?", type=named, help=text)
    parser.add_argument("linear", nargs="?", type=named, help=text)
    parser.add_argument("--json", metavar="F", type=Path, help="keep the verdicts in F")
    parser.add_argument("--only", metavar="ROW", nargs="+", choices=SITUATIONS)
    options = parser.parse_args()
    if options.json and not options.json.parent.is_dir():
        parser.error(say("no-folder", folder=options.json.parent))
    classes, names = (options.embedding, options.linear), options.only or SITUATIONS
    found = {name: judge(SITUATIONS[name], *classes) for name in names}
    if options.json:
        keep(options.json, found)
    for name, verdicts in found.items():
        for stage, (kind, apart, note) in verdicts.items():
            size = "" if apart is None else f"{apart:.2g}"
            print(f"{name:16} {stage:10} {kind:11} {size:8} {note}".rstrip())


if __name__ == "__main__":
    main()
