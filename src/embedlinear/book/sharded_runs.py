"""The program that several processes run for the chapter beyond-one-machine:

    torchrun --standalone --nproc-per-node 2 -m embedlinear.book.sharded_runs FOLDER

Each process writes the results of the runs to FOLDER; then they train, and one is killed.
"""

import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard
from torch.distributed.tensor import parallel as split
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from embedlinear.book import sharded

ROWS, WIDTH, CLASSES = 1003, 16, 4  # an odd number of rows: the parts differ in size


class Classifier(nn.Module):
    """Scores (B, CLASSES) of ids (B, L): the mean of the rows, then two Linear."""

    def __init__(self, table):
        super().__init__()
        self.embedding = table
        self.up = nn.Linear(table.embedding_dim, 32)
        self.down = nn.Linear(32, CLASSES)

    def forward(self, ids):
        return self.down(F.relu(self.up(self.embedding(ids).mean(dim=1))))


PLAN = {
    "embedding": split.RowwiseParallel(input_layouts=Replicate()),
    "up": split.ColwiseParallel(),
    "down": split.RowwiseParallel(),
}


def build(mesh=None):
    """The model and its optimiser; with a ``mesh``, sharded over its processes."""
    torch.manual_seed(1)
    table = sharded.Embedding(ROWS, WIDTH, padding_idx=0, device="meta")
    # Float64: Adam divides by the gradient's size and amplifies rounding near zero.
    model = Classifier(table).double()
    if mesh:
        split.parallelize_module(model, mesh, PLAN)
    device = mesh.device_type if mesh else torch.get_default_device()
    model.embedding.to_empty(device=device)
    sharded.fill_(model.embedding.weight, padding_idx=0)
    return model, torch.optim.Adam(model.parameters(), lr=0.01)


def batch(step, rows=ROWS, size=32, device="cpu"):
    """A step's mini-batch: ids (size, 5), classes (size,); the step is the seed."""
    generator = torch.Generator().manual_seed(step)
    ids = torch.randint(1, rows, (size, 5), generator=generator)
    ids[::4, 4] = 0  # every fourth sample is one short, and padded
    return ids.to(device), (ids.sum(dim=1) % CLASSES).to(device)


def update(model, optimizer, step):
    """One step of training; returns the outputs (B, CLASSES)."""
    ids, classes = batch(step, device=model.up.weight.device)
    optimizer.zero_grad()
    outputs = model(ids)
    F.cross_entropy(outputs, classes).backward()
    optimizer.step()
    return outputs


def train(mesh, folder, steps=10, every=3, killed_at=None):
    """Train from the newest checkpoint to ``steps``; return the final weights."""
    model, optimizer = build(mesh)
    done = sharded.latest(folder)
    if done:
        sharded.load(folder, done, model, optimizer)
    for step in range(done, steps):
        if step == killed_at and mesh.get_local_rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        update(model, optimizer, step)
        if (step + 1) % every == 0:
            sharded.save(folder, step + 1, model, optimizer)
    return {name: whole(p) for name, p in model.named_parameters()}


def whole(tensor):
    """A copy on the CPU; the parts of a DTensor are gathered first."""
    tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return tensor.detach().clone().cpu()


def first_step(mesh=None):
    """The outputs and the gradients of the first step of training."""
    model, optimizer = build(mesh)
    outputs = whole(update(model, optimizer, step=0))
    gradients = {name: whole(p.grad) for name, p in model.named_parameters()}
    return {"outputs": outputs, **gradients}


class Traffic(TorchDispatchMode):
    """Records each all-reduce, all-gather, reduce-scatter and all-to-all of DTensor, with
    this process's bytes; not those that call ``torch.distributed`` directly."""

    def __enter__(self):
        self.sent = []
        super().__enter__()
        return self.sent

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if DTensor in types:
            return NotImplemented  # so that DTensor calls the operators of its parts
        name = func.overloadpacket.__name__
        if func.namespace == "_c10d_functional" and name.startswith(("all", "reduce")):
            self.sent.append((name, args[0].numel() * args[0].element_size()))
        return func(*args, **(kwargs or {}))


def lookups(mesh):
    """For each layout and size: what this process holds after a step, and sends."""
    same, own = Replicate(), Shard(0)
    rows, columns = PLAN["embedding"], split.ColwiseParallel(output_layouts=same)
    sums = split.RowwiseParallel(
        input_layouts=same, output_layouts=Partial(), use_local_output=False
    )
    samples = split.RowwiseParallel(input_layouts=own, output_layouts=own)

    def one(style, layer=sharded.Embedding, height=ROWS, size=32, width=WIDTH):
        table = split.parallelize_module(layer(height, width), mesh, style)
        adam = torch.optim.Adam(table.parameters())
        ids, _ = batch(0, height, size, mesh.device_type)
        with Traffic() as sent:
            pooled = table(ids).sum(dim=1)
            pooled = pooled.full_tensor() if style is sums else pooled
            pooled.sum().backward()
        adam.step()
        parts = [table.weight, table.weight.grad, adam.state[table.weight]["exp_avg"]]
        shapes = [tuple(part.to_local().shape) for part in parts]
        return dict(zip(("weight", "gradient", "exp_avg", "sent"), (*shapes, sent)))

    return {
        "nn.Embedding, rows": one(rows, nn.Embedding),
        "nn.Embedding, columns": one(columns, nn.Embedding),
        "sharded.Embedding, rows": one(rows),
        "100 x rows": one(rows, height=100 * ROWS),
        "2 x samples": one(rows, size=64),
        "2 x width": one(rows, width=2 * WIDTH),
        "summed first": one(sums),
        "own samples": one(samples, size=16),  # per process
    }


def traps(mesh):
    """nn.Embedding by rows: ids out of range, max_norm, sparse, its own random rows."""
    rows, outside = PLAN["embedding"], (0, ROWS, -1)

    def attempt(layer=nn.Embedding, ids=(0, 1), **options):
        table = split.parallelize_module(layer(ROWS, 2, **options), mesh, rows)
        try:
            found = table(torch.tensor(ids, device=mesh.device_type))
            found.sum().backward()
        except (IndexError, NotImplementedError) as error:
            return f"{type(error).__name__}: {error}"
        return whole(found)

    cpu, table = init_device_mesh("cpu", (2,)), nn.Embedding(8, 2, device="meta")
    split.parallelize_module(table, cpu, rows).to_empty(device="cpu")
    torch.manual_seed(0)  # the same in every process, as is usual
    table.reset_parameters()
    return {
        "outside": attempt(ids=outside),
        "checked": attempt(sharded.Embedding, ids=outside),
        "not supported": [attempt(max_norm=1.0), attempt(sparse=True)],
        "drawn": whole(table.weight),
    }


if __name__ == "__main__":
    mesh, folder = sharded.start(), Path(sys.argv[1])
    found = {run.__name__: run(mesh) for run in (first_step, lookups, traps)}
    torch.save(found, folder / f"process-{mesh.get_local_rank()}.pt")
    train(mesh, folder, killed_at=8)
