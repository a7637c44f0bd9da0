"""A table too large for one device: torchrun starts the processes, DTensor deals the rows to them.

The engine is PyTorch's own (``torch.distributed.tensor``). Two things are added: an Embedding
whose backward makes the gradient of the process's own rows and no others, and a checkpoint that is
either whole or ignored.
"""

import os
import socket
import warnings
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial
from torch.nn import functional as F

from embedlinear import checks
from embedlinear.device import select_device


def start():
    """The processes that torchrun started, as a DeviceMesh of one dimension.

    Each has a GPU of its own (and NCCL) if this machine has enough of them, else the CPU (and
    gloo). Raises RuntimeError when the program was not started by torchrun.
    """
    if "LOCAL_WORLD_SIZE" not in os.environ:
        raise RuntimeError(
            "LOCAL_WORLD_SIZE is not set, so torchrun did not start this program; "
            "start it with: torchrun --standalone --nproc-per-node 2 PROGRAM"
        )
    here, everywhere = (
        int(os.environ["LOCAL_WORLD_SIZE"]),
        int(os.environ["WORLD_SIZE"]),
    )
    if here == everywhere:  # on one machine nothing needs to leave it
        names = {name for _, name in socket.if_nameindex()}
        for loopback in sorted(names & {"lo", "lo0"}):
            os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
    enough = select_device().type == "cuda" and torch.cuda.device_count() >= here
    return init_device_mesh("cuda" if enough else "cpu", (everywhere,))


def own_rows(weight):
    """The rows (n, D) of ``weight`` (V, D) that lie in this process, and the number of the first.

    DTensor deals like ``torch.chunk``: ceil(V / processes) rows each, the last ones get the rest.
    """
    if not isinstance(weight, DTensor):
        return weight, 0
    mesh, rows = weight.device_mesh, len(weight)
    each = -(-rows // mesh.size())
    return weight.to_local(), min(mesh.get_local_rank() * each, rows)


class Embedding(nn.Embedding):
    """``nn.Embedding`` with a backward that stays within a process's own rows.

    Use it like ``nn.Embedding`` in ``parallelize_module``, with ``RowwiseParallel``; until then it
    is one. ``input`` (*) holds int32 or int64, 0..V-1, and gives (*, D). Once dealt it raises
    IndexError for an index outside, in every process, and NotImplementedError if the layer was
    made with ``max_norm`` or ``sparse``.
    """

    def forward(self, input):
        if not isinstance(self.weight, DTensor):
            return super().forward(input)
        for name, value in (
            ("max_norm", self.max_norm),
            ("sparse", self.sparse or None),
        ):
            if value is not None:
                raise NotImplementedError(
                    f"{name}={value}: a dealt table cannot do this; make the layer without {name}"
                )
        ids = input.to_local()
        checks.index_dtype("input", ids)
        checks.index_range("input", ids, self.num_embeddings, "num_embeddings")
        own, first = own_rows(self.weight)
        mine = (ids >= first) & (ids < first + len(own))
        pad = self.padding_idx
        pad = (
            pad - first if pad is not None and first <= pad < first + len(own) else None
        )
        found = own.new_zeros(*ids.shape, self.embedding_dim)
        found[mine] = F.embedding(
            ids[mine] - first, own, pad, scale_grad_by_freq=self.scale_grad_by_freq
        )
        # What each process found, zeros elsewhere: the sum over all of them is the lookup.
        return DTensor.from_local(
            found, self.weight.device_mesh, [Partial()], run_check=False
        )


@torch.no_grad()
def fill_(weight, padding_idx=None, seed=0, block=1024):
    """Draw ``weight`` (V, D) from N(0, 1): the same table for any number of processes.

    Every ``block`` rows have a random generator of their own, and each process draws only those
    blocks that its rows lie in: nowhere is the whole table made. Row ``padding_idx`` is zero.
    """
    own, first = own_rows(weight)
    for start in range(first // block * block, first + len(own), block):
        generator = torch.Generator().manual_seed(seed + start)
        drawn = torch.randn(block, weight.shape[1], generator=generator)
        low, high = max(start, first), min(start + block, first + len(own))
        own[low - first : high - first] = drawn[low - start : high - start].to(own)
    if padding_idx is not None and first <= padding_idx < first + len(own):
        own[padding_idx - first] = 0


@contextmanager
def _one_process_will_do():
    with warnings.catch_warnings():  # PyTorch would guess aloud that it is meant
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        yield


def save(folder, step, model, optimizer):
    """Write a checkpoint ``folder/step``: each process writes the rows that it has."""
    weights, states = get_state_dict(model, optimizer)
    with _one_process_will_do():
        dcp.save(
            {"weights": weights, "states": states},
            checkpoint_id=Path(folder) / str(step),
        )


def latest(folder):
    """The step of the newest whole checkpoint in ``folder``, or 0 if there is none.

    The file ``.metadata`` is written last, so a checkpoint without one was cut short.
    """
    whole = Path(folder).glob("*/.metadata")
    return max(
        (int(path.parent.name) for path in whole if path.parent.name.isdigit()),
        default=0,
    )


def load(folder, step, model, optimizer):
    """Read checkpoint ``folder/step`` into ``model`` and ``optimizer``, dealt or not."""
    weights, states = get_state_dict(model, optimizer)
    with _one_process_will_do():
        dcp.load(
            {"weights": weights, "states": states},
            checkpoint_id=Path(folder) / str(step),
        )
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=states)
