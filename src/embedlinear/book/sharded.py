"""A table too large for one device: its rows are sharded over several processes.

PyTorch does the work (https://docs.pytorch.org/docs/stable/distributed.tensor.html).
This module adds an Embedding whose gradient has only the process's own rows, random
rows that do not depend on the number of processes, and checkpoints that are either
complete or ignored.
"""

import os
from pathlib import Path

import numpy as np
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard
from torch.nn import functional as F

from embedlinear import checks
from embedlinear.device import select_device
from embedlinear.language import say

CPU, GPU = "cpu", "cuda"  # AMD's GPUs answer to "cuda" too
BLOCK = 1024  # rows that are drawn together


def start():
    """The processes that torchrun started, as a DeviceMesh of one dimension.

    Each uses its own GPU (backend NCCL) if this machine has enough, else the CPU
    (backend gloo). Raises RuntimeError if torchrun did not start this program.
    """
    if "LOCAL_WORLD_SIZE" not in os.environ:
        raise RuntimeError(say("no-torchrun"))
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    gpus = select_device().type == GPU and torch.accelerator.device_count() >= here
    return init_device_mesh(GPU if gpus else CPU, (int(os.environ["WORLD_SIZE"]),))


def own_rows(weight):
    """The rows (n, D) of ``weight`` (V, D) in this process, and their numbers, a range.

    DTensor splits like ``torch.chunk``: ceil(V / processes) rows each, the last ones
    get the rest. A plain tensor has all rows here. Raises ValueError for a DTensor that
    is not sharded by rows over a mesh of one dimension.
    """
    if not isinstance(weight, DTensor):
        return weight, range(len(weight))
    own, mesh = _local("weight", weight, Shard(0)), weight.device_mesh
    each = -(-len(weight) // mesh.size())
    first = min(mesh.get_local_rank() * each, len(weight))
    return own, range(first, first + len(own))


def _local(name, tensor, wanted):
    placements = getattr(tensor, "placements", None)  # a plain tensor has none
    if placements != (wanted,):
        about = {"name": name, "given": placements, "expected": (wanted,)}
        raise ValueError(say("placements", **about))
    return tensor.to_local()


class Embedding(nn.Embedding):
    """``nn.Embedding`` that can be sharded by rows, including its gradient.

    ``input`` (*), int32 or int64, 0..V-1, gives (*, D). It is an ``nn.Embedding`` until
    RowwiseParallel shards it. Then it raises, in every process, IndexError for an index
    out of range, NotImplementedError for ``max_norm`` and ``sparse``, ValueError if
    weight or input are sharded differently.
    """

    def forward(self, input):
        if not isinstance(self.weight, DTensor):
            return super().forward(input)
        if self.max_norm is not None or self.sparse:
            about = {"max_norm": self.max_norm, "sparse": self.sparse}
            raise NotImplementedError(say("sharded-options", **about))
        own, numbers = own_rows(self.weight)
        ids, pad = _local("input", input, Replicate()), self.padding_idx
        checks.index_dtype("input", ids)
        checks.index_range("input", ids, self.num_embeddings, "num_embeddings")
        mine = (ids >= numbers.start) & (ids < numbers.stop)
        found = own.new_zeros(*ids.shape, self.embedding_dim)
        found[mine] = F.embedding(
            ids[mine] - numbers.start,
            own,
            padding_idx=pad - numbers.start if pad in numbers else None,
            scale_grad_by_freq=self.scale_grad_by_freq,
        )
        # Rows of other processes are zeros: the sum over all processes is the lookup.
        mesh = self.weight.device_mesh
        return DTensor.from_local(found, mesh, [Partial()], run_check=False)


@torch.no_grad()
def fill_(weight, padding_idx=None, seed=None):
    """Draw ``weight`` (V, D) from N(0, 1), the same for any number of processes.

    A process draws only its own rows, in blocks; NumPy combines ``seed``, an int from
    0, with a block's number (numpy.org/doc/stable/reference/random/parallel.html).
    Without a seed, torch's generator gives one: call ``torch.manual_seed`` with the
    same number in all processes. Row ``padding_idx`` becomes zero.
    """
    seed = int(torch.randint(2**63 - 1, ())) if seed is None else seed
    own, numbers = own_rows(weight)
    for start in range(numbers.start // BLOCK * BLOCK, numbers.stop, BLOCK):
        # A torch.Generator on the CPU would use only 32 bits of a seed.
        mixed = np.random.SeedSequence(seed, spawn_key=(start // BLOCK,))
        generator = np.random.default_rng(mixed)
        drawn = generator.standard_normal((BLOCK, weight.shape[1]), dtype=np.float32)
        low, high = max(start, numbers.start), min(start + BLOCK, numbers.stop)
        rows = torch.from_numpy(drawn[low - start : high - start])
        own[low - numbers.start : high - numbers.start] = rows.to(own)
    if padding_idx in numbers:
        own[padding_idx - numbers.start] = 0


def save(folder, step, model, optimizer):
    """Write the checkpoint ``folder/step``: each process writes the parts it has."""
    weights, states = get_state_dict(model, optimizer)
    dcp.save({"weights": weights, "states": states}, checkpoint_id=f"{folder}/{step}")


def load(folder, step, model, optimizer):
    """Read the checkpoint ``folder/step``, written by any number of processes."""
    weights, states = get_state_dict(model, optimizer)
    dcp.load({"weights": weights, "states": states}, checkpoint_id=f"{folder}/{step}")
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=states)


def latest(folder):
    """The step of the newest complete checkpoint in ``folder``, or 0 if there is none."""
    # PyTorch writes .metadata last: a checkpoint without this file is incomplete.
    whole = Path(folder).glob("*/.metadata")
    return max((int(path.parent.name) for path in whole), default=0)
