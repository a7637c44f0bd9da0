"""Inputs of figures and widgets: numbers, small tables, names of rows."""

import math

import torch

MOST_ROWS, MOST_COLUMNS = 12, 8  # more are not readable on a phone


def numbers(value):
    """Return a tensor, or lists of numbers, as a float64 tensor on the CPU."""
    return torch.as_tensor(value).detach().cpu().double()


def small_table(name, value):
    """Return ``value`` as ``numbers`` does; ValueError for a table too large to read."""
    table = numbers(value)
    rows, columns = table.shape
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise ValueError(
            f"{name} has shape {(rows, columns)}; at most {MOST_ROWS} rows and"
            f" {MOST_COLUMNS} columns are readable: pass a slice,"
            f" {name}[:{MOST_ROWS}, :{MOST_COLUMNS}]"
        )
    return table


def row_names(words, rows):
    """Return a name for each row: its index, and its word if there are ``words``."""
    if words is None:
        return [str(row) for row in range(rows)]
    return [f"{row} {word}" for row, word in zip(range(rows), words, strict=True)]


def two_digits(number):
    """Write a number with two significant digits, as for a measurement: ``"39,000"``."""
    power = 1 - math.floor(math.log10(number))
    return f"{round(number, power):,.{max(0, power)}f}"


def duration(seconds):
    """Write a time with two digits and its unit: ``"4.2 µs"``."""
    seconds = float(f"{seconds:.1e}")  # two digits; so 999.6 µs becomes 1 ms
    power = min(0, max(-3, math.floor(math.log10(seconds) / 3)))
    return f"{two_digits(seconds / 1000.0**power)} {('s', 'ms', 'µs', 'ns')[-power]}"
