"""Inputs of figures and widgets: numbers, small tables, names of rows."""

import math

import torch

MOST_ROWS, MOST_COLUMNS = 12, 8  # more are not readable on a phone


def numbers(name, value, *dims):
    """Return ``value`` as a float64 tensor on the CPU with one of ``dims`` dimensions.

    Raises TypeError for anything but real numbers, ValueError for other dimensions, no
    numbers, or a number that is not finite; the messages call it ``name``.
    """
    try:
        tensor = torch.as_tensor(value).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        given = f"{name} is a {type(value).__name__}"
        raise TypeError(f"{given}; expected a tensor or a list of numbers") from error
    if tensor.dtype is torch.bool or tensor.is_complex():
        raise TypeError(f"{name} has dtype {tensor.dtype}; expected real numbers")
    if tensor.dim() not in dims or tensor.numel() == 0:
        allowed = " or ".join(map(str, dims))
        raise ValueError(
            f"{name} has shape {tuple(tensor.shape)}; expected {allowed} dimensions,"
            " none of size 0"
        )
    if not tensor.isfinite().all():
        raise ValueError(f"{name} contains a number that is not finite")
    return tensor.double()


def small_table(name, value):
    """Return ``value`` as ``numbers`` does; ValueError for a table too large to read."""
    table = numbers(name, value, 2)
    if table.shape[0] > MOST_ROWS or table.shape[1] > MOST_COLUMNS:
        raise ValueError(
            f"{name} has shape {tuple(table.shape)}; at most {MOST_ROWS} rows and"
            f" {MOST_COLUMNS} columns are readable: pass a slice,"
            f" {name}[:{MOST_ROWS}, :{MOST_COLUMNS}]"
        )
    return table


def one_per_step(name, count, steps):
    """ValueError unless a curve has ``count`` values, one for each of ``steps``."""
    if count != len(steps):
        raise ValueError(
            f"{name} has {count} values; expected {len(steps)}, like steps"
        )


def row_names(words, rows):
    """Return a name for each row: its index, and its word if there are ``words``."""
    if words is None:
        return [str(row) for row in range(rows)]
    if isinstance(words, str) or len(words) != rows:
        raise ValueError(
            f"words is {words!r}; expected a list of {rows} words, one for each row"
        )
    return [f"{row} {word}" for row, word in enumerate(words)]


def two_digits(number):
    """Write a number with two significant digits, as for a measurement: ``"39,000"``."""
    power = 1 - math.floor(math.log10(number))
    return f"{round(number, power):,.{max(0, power)}f}"


def duration(seconds):
    """Write a time with two digits and its unit: ``"4.2 µs"``."""
    seconds = float(f"{seconds:.1e}")  # two digits; so 999.6 µs becomes 1 ms
    power = min(0, max(-3, math.floor(math.log10(seconds) / 3)))
    return f"{two_digits(seconds / 1000.0**power)} {('s', 'ms', 'µs', 'ns')[-power]}"
