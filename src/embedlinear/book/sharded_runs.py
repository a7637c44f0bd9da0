"""The runs behind the chapter beyond-one-machine: what every process that torchrun starts does.

    torchrun --standalone --nproc-per-node 2 -m embedlinear.book.sharded_runs FOLDER equal traffic

Process 0 writes what each named run returns into FOLDER/NAME-PROCESSES.pt.
"""

import argparse
import os
import signal
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    RowwiseParallel,
    parallelize_module,
)
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from embedlinear.book import sharded

ROWS, WIDTH, CLASSES = (
    1003,
    16,
    4,
)  # 1003 is odd: some processes have fewer rows than others


class Classifier(nn.Module):
    """ids (B, L) go in, scores (B, CLASSES) come out: the mean of the rows, then two Linear."""

    def __init__(self, table):
        super().__init__()
        self.embedding = table
        self.up = nn.Linear(table.embedding_dim, 32)
        self.down = nn.Linear(32, CLASSES)

    def forward(self, ids):
        return self.down(F.relu(self.up(self.embedding(ids).mean(dim=1))))


PLAN = {
    "embedding": RowwiseParallel(input_layouts=Replicate()),
    "up": ColwiseParallel(),
    "down": RowwiseParallel(),
}


def place(mesh):
    """Where a process of ``mesh`` has its tensors."""
    return mesh.device_type if mesh else "cpu"


def build(mesh=None):
    """The model, dealt to the processes of ``mesh`` if there is one, and its optimiser."""
    torch.manual_seed(1)
    # On the meta device a table has a shape and no numbers: the whole of it is nowhere. Float64,
    # for Adam divides by the gradient's size, and shows the rounding of a gradient near zero.
    model = Classifier(
        sharded.Embedding(ROWS, WIDTH, padding_idx=0, device="meta")
    ).double()
    if mesh:
        parallelize_module(model, mesh, PLAN)
    model.embedding.to_empty(device=place(mesh))
    sharded.fill_(model.embedding.weight, model.embedding.padding_idx)
    return model, torch.optim.Adam(model.parameters(), lr=0.01)


def batch(step, rows=ROWS, size=32, device="cpu"):
    """The mini-batch of a step: 5 ids a sample, and classes. The step is the seed."""
    generator = torch.Generator().manual_seed(step)
    ids = torch.randint(1, rows, (size, 5), generator=generator)
    ids[::4, 4] = 0  # every fourth sample is one short, and padded
    return ids.to(device), (ids.sum(dim=1) % CLASSES).to(device)


def whole(tensor):
    """All of it, on the CPU: of a DTensor the parts of every process put together."""
    tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return tensor.detach().clone().cpu()  # a clone waits for what is still under way


def update(model, optimizer, step, device):
    """One step of training."""
    ids, classes = batch(step, device=device)
    optimizer.zero_grad()
    F.cross_entropy(model(ids), classes).backward()
    optimizer.step()


def equal(mesh, options):
    """Outputs, gradients and traffic of the first step, and the weights after five."""
    model, optimizer = build(mesh)
    outputs = model(batch(0, device=mesh.device_type)[0])
    with Traffic() as noted:
        update(model, optimizer, 0, mesh.device_type)
    gradients = {name: whole(p.grad) for name, p in model.named_parameters()}
    for step in range(1, 5):
        update(model, optimizer, step, mesh.device_type)
    weights = {name: whole(p) for name, p in model.named_parameters()}
    return {
        "outputs": whole(outputs),
        "gradients": gradients,
        "weights": weights,
        "traffic": noted.seen,
    }


def parts(mesh, options):
    """How many rows of the weight, and of its gradient, each process holds, for both layers."""
    found = {}
    for layer in (nn.Embedding, sharded.Embedding):
        table = parallelize_module(layer(ROWS, WIDTH), mesh, PLAN["embedding"])
        table(batch(0, device=mesh.device_type)[0]).sum().backward()
        found[layer] = [len(table.weight.to_local()), len(table.weight.grad.to_local())]
    everyone = [None] * mesh.size()
    dist.all_gather_object(everyone, list(found.values()))
    return dict(zip(("nn.Embedding", "sharded.Embedding"), zip(*everyone)))


