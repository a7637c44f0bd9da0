"""``select_device`` on machines that are pretended, and on the one that is here."""

import pytest
import torch

from embedlinear import select_device, show
from tests.layers.twins import says


@pytest.fixture
def machine(monkeypatch):
    """A function that pretends two accelerators of a kind, or none."""
    monkeypatch.delenv("EMBEDLINEAR_DEVICE", raising=False)

    def pretend(kind, variable=None):
        accelerator = torch.accelerator
        monkeypatch.setattr(accelerator, "is_available", lambda: kind is not None)
        monkeypatch.setattr(accelerator, "device_count", lambda: 2)
        current = torch.device(kind or "cpu")
        monkeypatch.setattr(accelerator, "current_accelerator", lambda: current)
        if variable is not None:
            monkeypatch.setenv("EMBEDLINEAR_DEVICE", variable)

    return pretend


@pytest.mark.parametrize(
    "kind, preference, variable, expected",
    [
        ("cuda", None, None, "cuda"),
        ("mps", None, None, "mps"),
        ("xpu", None, None, "xpu"),
        ("meta", None, None, "cpu"),  # a kind that the book does not know
        (None, None, None, "cpu"),
        ("cuda", "cpu", None, "cpu"),
        ("cuda", None, "cuda:1", "cuda:1"),  # the argument beats the variable
        ("cuda", "cpu", "cuda:1", "cpu"),
        ("cuda", None, " CPU ", "cpu"),
        ("cuda", None, "", "cuda"),
    ],
)
def test_choice(machine, kind, preference, variable, expected):
    machine(kind, variable)
    assert select_device(preference) == torch.device(expected)


@pytest.mark.parametrize(
    "preference, error, words",
    [
        ("cuda:2", RuntimeError, "not on this machine; here: cuda:0, cuda:1, cpu"),
        ("mps", RuntimeError, "preference='mps' is not on this machine"),
        (torch.device("cuda", 5), RuntimeError, "preference='cuda:5'"),
        *((name, ValueError, "is not a device") for name in ("gpu", "", "cuda:x")),
        ("cpu:-3", ValueError, "expected one of cpu, cuda, mps, xpu"),
        *(
            (value, TypeError, "must be a string or a torch.device")
            for value in (0, [])
        ),
    ],
)
def test_refusal(machine, preference, error, words):
    machine("cuda")
    says(error, lambda: select_device(preference), words)


def test_the_variable_is_named_if_it_is_the_cause(machine):
    machine(None, "cuda")
    says(
        RuntimeError, select_device, "EMBEDLINEAR_DEVICE='cuda' is not on this machine"
    )


def test_the_device_that_is_here_can_hold_a_tensor():
    weight = torch.nn.Parameter(torch.arange(3.0, device=select_device()))
    assert repr(show(weight * 2)) == "tensor([0., 2., 4.])"
