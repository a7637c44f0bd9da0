"""``select_device`` on fake machines, and on this one."""

import pytest
import torch

from embedlinear import select_device, show
from tests.layers.twins import says


def pretend(monkeypatch, kind, variable=""):
    """A machine with two accelerators of a kind, or with none."""
    here = {"is_available": kind is not None, "device_count": 2}
    here["current_accelerator"] = torch.device(kind or "cpu")
    for name, value in here.items():
        monkeypatch.setattr(torch.accelerator, name, lambda value=value: value)
    monkeypatch.setenv("EMBEDLINEAR_DEVICE", variable)


CHOICES = [  # the kind that is there, the preference, the variable, the choice
    *((kind, None, "", kind) for kind in ("cuda", "mps", "xpu")),
    ("meta", None, "", "cpu"),  # a kind that the book does not know
    (None, None, "", "cpu"),
    ("cuda", None, "cuda:1", "cuda:1"),
    ("cuda", "cpu", "cuda:1", "cpu"),
    ("cuda", None, " CPU ", "cpu"),
]
REFUSALS = [
    ("cuda:2", RuntimeError, "not on this machine; here: cuda:0, cuda:1, cpu"),
    (torch.device("cuda", 5), RuntimeError, "preference='cuda:5'"),
    *((name, ValueError, "is not a device") for name in ("gpu", "", "cuda:x")),
    ("cpu:-3", ValueError, "expected one of cpu, cuda, mps, xpu"),
    *((value, TypeError, "must be a string or a torch.device") for value in (0, [])),
]


@pytest.mark.parametrize("kind, preference, variable, expected", CHOICES)
def test_choice(monkeypatch, kind, preference, variable, expected):
    pretend(monkeypatch, kind, variable)
    assert select_device(preference) == torch.device(expected)


@pytest.mark.parametrize("preference, error, words", REFUSALS)
def test_refusal(monkeypatch, preference, error, words):
    pretend(monkeypatch, "cuda")
    says(error, lambda: select_device(preference), words)
    pretend(monkeypatch, None, "cuda")
    words = "EMBEDLINEAR_DEVICE='cuda' is not on this machine"
    says(RuntimeError, select_device, words)


def test_the_device_that_is_here_can_hold_a_tensor(monkeypatch):
    monkeypatch.delenv("EMBEDLINEAR_DEVICE", raising=False)
    weight = torch.nn.Parameter(torch.arange(3.0, device=select_device()))
    assert repr(show(weight * 2)) == "tensor([0., 2., 4.])"
