"""What test_sharded.py runs in two processes; their results are in FOLDER/RANK.pt."""

import os

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.debug import CommDebugMode
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

from embedlinear.book import sharded
from embedlinear.book.sharded_runs import PLAN, Traffic, build, update, whole

TABLES = [  # rows, options; of one row the second process has none
    (1, {}),
    (8, {}),
    *((7, {"padding_idx": row}) for row in (0, 3, 4, -1)),
    (7, {"scale_grad_by_freq": True}),
]


def by_rows(mesh, rows=7, width=2, **options):
    table = sharded.Embedding(rows, width, **options)
    return parallelize_module(table, mesh, PLAN["embedding"])


def ids_for(rows):
    """Every row, some of them often, in two dimensions."""
    return torch.arange(4 * rows).remainder(rows).mul(3).remainder(rows).view(2, -1)


def tables(mesh):
    """Output and gradient of each table, and a lookup of nothing and of one int32."""
    found = []
    for rows, options in TABLES:
        torch.manual_seed(rows)
        table = by_rows(mesh, rows, **options)
        output = table(ids_for(rows).to(mesh.device_type))
        output.pow(2).sum().backward()
        nothing, last = torch.zeros(0, 2, dtype=torch.int64), torch.tensor(rows - 1)
        others = [table(ids.to(mesh.device_type)) for ids in (nothing, last.int())]
        found.append([whole(t) for t in (output, table.weight.grad, *others)])
    return found


def filled(mesh):
    """3,000 rows are three blocks; the process boundary is inside the second."""
    table = by_rows(mesh, rows=3000)
    sharded.fill_(table.weight, padding_idx=2000, seed=5)
    return whole(table.weight)


def refused(mesh):
    """The error of each invalid use, in this process."""
    ids, square = torch.tensor([0, 1], device=mesh.device_type), torch.ones(4, 4)
    everywhere = DTensor.from_local(ids, mesh, [Replicate()])
    columns = parallelize_module(sharded.Embedding(7, 2), mesh, ColwiseParallel())
    plain = by_rows(mesh)
    plain._forward_pre_hooks.clear()  # RowwiseParallel's, which makes a DTensor of ids
    two = init_device_mesh(mesh.device_type, (mesh.size(), 1))
    cases = {
        "past": lambda: by_rows(mesh)(ids * 7),
        "negative": lambda: by_rows(mesh)(-ids[None]),
        "float": lambda: by_rows(mesh)(ids.float()),
        "max_norm": lambda: by_rows(mesh, max_norm=1.0)(ids),
        "sparse": lambda: by_rows(mesh, sparse=True)(ids),
        "columns": lambda: columns(everywhere),
        "plain ids": lambda: plain(ids),
        "two dimensions": lambda: sharded.own_rows(
            distribute_tensor(square, two, [Shard(0), Replicate()])
        ),
    }
    messages = {}
    for name, case in cases.items():
        try:
            messages[name] = case()
        except Exception as error:
            messages[name] = f"{type(error).__name__}: {error}"
    return messages


def collectives(mesh):
    """PyTorch's own count of the collective operations of a step, and Traffic's."""
    model, optimizer = build(mesh)
    columns = parallelize_module(
        nn.Embedding(7, 2), mesh, ColwiseParallel(output_layouts=Replicate())
    )
    with CommDebugMode() as official, Traffic() as sent:
        update(model, optimizer, step=0)
        columns(torch.tensor([0], device=mesh.device_type)).sum().backward()
    counts = {op.__name__: n for op, n in official.get_comm_counts().items()}
    return counts, [name for name, _ in sent]


def run(rank, port, folder):
    """One of two processes, with what torchrun would set."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    os.environ["EMBEDLINEAR_DEVICE"] = "cpu"
    mesh = sharded.start()
    found = {
        case.__name__: case(mesh) for case in (tables, filled, refused, collectives)
    }
    torch.save(found, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()
