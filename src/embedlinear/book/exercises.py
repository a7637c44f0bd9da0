"""Let readers check their own prediction, by running a cell or on the page."""

import html
import json
import math
import numbers

import numpy as np
import torch

from embedlinear.book.language import labels


class Verdict(str):
    """Text that a notebook shows without quotes."""

    __repr__ = str.__str__


class Question(Verdict):
    """An unanswered exercise: the site turns it into a form that knows the answer.

    The answer comes from ``run``, which the reader's random numbers do not notice.
    """

    def __new__(cls, run, text):
        made = super().__new__(cls, text["open"])
        made.run, made.text = run, text
        return made

    def _repr_html_(self):
        try:
            with torch.random.fork_rng(devices=[]):
                answer = _plain(self.run())
        except Exception as error:
            kinds = type(error).__mro__[: -len(Exception.__mro__)]
            answer = {"raises": [kind.__name__ for kind in kinds]}
        data = json.dumps({"answer": answer, "text": self.text}, ensure_ascii=False)
        data = data.replace("<", r"\u003c")
        return (
            f'<div class="exercise"><p>{html.escape(self)}</p>\n'
            f'<script type="application/json">{data}</script></div>'
        )


def check(prediction, run):
    """Compare ``prediction`` with what ``run()`` returns or raises; say what differs.

    ``prediction`` is ``...`` while unanswered; any value; or an exception class if
    ``run`` raises. Numbers and tensors count as equal when they agree to four decimals.
    Raises TypeError if ``run`` is not a function.
    """
    if not callable(run):
        raise TypeError(
            f"check: run is {run!r}; it must be a function, as in check(3, lambda: x)"
        )
    text = labels("exercises")
    if prediction is ...:
        return Question(run, text)
    names_error = isinstance(prediction, type) and issubclass(prediction, BaseException)
    try:
        answer = run()
    except Exception as error:
        # Exception itself matches every error, so it does not count.
        right = names_error and prediction not in (Exception, BaseException)
        right = right and isinstance(error, prediction)
        hint = None if right else text["error" if names_error else "raised"]
    else:
        hint = _difference(prediction, answer)
        hint = "ran" if hint and names_error else hint
        if hint == "shape" and not isinstance(answer, torch.Tensor):
            hint = "value"
        want = tuple(answer.shape) if hint == "shape" else type(answer).__name__
        hint = hint and text[hint].format(want=want)
    if hint is None:
        return Verdict(text["right"])
    given = getattr(prediction, "__name__", " ".join(repr(prediction).split()))
    given = given if len(given) <= 60 else given[:57] + "…"
    return Verdict(text["wrong"].format(given=given, hint=hint))


def _difference(given, want):
    # None if equal, else which hint to give; no hint has the value.
    given, want = _lists(given), _lists(want)
    if isinstance(given, list) and isinstance(want, list):
        if len(given) != len(want):
            return "shape"
        hints = {*map(_difference, given, want)} - {None}
        return "shape" if "shape" in hints else "value" if hints else None
    if _is_number(given) and _is_number(want):
        # A prediction is typed with four decimals: it is off by half a unit of the last
        # one at most. NaN differs from itself.
        near = given == want or abs(given - want) <= 5.01e-5
        return None if near or (given != given and want != want) else "value"
    if _is_number(want) or not isinstance(given, type(want)):
        return "type"
    return None if given == want else "value"


def _lists(value):
    """A tensor or a tuple as nested lists; what readers type for either is the same."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_lists(one) for one in value]
    return value


def _is_number(value):
    return isinstance(value, numbers.Number) and not isinstance(value, bool)


def _plain(answer):
    # The page compares with this: numbers as readers type them, with four decimals.
    answer = _lists(answer)
    if isinstance(answer, list):
        return [_plain(one) for one in answer]
    if isinstance(answer, float) and math.isfinite(answer):
        return round(answer, 6)
    return answer if isinstance(answer, (bool, int, type(None))) else str(answer)
