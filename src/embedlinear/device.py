"""Choose the device to compute on, and bring results back to the CPU for reading."""

import os

import torch

from embedlinear.language import say

KNOWN = ("cuda", "mps", "xpu")  # AMD's GPUs answer to "cuda" too


def available_devices() -> list[str]:
    """The devices of this machine, best first: accelerators by index, then ``cpu``.

    See https://docs.pytorch.org/docs/stable/accelerator.html; a PyTorch build knows at
    most one kind of accelerator.
    """
    devices = ["cpu"]
    if torch.accelerator.is_available():
        kind = torch.accelerator.current_accelerator().type
        if kind in KNOWN:
            devices = [
                f"{kind}:{i}" for i in range(torch.accelerator.device_count())
            ] + devices
    return devices


def select_device(preference: str | torch.device | None = None) -> torch.device:
    """The device to compute on: the requested one, else the best one of this machine.

    Args:
        preference: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, ``"xpu"`` or a
            ``torch.device``. Without it the environment variable EMBEDLINEAR_DEVICE
            decides; without that, the first available of CUDA, MPS, XPU, CPU.

    Raises:
        ValueError: ``preference`` is not the name of a device.
        RuntimeError: this machine does not have it; the message lists what it has.
        TypeError: ``preference`` is neither a string nor a ``torch.device``.
    """
    source = "preference"
    if preference is None and os.environ.get("EMBEDLINEAR_DEVICE", "").strip():
        source, preference = (
            "EMBEDLINEAR_DEVICE",
            os.environ["EMBEDLINEAR_DEVICE"].strip().lower(),
        )
    devices = available_devices()
    if preference is None:
        return torch.device(devices[0].split(":")[0])
    if not isinstance(preference, (str, torch.device)):
        kind = type(preference).__name__
        raise TypeError(say("device-type", source=source, kind=kind))
    about = {"source": source, "given": str(preference), "here": ", ".join(devices)}
    try:
        device = torch.device(preference)
    except RuntimeError:
        known = ", ".join(("cpu", *KNOWN))
        raise ValueError(say("device-name", known=known, **about)) from None
    wanted = (
        device.type if device.type == "cpu" else f"{device.type}:{device.index or 0}"
    )
    if wanted not in devices or (device.type == "cpu" and device.index):
        raise RuntimeError(say("device-missing", **about))
    return device


def show(tensor: torch.Tensor) -> torch.Tensor:
    """The same values, detached and on the CPU: they print the same on every device."""
    return tensor.detach().cpu()
