"""``python -m embedlinear.book.bench [words ...]``: measure, print, and keep what was measured."""

import argparse
import json
import sys

from embedlinear.book.bench import chosen, run


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.book.bench",
        description="Time lookups, products, gradients and steps, beside two ceilings.",
        epilog="Ctrl-C ends it early and keeps what was measured.",
    )
    parser.add_argument(
        "words", nargs="*", help="only cases whose name contains one of these"
    )
    parser.add_argument(
        "--device", help="cpu, cuda, mps or xpu (the best one that is there)"
    )
    parser.add_argument("--memory", action="store_true", help="measure peak memory too")
    parser.add_argument(
        "--rounds", type=int, default=15, help="turns per case, at most (15)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="about so long per case (0.3)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw them to FILE (.png, .svg, .pdf)"
    )
    options = parser.parse_args(arguments)
    try:
        names = chosen(options.words)
    except ValueError as error:
        parser.error(str(error))

    def say(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def show(text):
        say("")
        print(text, flush=True)

    given = sys.argv[1:] if arguments is None else arguments
    result = run(
        options.words,
        device=options.device,
        rounds=options.rounds,
        seconds=options.seconds,
        memory=options.memory,
        command=" ".join([parser.prog, *given]),
        show=show,
        say=say,
    )
    if result["stopped"]:
        print(
            f"stopped: {len(result['results'])} of {len(names)} cases measured",
            flush=True,
        )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1, ensure_ascii=False)
            file.write("\n")
    if options.plot and result["results"]:
        from embedlinear.book.bench.draw import overview

        overview(result).savefig(options.plot, bbox_inches="tight")
    return 0


if __name__ == "__main__":
    sys.exit(main())
