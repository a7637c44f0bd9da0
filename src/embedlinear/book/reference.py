"""What a public name promises: its definition and docstring, as the page `api` shows them."""

import inspect
import textwrap


def reference(thing) -> None:
    """Print a function, or a class with its documented methods, as its source says them."""
    parts = [thing]
    if inspect.isclass(thing):
        own = [getattr(part, "__func__", part) for part in vars(thing).values()]
        parts += [p for p in own if inspect.isfunction(p) and shown(p)]
    for part in parts:
        source = textwrap.dedent(inspect.getsource(part))
        head = source.split('"""')[0] if part.__doc__ else source.split(":\n")[0]
        inner = part is not thing
        print(textwrap.indent(head.strip().removesuffix(":"), "    " * inner))
        print(
            textwrap.indent(inspect.cleandoc(part.__doc__ or ""), "    " * (1 + inner))
        )
        print()


def shown(method) -> bool:
    name = method.__name__
    return name == "__init__" or bool(method.__doc__) and not name.startswith("_")
