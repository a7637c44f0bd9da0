"""``python -m embedlinear.vectors info FILE``, ``convert FILE OUT``, ``export FILE --projector``.

Exit codes: 0 done; 1 a file cannot be read, or the output cannot be written (a full disk, a
closed pipe); 2 wrong usage; 130 stopped by Ctrl-C. Reasons go to stderr. Characters that a
terminal cannot show are escaped, such as \\u4f18.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

from embedlinear.language import say
from embedlinear.vectors.arrays import target
from embedlinear.vectors.load import load_vectors
from embedlinear.vectors.words import few

OPTIONS = "words format header sep columns tensor encoding errors not_finite".split()


def parser():
    main = argparse.ArgumentParser(
        prog="python -m embedlinear.vectors",
        description="Inspect a file of word vectors, or convert it.",
        epilog="Exit codes: 0 done, 1 cannot read or write, 2 wrong usage, 130 stopped.",
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in {
        "info": "format, shape, first words, problems",
        "convert": "write a .safetensors",
        "export": "write the two files for the Embedding Projector",
    }.items():
        options = "The options are those of load_vectors: --header yes, --columns 0,2."
        command = commands.add_parser(name, help=what, epilog=options)
        command.add_argument("file", metavar="FILE", help="or ARCHIVE/MEMBER")
        if name == "convert":
            command.add_argument("out", metavar="OUT", help="ends in .safetensors")
        if name == "export":
            command.add_argument("--projector", action="store_true", required=True)
            command.add_argument("--out", metavar="STEM", help="of the two .tsv")
        for option in OPTIONS:
            command.add_argument(f"--{option.replace('_', '-')}", metavar="VALUE")
        command.add_argument("--limit", type=int, metavar="N", help="the first N rows")
        command.add_argument("--no-progress", action="store_true", help="show no bar")
    return main


def read(given):
    """``load_vectors`` with the options that are given."""
    options = {name: getattr(given, name) for name in OPTIONS if getattr(given, name)}
    if "header" in options:
        options["header"] = {"yes": True, "no": False}.get(given.header, given.header)
    if "sep" in options:
        options["sep"] = given.sep.replace("\\t", "\t")
    if "columns" in options:
        options["columns"] = tuple(map(int, given.columns.split(",")))
    options |= {"limit": given.limit, "progress": not given.no_progress}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the problems are listed below
        return load_vectors(given.file, **options)


def export(vectors, stem):
    """Write the numbers and the words as TSV: one row per line, same order, no header.

    A word that would break or empty its line is written as its Python repr.
    """
    names = f"{stem}.vectors.tsv", f"{stem}.metadata.tsv"
    rows = ("\t".join(f"{x:.9g}" for x in row) for row in vectors.matrix.tolist())
    words = (w if w.strip() and w.isprintable() else repr(w) for w in vectors.words)
    for name, lines in zip(names, (rows, words)):
        with open(name, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines)
    return names


def run(given):
    if given.command == "convert":
        target(given.out)  # before reading, reject an OUT that cannot be written
    vectors, written = read(given), []
    if given.command == "convert":
        vectors.save(given.out)
        written = [given.out]
    elif given.command == "export":
        written = export(vectors, given.out or Path(given.file).name)
    rows, columns = vectors.matrix.shape
    about = {"format": vectors.format, "rows": rows, "columns": columns}
    problems = say("and").join(vectors.problems) or say("none")
    print(
        say("info", words=few(map(repr, vectors.words), 8), problems=problems, **about)
    )
    for name in written:
        print(say("written", name=name))
    sys.stdout.flush()


def main(arguments=None):
    given = parser().parse_args(arguments)
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        run(given)
    except BrokenPipeError:  # as in `info FILE | head -1`
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
