"""Tables dealt to processes: torchrun starts them here, on loopback, three times in all."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from embedlinear.book import sharded, sharded_runs
from embedlinear.book.sharded_runs import CLASSES, ROWS, WIDTH, batch
from tests.book import sharded_cases

STEPS, DIED = 10, 8
LIMIT = 150  # seconds; a run takes about 10 when the machine has nothing else to do


def torchrun(processes, *arguments, machines=1):
    """Run sharded_cases.py in so many processes; none is left behind if it takes too long.

    With two ``machines`` there are two launchers, which find each other at an address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    meet = (
        ["--standalone"]
        if machines == 1
        else [
            f"--nnodes={machines}",
            "--rdzv-backend=c10d",
            f"--rdzv-endpoint={address}",
        ]
    )
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        *meet,
        f"--nproc-per-node={processes // machines}",
        sharded_cases.__file__,
        *map(str, arguments),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "EMBEDLINEAR_DEVICE": "cpu"}
    if machines > 1:  # on real machines: the name of their network card
        environment["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"
    launchers = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(machines)
    ]
    try:
        said = [launcher.communicate(timeout=LIMIT)[1] for launcher in launchers]
    except subprocess.TimeoutExpired:
        for launcher in launchers:
            launcher.terminate()  # which it passes on
        said = [launcher.communicate(timeout=60)[1] for launcher in launchers]
        pytest.fail("\n".join([f"torchrun took more than {LIMIT} s:", *said]))
    return SimpleNamespace(
        code=max(launcher.returncode for launcher in launchers), err="\n".join(said)
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Four processes train and stop after a checkpoint; two go on and one of them is killed; two
    go on again, each with a launcher of its own as on two machines. What else is asked of them
    rides along."""
    folder = tmp_path_factory.mktemp("sharded")
    four = torchrun(
        4,
        folder,
        "equal",
        "parts",
        "traffic",
        "traps",
        "tables",
        "filled",
        "refused",
        "counted",
        "train",
        "--steps",
        6,
    )
    assert four.code == 0, four.err
    # A checkpoint that was cut short: newer than the last, and without its last file.
    shutil.copytree(folder / "6", folder / "7")
    (folder / "7" / ".metadata").unlink()
    died = torchrun(
        2,
        folder,
        "equal",
        "parts",
        "traffic",
        "train",
        "--steps",
        STEPS,
        "--die-at",
        DIED,
    )
    died_with = set(folder.iterdir())
    again = torchrun(2, folder, "train", "--steps", STEPS, machines=2)
    assert again.code == 0, again.err

    def result(name, processes):
        return torch.load(folder / f"{name}-{processes}.pt", weights_only=False)

    return SimpleNamespace(folder=folder, died=died, died_with=died_with, result=result)


@pytest.fixture(scope="module")
def alone():
    """The same in one process, by nn.Embedding: after each step the outputs, gradients, weights."""
    model, _ = sharded_runs.build()
    plain = nn.Embedding(ROWS, WIDTH, padding_idx=0, dtype=torch.float64)
    plain.load_state_dict(model.embedding.state_dict())
    model.embedding = plain
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    states = []
    for step in range(STEPS):
        ids, classes = batch(step)
        optimizer.zero_grad()
        outputs = model(ids)
        F.cross_entropy(outputs, classes).backward()
        gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
        optimizer.step()
        weights = {name: p.detach().clone() for name, p in model.named_parameters()}
        moments = [optimizer.state[p]["exp_avg"].clone() for p in model.parameters()]
        states.append(
            SimpleNamespace(
                outputs=outputs.detach(),
                gradients=gradients,
                weights=weights,
                moments=moments,
            )
        )
    return states


def same(given, wanted):
    """Equal up to the order in which numbers were added."""
    assert given.keys() == wanted.keys()
    for name in wanted:
        torch.testing.assert_close(
            given[name], wanted[name], atol=1e-9, rtol=0, msg=name
        )


# ------------------------------------------------------------------ the same as in one process


@pytest.mark.parametrize("processes", [2, 4])
def test_outputs_gradients_and_weights_are_those_of_one_process(runs, alone, processes):
    given = runs.result("equal", processes)
    torch.testing.assert_close(given["outputs"], alone[0].outputs, atol=1e-12, rtol=0)
    same(given["gradients"], alone[0].gradients)
    same(given["weights"], alone[4].weights)
    before, after = (
        sharded_runs.build()[0].embedding.weight,
        given["weights"]["embedding.weight"],
    )
    assert (after[1:] != before[1:]).any() and (batch(0)[0] == 0).any()
    assert (
        not after[0].any() and not given["gradients"]["embedding.weight"][0].any()
    )  # the pad


@pytest.mark.parametrize("case, table", [*enumerate(sharded_cases.TABLES)])
def test_every_table_looks_up_and_learns_as_nn_embedding(runs, case, table):
    rows, how = table
    torch.manual_seed(rows)
    plain = nn.Embedding(rows, 3, **how)
    ids = sharded_cases.ids_for(rows)
    wanted = plain(ids)
    wanted.pow(2).sum().backward()
    output, gradient, nothing, single = runs.result("tables", 4)[case]
    assert torch.equal(output, wanted)
    torch.testing.assert_close(gradient, plain.weight.grad)
    assert nothing.shape == (0, 2, 3)
    assert torch.equal(single, plain.weight[-1])


def test_a_table_is_drawn_alike_for_any_number_of_processes(runs):
    weight = torch.empty(103, 2)
    sharded.fill_(weight, padding_idx=30, seed=5, block=10)
    assert torch.equal(runs.result("filled", 4), weight)
    assert len(weight.unique()) == 205  # no block begins like another; two zeros
    assert not weight[30].any() and weight[29].all() and weight[31].all()
    big = torch.empty(50_000, 4)
    sharded.fill_(big)
    assert abs(big.mean()) < 0.01 and abs(big.std() - 1) < 0.01


# ------------------------------------------------------------------ memory and communication


@pytest.mark.parametrize("processes", [2, 4])
def test_only_the_books_layer_keeps_its_gradient_to_its_own_rows(runs, processes):
    parts = runs.result("parts", processes)
    lengths = [len(part) for part in torch.empty(ROWS).chunk(processes)]
    assert list(parts["sharded.Embedding"]) == [[n, n] for n in lengths]
    # When this fails, PyTorch has mended it, and the chapter must say so.
    assert list(parts["nn.Embedding"]) == [[n, ROWS] for n in lengths]


@pytest.mark.parametrize("processes", [2, 4])
def test_traffic_grows_with_batch_and_width_and_not_with_rows(runs, processes):
    traffic = runs.result("traffic", processes)
    assert {rows for rows, *_ in traffic} == {1000, 100_000}
    for (rows, size, width, layout), (forward, backward) in traffic.items():
        ids, number = size * 5, 4  # bytes a number
        wanted = {
            "same": ([("all_reduce", ids * width * number)], []),
            "pooled": ([("all_reduce", size * width * number)], []),
            "own": (
                [
                    ("all_gather_into_tensor", ids // processes * 8),
                    ("reduce_scatter_tensor", ids * width * number),
                ],
                [("all_gather_into_tensor", ids // processes * width * number)],
            ),
        }
        assert (forward, backward) == wanted[layout], (rows, size, width, layout)


def test_a_step_sends_rows_scores_and_one_gradient_and_pytorch_counts_as_many(runs):
    assert runs.result("counted", 4) == {"all_reduce": 3}
    for processes in (2, 4):
        assert runs.result("equal", processes)["traffic"] == [
            ("all_reduce", 32 * 5 * WIDTH * 8),
            ("all_reduce", 32 * CLASSES * 8),
            ("all_reduce", 32 * WIDTH * 8),
        ]


# ------------------------------------------------------------------ what goes wrong


def test_the_books_layer_refuses_what_it_cannot_do(runs):
    refused = runs.result("refused", 4)
    assert re.match(
        r"IndexError: index out of range in self: input\[1\] = 7 .*=7 allows 0\.\.6",
        refused["past"],
    )
    assert (
        "IndexError: index out of range in self: input[0, 1] = -1"
        in refused["negative"]
    )
    assert "RuntimeError: Expected tensor for argument #1 'indices'" in refused["float"]
    assert re.match(
        "NotImplementedError: max_norm=1.0: .* without max_norm", refused["max_norm"]
    )
    assert re.match(
        "NotImplementedError: sparse=True: .* without sparse", refused["sparse"]
    )


def test_the_stock_layer_does_what_the_chapter_shows(runs):
    traps = runs.result("traps", 4)
    assert (
        traps["outside"][0].any() and not traps["outside"][1:].any()
    )  # zeros, and no error
    assert traps["max_norm"].startswith(
        "NotImplementedError: Operator aten.embedding_renorm_"
    )
    assert traps["sparse"].startswith(
        "NotImplementedError: Operator aten._sparse_coo_tensor"
    )
    assert traps["refused"].startswith(
        f"IndexError: index out of range in self: input[1] = {ROWS}"
    )
    first, *others = traps["drawn"].chunk(4)
    assert all(torch.equal(part, first) for part in others)  # the same rows, four times


def test_without_torchrun_start_says_how(monkeypatch):
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    with pytest.raises(
        RuntimeError, match="LOCAL_WORLD_SIZE is not set.*torchrun --standalone"
    ):
        sharded.start()


# ------------------------------------------------------------------ checkpoint, death, resumption


def test_a_checkpoint_of_four_processes_loads_into_one(runs, alone):
    model, optimizer = sharded_runs.build()
    sharded.load(runs.folder, 6, model, optimizer)
    same(dict(model.named_parameters()), alone[5].weights)
    for parameter, moment in zip(model.parameters(), alone[5].moments):
        torch.testing.assert_close(
            optimizer.state[parameter]["exp_avg"], moment, atol=1e-12, rtol=0
        )
        assert optimizer.state[parameter]["step"] == 6


def test_the_newest_whole_checkpoint_is_found(tmp_path):
    assert sharded.latest(tmp_path / "nowhere") == sharded.latest(tmp_path) == 0
    model, optimizer = sharded_runs.build()
    for step in (9, 10):
        sharded.save(tmp_path, step, model, optimizer)
    (tmp_path / "11").mkdir()  # numbers, not texts; and no metadata yet
    assert sharded.latest(tmp_path) == 10
    (tmp_path / "10" / ".metadata").unlink()
    assert sharded.latest(tmp_path) == 9


def test_the_launcher_ends_the_job_and_says_who_was_killed(runs):
    assert runs.died.code == 1
    assert "sharded_cases.py FAILED" in runs.died.err
    assert re.search(r"rank\s+: 1 .*\n\s+exitcode\s+: -9 .*\(SIGKILL\)", runs.died.err)
    assert "Signal 9 (SIGKILL) received" in runs.died.err
    assert runs.folder / "train-2.pt" not in runs.died_with  # it had not finished


def test_only_the_steps_since_the_checkpoint_are_done_again(runs, alone):
    steps = [int(step) for step in (runs.folder / "steps.txt").read_text().split()]
    assert steps == [*range(6), 6, 7, *range(6, STEPS)]
    same(runs.result("train", 2), alone[-1].weights)
    assert sorted(p.parent.name for p in Path(runs.folder).glob("*/.metadata")) == [
        "3",
        "6",
        "9",
    ]
