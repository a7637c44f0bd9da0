"""Let readers check their own prediction by running a cell."""

import numbers

import torch

from .language import current_language

_TEXT = {
    "zh": {
        "open": "○ 还没有作答",
        "right": "✓ 对了",
        "wrong": "✗ 再想想：你写的是 {given}，{hint}",
        "type": "类型不对，应该是 {want}",
        "shape": "形状不对，应该是 {want}",
        "value": "值不对",
        "raised": "但这里会报错",
        "ran": "但这里不会报错",
        "error": "但这里报的是另一种错",
    },
    "en": {
        "open": "○ Not answered yet",
        "right": "✓ Correct",
        "wrong": "✗ Not yet: you wrote {given}; {hint}",
        "type": "the type differs, it should be {want}",
        "shape": "the shape differs, it should be {want}",
        "value": "the value differs",
        "raised": "but this raises an error",
        "ran": "but this raises no error",
        "error": "but this raises another error",
    },
}


class Verdict(str):
    """Text that a notebook shows without quotes."""

    __repr__ = str.__str__


def check(prediction, run):
    """Compare ``prediction`` with what ``run()`` returns or raises, and say how they differ.

    ``prediction`` is ``...`` while unanswered, any value, or an exception class if ``run`` raises.
    Numbers and tensors count as equal when they agree to four decimals.
    Raises TypeError if ``run`` cannot be called without arguments.
    """
    if not callable(run):
        raise TypeError(f"check: run is {run!r}; it must be a function, as in check(3, lambda: x)")
    text = _TEXT[current_language()]
    if prediction is ...:
        return Verdict(text["open"])
    names_error = isinstance(prediction, type) and issubclass(prediction, BaseException)
    try:
        answer = run()
    except Exception as error:
        # The class, not the instance: readers predict which error it is, not its wording. A parent
        # such as Exception would be right about everything, so only the class itself or a direct
        # public one that is more telling than Exception counts.
        right = names_error and isinstance(error, prediction) and prediction is not Exception
        hint = None if right and prediction is not BaseException else text[
            "error" if names_error else "raised"]
    else:
        hint = text["ran"] if names_error and not isinstance(answer, type) else _differ(
            prediction, answer, text)
    if hint is None:
        return Verdict(text["right"])
    return Verdict(text["wrong"].format(given=_short(prediction), hint=hint))


def _differ(given, want, text):
    """Return None if equal, else the hint that says whether type, shape or value differs."""
    if isinstance(want, torch.Tensor):
        if not isinstance(given, (torch.Tensor, list, tuple, numbers.Number)):
            return text["type"].format(want="Tensor")
        want = want.detach().cpu()
        try:
            given = torch.as_tensor(given).detach().cpu()
        except (TypeError, ValueError, RuntimeError):
            return text["type"].format(want="Tensor")
        if given.shape != want.shape:
            return text["shape"].format(want=tuple(want.shape))
        return None if _near(given, want) else text["value"]
    if isinstance(given, torch.Tensor) and isinstance(want, (list, tuple, numbers.Number)):
        given = given.tolist()
    if isinstance(want, (list, tuple)):
        if not isinstance(given, (list, tuple)):
            return text["type"].format(want=type(want).__name__)
        if len(given) != len(want):
            # The length of a shape is its answer: do not give it away.
            return text["value"]
        return next((h for h in (_differ(g, w, text) for g, w in zip(given, want)) if h), None)
    if isinstance(want, bool) or isinstance(given, bool):
        same_type = isinstance(given, bool) and isinstance(want, bool)
    elif isinstance(want, numbers.Number):
        same_type = isinstance(given, numbers.Number)
        if same_type:
            return None if _near(torch.tensor(given), torch.tensor(want)) else text["value"]
    else:
        same_type = isinstance(given, type(want))
    if not same_type:
        return text["type"].format(want=type(want).__name__)
    return None if given == want else text["value"]


def _near(given, want):
    # A prediction is typed with four decimals; half a unit of the last one is the most it is off.
    kind = torch.complex128 if given.is_complex() or want.is_complex() else torch.float64
    return torch.allclose(given.to(kind), want.to(kind), rtol=0, atol=5.1e-5, equal_nan=True)


def _short(value):
    words = value.__name__ if isinstance(value, type) else repr(value)
    words = " ".join(words.split())
    return words if len(words) <= 60 else words[:57] + "…"
