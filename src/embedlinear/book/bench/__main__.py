"""``python -m embedlinear.book.bench [words ...]``: measure, print, keep the result."""

import argparse
import json
import sys
from pathlib import Path

from embedlinear.book.bench.measure import run


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.book.bench",
        description="Time lookups, products, gradients and steps, and compare with a roofline.",
    )
    add = parser.add_argument
    add("words", nargs="*", help="only cases whose name contains one of these")
    add("--device", help="cpu, cuda, mps or xpu (the best available one)")
    add("--rounds", type=int, default=20, help="rounds per case, at most (20)")
    add("--seconds", type=float, default=0.5, help="about how long per case (0.5)")
    add("--json", metavar="FILE", help="write the result to FILE")
    options = vars(parser.parse_args(arguments))
    file = options.pop("json")
    try:
        result = run(**options, show=print)
    except ValueError as error:
        parser.error(str(error))
    given = sys.argv[1:] if arguments is None else arguments
    result["about"]["command"] = " ".join([parser.prog, *given])
    if file:
        text = json.dumps(result, ensure_ascii=False) + "\n"
        text = text.replace('{"family"', '\n{"family"')  # each case on a line
        Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
