"""What test_sharded.py needs from inside the processes: more runs beside the chapter's own."""

import torch
from torch import nn
from torch.distributed.tensor.debug import CommDebugMode
from torch.distributed.tensor.parallel import parallelize_module

from embedlinear.book import sharded, sharded_runs
from embedlinear.book.sharded_runs import PLAN, batch, whole

TABLES = [  # rows, options; with 4 processes some of these leave a process without a row
    (1, {}),
    (3, {}),
    (5, {}),
    (8, {}),
    (13, {}),
    *((7, {"padding_idx": row}) for row in range(7)),
    (5, {"padding_idx": -1}),
    (7, {"scale_grad_by_freq": True}),
]


def ids_for(rows):
    """Every row, some of them often, in two dimensions."""
    return torch.arange(4 * rows).remainder(rows).mul(3).remainder(rows).view(2, -1)


def tables(mesh, options):
    """Output and gradient of each table, and of a lookup of nothing and of a single int32."""
    found = []
    for rows, how in TABLES:
        torch.manual_seed(rows)
        table = parallelize_module(
            sharded.Embedding(rows, 3, **how), mesh, PLAN["embedding"]
        )
        output = table(ids_for(rows).to(mesh.device_type))
        output.pow(2).sum().backward()
        nothing = table(torch.zeros(0, 2, dtype=torch.int64, device=mesh.device_type))
        single = table(
            torch.tensor(rows - 1, dtype=torch.int32, device=mesh.device_type)
        )
        found.append([whole(t) for t in (output, table.weight.grad, nothing, single)])
    return found


def filled(mesh, options):
    """A table drawn where its rows are, in blocks that no process's rows begin or end with."""
    table = parallelize_module(sharded.Embedding(103, 2), mesh, PLAN["embedding"])
    sharded.fill_(table.weight, padding_idx=30, seed=5, block=10)
    return whole(table.weight)


def refused(mesh, options):
    """The error of each lookup that is refused, as this process sees it."""
    cases = {
        "past": ([0, 7], {}),
        "negative": ([[0, -1]], {}),
        "float": ([0.0], {}),
        "max_norm": ([0], {"max_norm": 1.0}),
        "sparse": ([0], {"sparse": True}),
    }
    messages = {}
    for name, (ids, how) in cases.items():
        table = parallelize_module(
            sharded.Embedding(7, 2, **how), mesh, PLAN["embedding"]
        )
        try:
            table(torch.tensor(ids, device=mesh.device_type))
        except Exception as error:
            messages[name] = f"{type(error).__name__}: {error}"
    return messages


def counted(mesh, options):
    """PyTorch's own count of the collective operations of one step."""
    model, _ = sharded_runs.build(mesh)
    ids, classes = batch(0, device=mesh.device_type)
    with CommDebugMode() as official:
        nn.functional.cross_entropy(model(ids), classes).backward()
    return {op.__name__: count for op, count in official.get_comm_counts().items()}


sharded_runs.RUNS |= {run.__name__: run for run in (tables, filled, refused, counted)}

if __name__ == "__main__":
    sharded_runs.main()
