"""``python -m embedlinear.vectors info FILE``, ``convert FILE OUT`` and ``export FILE --projector``.

Exit codes: 0 done; 1 a file cannot be read or written, or the output cannot (a full disk, a closed
pipe); 2 the command is mistyped; 130 stopped by Ctrl-C. Reasons are on stderr. What a terminal
cannot show is shown as an escape, such as \\u4f18.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

from embedlinear.vectors.load import FORMATS, load_vectors
from embedlinear.vectors.save import files, target
from embedlinear.vectors.words import refusal

OPTIONS = {  # those of load_vectors that the command has too
    "words": {"metavar": "LIST", "help": "a file with one word a line"},
    "format": {"choices": FORMATS, "help": "instead of looking at the content"},
    "header": {"choices": ["yes", "no", "ignore"], "help": "of a text"},
    "sep": {
        "metavar": "CHARS",
        "help": "what separates the fields of a text; \\t is a tab",
    },
    "columns": {
        "metavar": "W,A[,B]",
        "help": "of the word, the first number (and the end)",
    },
    "tensor": {"metavar": "NAME", "help": "the matrix in a .safetensors with several"},
    "limit": {"type": int, "metavar": "N", "help": "the first N rows only"},
    "encoding": {"metavar": "NAME", "help": "of a text or word list: gbk, big5, ..."},
    "errors": {"choices": ["strict", "replace", "ignore"], "default": "strict"},
    "not-finite": {"choices": ["raise", "skip"], "default": "raise"},
}


def parser():
    main = argparse.ArgumentParser(
        prog="python -m embedlinear.vectors",
        description="Look into a file of word vectors, or write it in another form.",
        epilog="Exit codes: 0 done, 1 cannot be read or written, 2 mistyped, 130 stopped.",
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    info = commands.add_parser(
        "info", help="format, shape, first words, problems found"
    )
    convert = commands.add_parser(
        "convert", help="write .safetensors, or .npy with a list"
    )
    export = commands.add_parser("export", help="write the two files of a projector")
    for command in info, convert, export:
        command.add_argument("file", metavar="FILE", help="or ARCHIVE/MEMBER")
        for name, about in OPTIONS.items():
            command.add_argument(f"--{name}", **about)
        command.add_argument("--no-progress", action="store_true", help="show no bar")
    convert.add_argument("out", metavar="OUT", help="ends in .safetensors or .npy")
    convert.add_argument("--normalize", action="store_true", help="rows of length 1")
    export.add_argument(
        "--projector", action="store_true", required=True, help="as TSV"
    )
    export.add_argument(
        "--out", metavar="STEM", help="STEM.vectors.tsv, STEM.metadata.tsv"
    )
    return main


def read(given):
    options = {name: getattr(given, name.replace("-", "_")) for name in OPTIONS}
    options["not_finite"] = options.pop("not-finite")
    options["header"] = {"yes": True, "no": False}.get(given.header, given.header)
    options["sep"] = given.sep and given.sep.replace("\\t", "\t")
    if given.columns:
        options["columns"] = tuple(map(int, given.columns.split(",")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the problems are listed below
        return load_vectors(given.file, progress=not given.no_progress, **options)


def check_target(given):
    """Refuse an OUT to which nothing can be written, or that is read: before reading."""
    for path in map(os.path.expanduser, filter(None, [given.file, given.words])):
        for out in files(target(given.out)):
            if os.path.exists(path) and out.exists() and os.path.samefile(out, path):
                raise refusal("overwrite", out=given.out, path=path)


def export(vectors, stem):
    """Write the numbers, and the words, as TSV: one row a line in the same order, no header.

    A word that would break its line, or be an empty one, is written as Python writes it.
    """
    names = [f"{stem}.vectors.tsv", f"{stem}.metadata.tsv"]
    for name, rows in zip(names, (vectors.matrix.tolist(), vectors.words)):
        with open(name, "w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                if isinstance(row, str):
                    file.write(row if row.strip() and row.isprintable() else repr(row))
                else:
                    file.write("\t".join(f"{number:.9g}" for number in row))
                file.write("\n")
    return names


def run(given):
    if given.command == "convert":
        check_target(given)
    vectors, written = read(given), []
    if given.command == "convert":
        if given.normalize:
            lengths = vectors.matrix.norm(dim=1, keepdim=True)
            vectors.matrix /= lengths.where(lengths > 0, lengths.new_ones(()))
        vectors.save(given.out)
        written = [given.out]
    elif given.command == "export":
        written = export(vectors, given.out or Path(given.file).name)
    rows, columns = vectors.matrix.shape
    first = ", ".join(map(repr, vectors.words[:8])) + ", ..." * (rows > 8)
    print(f"format    {vectors.format}")
    print(f"shape     {rows:,} words, {columns:,} numbers each, float32")
    print(f"words     {first}")
    print(f"problems  {'; '.join(vectors.problems) or 'none'}")
    for name in written:
        print(f"written   {name}")
    sys.stdout.flush()


def main(arguments=None):
    given = parser().parse_args(arguments)
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        run(given)
    except BrokenPipeError:  # as of `info FILE | head -1`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
