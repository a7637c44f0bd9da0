"""Let readers check their own prediction, by running a cell or on the page."""

import html
import json
import math
import numbers

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
        right = (
            names_error
            and isinstance(error, prediction)
            and prediction not in (Exception, BaseException)
        )
        hint = None if right else text["error" if names_error else "raised"]
    else:
        hint = _difference(prediction, answer, text)
        if hint and names_error:
            hint = text["ran"]
    if hint is None:
        return Verdict(text["right"])
    return Verdict(text["wrong"].format(given=_short(prediction), hint=hint))


def _difference(given, want, text):
    # None if equal, else a hint about type or shape, but never the value.
    if isinstance(want, torch.Tensor) or isinstance(given, torch.Tensor):
        try:
            given, want = (
                torch.as_tensor(given).detach().cpu(),
                torch.as_tensor(want).cpu(),
            )
        except (TypeError, ValueError, RuntimeError):
            return text["type"].format(want=type(want).__name__)
        if given.shape != want.shape:
            return text["shape"].format(want=tuple(want.shape))
        return None if _near(given, want.detach()) else text["value"]
    if isinstance(want, (list, tuple)) and isinstance(given, (list, tuple)):
        # A torch.Size is a tuple; whether a reader types a list or a tuple is not the
        # question.
        if len(given) != len(want):
            return text["value"]
        hints = (_difference(*pair, text) for pair in zip(given, want))
        return next((hint for hint in hints if hint), None)
    numeric = [
        isinstance(v, numbers.Number) and not isinstance(v, bool) for v in (given, want)
    ]
    if all(numeric):
        pair = torch.tensor([complex(given), complex(want)], dtype=torch.complex128)
        near = given == want or _near(*pair)
        return None if near else text["value"]
    if any(numeric) or not isinstance(given, type(want)):
        return text["type"].format(want=type(want).__name__)
    return None if given == want else text["value"]


def _plain(answer):
    # The page compares with this: numbers as readers type them, with four decimals.
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu().tolist()
    if isinstance(answer, (list, tuple)):
        return [_plain(one) for one in answer]
    if isinstance(answer, float) and math.isfinite(answer):
        return round(answer, 6)
    return answer if isinstance(answer, (bool, int, type(None))) else str(answer)


def _near(given, want):
    # A prediction is typed with four decimals: it is off by half a unit of the last one
    # at most.
    kind = (
        torch.complex128 if given.is_complex() or want.is_complex() else torch.float64
    )
    return torch.allclose(
        given.to(kind), want.to(kind), rtol=0, atol=5.01e-5, equal_nan=True
    )


def _short(value):
    words = value.__name__ if isinstance(value, type) else repr(value)
    words = " ".join(words.split())
    return words if len(words) <= 60 else words[:57] + "…"
