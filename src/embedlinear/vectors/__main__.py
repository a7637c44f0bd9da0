"""``python -m embedlinear.vectors info FILE``, ``convert FILE OUT``, ``export FILE --projector``.

Exit codes: 0 done; 1 a file cannot be read, or the output cannot be written; 2 wrong usage.
Reasons go to stderr. Characters that a terminal cannot show are escaped, such as \\u4f18.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

from embedlinear.language import say
from embedlinear.vectors.arrays import target
from embedlinear.vectors.load import load_vectors
from embedlinear.vectors.words import few

OPTIONS = {  # of load_vectors, and what turns their texts into values
    **dict.fromkeys("words format tensor encoding errors not_finite".split(), str),
    "header": lambda text: {"yes": True, "no": False}.get(text, text),
    "sep": lambda text: text.replace("\\t", "\t"),
    "columns": lambda text: tuple(map(int, text.split(","))),
    "limit": int,
}


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m embedlinear.vectors",
        description="info: format, shape, first words, problems. convert: write OUT, a "
        ".safetensors. export: write the two files for the Embedding Projector.",
        epilog="The options are those of load_vectors: --header yes, --columns 0,2. "
        "Exit codes: 0 done, 1 cannot read or write, 2 wrong usage.",
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("command", choices=["info", "convert", "export"])
    add("file", metavar="FILE", help="or ARCHIVE/MEMBER")
    add("out", metavar="OUT", nargs="?", default=None, help="the file to write")
    add("--projector", action="store_true", help="what export writes for")
    for name, kind in OPTIONS.items():
        add(f"--{name.replace('_', '-')}", type=kind, metavar="VALUE")
    add("--no-progress", dest="progress", action="store_false", help="show no bar")
    return parser


def export(vectors, stem):
    """Write the numbers and the words as TSV: one row per line, same order, no header.

    A word that would break or empty its line is written as its Python repr.
    """
    names = f"{stem}.vectors.tsv", f"{stem}.metadata.tsv"
    np.savetxt(names[0], vectors.matrix.numpy(), "%.9g", "\t")
    words = (w if w.strip() and w.isprintable() else repr(w) for w in vectors.words)
    lines = "".join(word + "\n" for word in words)
    Path(names[1]).write_text(lines, "utf-8", newline="\n")
    return names


def run(command, file, out, projector=False, **options):
    written = []
    if command == "convert":
        target(out, file, options.get("words"))  # refused before reading
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the problems are listed below
        vectors = load_vectors(file, **options)
    if command == "convert":
        vectors.save(out)
        written = [out]
    elif command == "export":
        written = export(vectors, out or Path(file).name)
    about = dict(zip(("rows", "columns"), vectors.matrix.shape), format=vectors.format)
    about["problems"] = say("and").join(vectors.problems) or say("none")
    print(say("info", words=few(map(repr, vectors.words), 8), **about))
    for name in written:
        print(say("written", name=name))
    sys.stdout.flush()


def main(arguments=None):
    given = parser().parse_intermixed_args(arguments)
    if given.command == "convert" and given.out is None:
        parser().error("convert: OUT is missing")
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        run(**vars(given))
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
