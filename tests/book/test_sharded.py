"""What the chapter beyond-one-machine does not show, in two processes."""

import re
import socket

import pytest
import torch
from torch import multiprocessing, nn

from embedlinear.book import sharded
from tests.book import sharded_cases

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")

LIMIT = 300  # seconds; it takes a few when the machine has nothing else to do


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two processes has found; a fork need not import torch again."""
    folder = tmp_path_factory.mktemp("sharded")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run, given = sharded_cases.run, (port, folder)
    processes = multiprocessing.start_processes(
        run, given, nprocs=2, join=False, start_method="fork"
    )
    ended = processes.join(LIMIT) or processes.join(LIMIT)  # the first, the other
    for process in processes.processes:
        process.kill()  # one that has not ended waits for the other
    assert ended, f"two processes took more than {LIMIT} s"
    return [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]


@pytest.fixture(params=[0, 1], ids=["process 0", "process 1"])
def found(request, both):
    return both[request.param]


@pytest.mark.parametrize("case, table", [*enumerate(sharded_cases.TABLES)])
def test_every_table_looks_up_and_learns_as_nn_embedding(found, case, table):
    rows, options = table
    torch.manual_seed(rows)
    plain = nn.Embedding(rows, 2, **options)
    wanted = plain(sharded_cases.ids_for(rows))
    wanted.pow(2).sum().backward()
    output, gradient, nothing, last = found["tables"][case]
    assert torch.equal(output, wanted)
    torch.testing.assert_close(gradient, plain.weight.grad)
    assert nothing.shape == (0, 2, 2)
    assert torch.equal(last, plain.weight[-1])


PLACED = r"has the placements {}.*; expected \({}.*RowwiseParallel"
REFUSED = {
    "past": r"IndexError: index out of range in self: input\[1\] = 7 .*allows 0\.\.6",
    "negative": r"IndexError: index out of range in self: input\[0, 1\] = -1 ",
    "float": "RuntimeError: Expected tensor for argument #1 'indices'",
    "max_norm": "NotImplementedError: max_norm=1.0, sparse=False: .* create the layer",
    "sparse": "NotImplementedError: max_norm=None, sparse=True: .* create the layer",
    "columns": "ValueError: weight " + PLACED.format(r"\(Shard\(dim=1\)", "Shard"),
    "plain ids": "ValueError: input " + PLACED.format("None", "Replicate"),
    "two dimensions": "ValueError: weight " + PLACED.format(r"\(Shard.*Rep", "Shard"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_layer_cannot_do_is_refused_in_every_process(found, case):
    assert re.match(REFUSED[case], found["refused"][case])


def test_two_processes_draw_the_table_of_one(found):
    weight = torch.empty(3000, 2)
    sharded.fill_(weight, padding_idx=2000, seed=5)
    assert torch.equal(found["filled"], weight)
    assert not weight[2000].any() and weight[1999].all() and weight[2001].all()


def test_traffic_notes_as_many_collectives_as_pytorch_counts(found):
    official, noted = found["collectives"]
    assert official == {"all_reduce": 3, "all_gather_into_tensor": 1}
    assert noted == ["all_reduce"] * 3 + ["all_gather_into_tensor"]


def test_a_checkpoint_that_was_cut_short_is_not_the_latest(tmp_path):
    assert sharded.latest(tmp_path) == 0
    for step, name in (2, ".metadata"), (4, "__0_0.distcp"):
        (tmp_path / str(step)).mkdir()
        (tmp_path / str(step) / name).touch()
    assert sharded.latest(tmp_path) == 2


def drawn(rows=3072, **seed):
    weight = torch.empty(rows, 2)
    sharded.fill_(weight, **seed)
    return weight


def test_every_seed_and_every_block_draws_other_numbers():
    torch.manual_seed(1)  # it decides where no seed is given
    tables = [drawn(), drawn(), *(drawn(seed=seed) for seed in (0, 1, 1024, 2**32))]
    assert len(torch.cat(tables).unique()) > 0.99 * 6 * 6144
    torch.manual_seed(1)
    assert torch.equal(drawn(), tables[0]) and torch.equal(drawn(seed=0), tables[2])
    big = drawn(200_000, seed=0)
    assert abs(big.mean()) < 0.01 and abs(big.std() - 1) < 0.01


def test_without_torchrun_start_says_how(monkeypatch):
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    with pytest.raises(RuntimeError, match="LOCAL_WORLD_SIZE is not set.*torchrun"):
        sharded.start()
