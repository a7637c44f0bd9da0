"""``python -m embedlinear.vectors info FILE`` and ``convert FILE OUT``.

Exit codes: 0 all is well, 1 the file cannot be read or written (the reason is on stderr), 2 the
command is mistyped, 130 stopped by Ctrl-C.
"""

import argparse
import os
import sys
import warnings

from embedlinear.vectors import arrays
from embedlinear.vectors.load import FORMATS, load_vectors


def header(text):
    """The value of ``--header``: yes, no or ignore."""
    return {"yes": True, "no": False, "ignore": "ignore"}[text]


def arguments_parser():
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.vectors",
        description="Look into a file of word vectors, or convert it to one that opens at once.",
        epilog="Exit codes: 0 done, 1 the file is refused, 2 the command is mistyped.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    info = commands.add_parser(
        "info", help="format, shape, first words, problems found"
    )
    convert = commands.add_parser(
        "convert", help="write .safetensors, or .npy with a word list"
    )
    for command in info, convert:
        command.add_argument(
            "file", metavar="FILE", help="perhaps in a .gz, or ARCHIVE.zip/MEMBER"
        )
    convert.add_argument("out", metavar="OUT", help="ends in .safetensors or .npy")
    for command in info, convert:
        command.add_argument(
            "--words", metavar="LIST", help="a file with one word a line"
        )
        command.add_argument(
            "--format", choices=FORMATS, help="instead of looking at the content"
        )
        command.add_argument(
            "--header", choices=["yes", "no", "ignore"], help="of a text file"
        )
        command.add_argument(
            "--limit", type=int, metavar="N", help="the first N rows only"
        )
        command.add_argument(
            "--errors", choices=["strict", "replace", "ignore"], default="strict"
        )
        command.add_argument("--no-progress", action="store_true", help="show no bar")
    convert.add_argument(
        "--normalize", action="store_true", help="divide rows by their length"
    )
    return parser


def check_target(options):
    """Refuse an OUT that nothing can be written to, or that what is read would be lost to."""
    out = arrays.target(options.out)
    written = [out, arrays.beside(out)] if out.suffix == ".npy" else [out]
    for path in map(os.path.expanduser, filter(None, [options.file, options.words])):
        if os.path.exists(path) and any(
            p.exists() and os.path.samefile(p, path) for p in written
        ):
            raise ValueError(
                f"{options.out}: this would overwrite {path}, which is read."
            )


def main(arguments=None):
    options = arguments_parser().parse_args(arguments)
    try:
        if options.command == "convert":
            check_target(options)  # before a reading that may take a minute
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the problems are listed below
            vectors = load_vectors(
                options.file, words=options.words, format=options.format, limit=options.limit,
                header=options.header and header(options.header), errors=options.errors,
                normalize=getattr(options, "normalize", False), progress=not options.no_progress,
            )  # fmt: skip
        if options.command == "convert":
            vectors.save(options.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    rows, columns = vectors.matrix.shape
    print(f"format    {vectors.format}")
    print(f"shape     {rows:,} words, {columns:,} numbers each, float32")
    print(
        f"words     {', '.join(map(repr, vectors.words[:8]))}{', ...' if rows > 8 else ''}"
    )
    print(f"problems  {'; '.join(vectors.problems) or 'none'}")
    if options.command == "convert":
        print(f"written   {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
