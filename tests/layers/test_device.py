"""``select_device`` against a machine that is pretended, and against the one that is here."""

import pytest
import torch

from embedlinear import select_device, show
from embedlinear.device import available_devices


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("EMBEDLINEAR_DEVICE", raising=False)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda *_, **__: torch.device("cuda")
    )


@pytest.fixture
def only_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


def test_the_best_device_here_can_hold_a_tensor():
    device = select_device()
    assert torch.zeros(2, device=device).device.type == device.type
    assert device.type == available_devices()[0].split(":")[0]


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
def test_an_accelerator_comes_before_the_cpu(monkeypatch, two_gpus, kind):
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda *_, **__: torch.device(kind)
    )
    assert select_device() == torch.device(kind)
    assert select_device("cpu") == torch.device("cpu")


def test_another_kind_of_accelerator_is_left_alone(monkeypatch, two_gpus):
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda *_, **__: torch.device("meta")
    )
    assert select_device() == torch.device("cpu")


def test_without_an_accelerator_it_is_the_cpu(only_cpu):
    assert select_device() == torch.device("cpu")


def test_argument_beats_variable_beats_best(monkeypatch, two_gpus):
    monkeypatch.setenv("EMBEDLINEAR_DEVICE", "cuda:1")
    assert select_device() == torch.device("cuda:1")
    assert select_device("cpu") == torch.device("cpu")
    monkeypatch.setenv("EMBEDLINEAR_DEVICE", " CPU ")
    assert select_device() == torch.device("cpu")
    monkeypatch.setenv("EMBEDLINEAR_DEVICE", "")
    assert select_device() == torch.device("cuda")


@pytest.mark.parametrize("preference", ["cuda:2", "mps", torch.device("cuda", 5)])
def test_an_absent_device_is_refused_with_those_that_are_there(two_gpus, preference):
    with pytest.raises(RuntimeError, match=r"preference=.*here: cuda:0, cuda:1, cpu"):
        select_device(preference)


def test_an_absent_device_in_the_variable_names_the_variable(monkeypatch, only_cpu):
    monkeypatch.setenv("EMBEDLINEAR_DEVICE", "cuda")
    with pytest.raises(
        RuntimeError, match=r"EMBEDLINEAR_DEVICE='cuda' is not on this machine"
    ):
        select_device()


@pytest.mark.parametrize("preference", ["gpu", "", "cuda:", "cuda:x", "cpu:-3"])
def test_a_word_that_is_no_device(only_cpu, preference):
    with pytest.raises(
        ValueError, match=r"is no device; expected one of cpu, cuda, mps, xpu"
    ):
        select_device(preference)


@pytest.mark.parametrize("preference", [0, True, ["cpu"]])
def test_a_value_that_is_no_name(preference):
    with pytest.raises(
        TypeError, match="preference must be a string or a torch.device"
    ):
        select_device(preference)


def test_show_prints_alike_with_and_without_gradient():
    weight = torch.nn.Parameter(torch.arange(3.0))
    assert repr(show(weight * 2)) == "tensor([0., 2., 4.])"
    assert weight.requires_grad