class Traffic(TorchDispatchMode):
    """Notes every collective operation: its name, and the bytes that this process puts in."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if DTensor in types:
            return NotImplemented  # let it split into what is done to the parts, then look again
        name = func.overloadpacket.__name__
        if func.namespace == "_c10d_functional" and name.startswith(
            ("all_", "reduce_")
        ):
            self.seen.append((name, args[0].numel() * args[0].element_size()))
        return func(*args, **(kwargs or {}))


def traffic(mesh, options):
    """What one lookup and its backward put in, for (rows, batch, width) and three layouts."""
    same, own = Replicate(), Shard(0)
    layouts = {  # what goes in, what comes out
        "same": RowwiseParallel(input_layouts=same),
        "pooled": RowwiseParallel(
            input_layouts=same, output_layouts=Partial(), use_local_output=False
        ),
        "own": RowwiseParallel(input_layouts=own, output_layouts=own),
    }
    found = {}
    for sizes in ((1000, 32, 16), (100_000, 32, 16), (1000, 64, 16), (1000, 32, 32)):
        rows, size, width = sizes
        for name, layout in layouts.items():
            table = parallelize_module(sharded.Embedding(rows, width), mesh, layout)
            ids, _ = batch(0, rows, size, mesh.device_type)
            if name == "own":  # each process has its own part of the batch
                ids = ids.chunk(mesh.size())[mesh.get_local_rank()]
            with Traffic() as forward:
                pooled = table(ids).sum(dim=1)
                pooled = (
                    pooled.full_tensor()
                    if isinstance(pooled, DTensor)
                    else pooled.clone()
                )
            with Traffic() as backward:
                pooled.sum().backward()
            found[*sizes, name] = forward.seen, backward.seen
    return found


def traps(mesh, options):
    """Both layers with ids outside; nn.Embedding with max_norm, sparse, and drawn where it is."""

    def attempt(layer=nn.Embedding, ids=(0, 1), **how):
        table = parallelize_module(layer(ROWS, 2, **how), mesh, PLAN["embedding"])
        try:
            found = table(torch.tensor(ids, device=mesh.device_type))
            found.sum().backward()
        except (IndexError, NotImplementedError) as error:
            return f"{type(error).__name__}: {error}"
        return whole(found)

    cpu = init_device_mesh(
        "cpu", (mesh.size(),)
    )  # where PyTorch warns that it is not supported
    torch.manual_seed(0)  # the same in every process, as is usual
    table = nn.Embedding(4 * mesh.size(), 2, device="meta")
    table = parallelize_module(table, cpu, PLAN["embedding"]).to_empty(device="cpu")
    table.reset_parameters()
    outside = (0, ROWS, -1)
    return {
        "outside": attempt(ids=outside),
        "refused": attempt(sharded.Embedding, outside),
        "max_norm": attempt(max_norm=1.0),
        "sparse": attempt(sparse=True),
        "drawn": whole(table.weight),
    }


def train(mesh, options):
    """Train to ``--steps``, from the newest checkpoint on; one process may die on the way."""
    model, optimizer = build(mesh)
    done = sharded.latest(options.folder)
    if done:
        sharded.load(options.folder, done, model, optimizer)
    for step in range(done, options.steps):
        if step == options.die_at and mesh.get_local_rank() == mesh.size() - 1:
            os.kill(os.getpid(), signal.SIGKILL)  # no farewell: as when memory runs out
        update(model, optimizer, step, mesh.device_type)
        if mesh.get_local_rank() == 0:
            with open(options.folder / "steps.txt", "a") as log:
                print(step, file=log)
        if (step + 1) % options.every == 0:
            sharded.save(options.folder, step + 1, model, optimizer)
    return {name: whole(p) for name, p in model.named_parameters()}


RUNS = {run.__name__: run for run in (equal, parts, traffic, traps, train)}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where results and checkpoints go")
    parser.add_argument("runs", nargs="+", choices=RUNS)
    parser.add_argument("--steps", type=int, default=10, help="train: how many in all")
    parser.add_argument(
        "--every", type=int, default=3, help="train: steps between checkpoints"
    )
    parser.add_argument(
        "--die-at", type=int, help="train: the last process is killed here"
    )
    options = parser.parse_args(arguments)
    mesh = sharded.start()
    for name in options.runs:
        result = RUNS[name](mesh, options)
        if mesh.get_local_rank() == 0:
            torch.save(result, options.folder / f"{name}-{mesh.size()}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
