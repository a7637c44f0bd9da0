"""Measure training-results.json and training-right.npz, in one go:

    python -m tools.once.train_reviews _build/once

extracts.py says how the folder is filled. Run it again when torch or a question
changes; two processes took 44 minutes of a processor each.

Stated beforehand. Five pilot seeds choose each arm's learning rate and the step at which
it is tested, by their mean accuracy on the validation texts; then twenty other seeds are
tested, once. The step is the first that comes within 0.001 of the best, and a pilot runs
on until every arm's is in the first two thirds. The grid of rates grows until the chosen
one is inside. All PAIRS are reported; a word in fewer than 50 texts gets no verdict.
"""

import json
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np
import torch

from embedlinear.book import reviews as book
from embedlinear.machine import machine
from tools.once import extracts
from tools.once.side_by_side import Models

ROWS, WIDTH = 5000, 50
TEST, VALIDATION, FIRST = slice(0, 3000), slice(3000, 5000), 5000  # training: the rest
PILOT, SEEDS, SAMPLES = range(5), range(100, 120), range(20)
LABELS = {"all": None, "1000": 1000, "100": 100}
GRID = [0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
RATES = [0.003, 0.01, 0.03]  # where every arm's grid begins
STEPS, LONGEST, EVERY = 400, 8000, 20
UNITS = {  # how texts are cut, and how far the neighbours are that the gap task sees
    "bigrams": (book.bigrams, (2, 3)),
    "characters": (book.characters, (1, 2)),
    "words": (book.words, (1, 2)),
}
PAIRS = {
    "bigrams": "很好·不错 很好·很差 很好·一般 很差·太差",
    "characters": "优·良 优·差 好·一般 好·差",
    "words": "excellent·great excellent·fine excellent·decent excellent·ok "
    "excellent·poor poor·worst good·great good·bad",
}
TASKS = """zh gap bigrams; zh gap characters; en gap words; zh review bigrams;
    zh review bigrams, start 1; zh review characters; zh review characters, same texts;
    zh coin bigrams; en review words; en strength words"""
TASKS = [" ".join(task.split()) for task in TASKS.split(";")]
SOURCES, PREPARED = {}, {}  # by language; ``prepare`` fills them


def short(values):
    """Nested lists with four decimals."""
    return np.round(np.asarray(values, dtype=float), 4).tolist()


# ------------------------------------------------- do vectors made beforehand help?


def arms(made, seed):
    """The seven starts: three kinds of vectors at two scales, and frozen ones."""
    order = torch.randperm(ROWS - 1, generator=torch.Generator().manual_seed(seed)) + 1
    random, shuffled = book.random_start(ROWS, WIDTH, 1, seed), made.clone()
    shuffled[1:] = made[order]
    kinds = {"random": random, "shuffled": shuffled, "tuned": made}
    both = {f"{kind} {s}": s * kinds[kind] for kind in kinds for s in (1, 0.1)}
    return both | {"frozen 1": made}


def models(data, names, seed, rate, label):
    """One seed's models for the arms ``names``, with so many of the training texts."""
    draw = np.random.default_rng([seed, 1])
    pool = FIRST + draw.permutation(len(data[0]) - FIRST)[: LABELS[label]]
    known, frozen = arms(data[2], seed), [n.startswith("frozen") for n in names]
    tables = [known[name] for name in names]
    return Models(data, tables, pool, seed, rate, np.where(frozen)[0])


def pilot(data, names, rate, label):
    """For each arm its best mean accuracy, the step of the test, and the steps run."""
    groups, curves = [models(data, names, s, rate, label) for s in PILOT], []
    while True:
        for group in groups:
            curve = group.run(STEPS, EVERY, lambda g: g.right(VALIDATION).mean(axis=1))
            curves.append(curve)
        times = np.array(curves).reshape(-1, len(groups), STEPS // EVERY, len(names))
        mean = np.concatenate(times.mean(axis=1))  # (times, arms)
        steps = EVERY * (mean >= mean.max(axis=0) - 0.001).argmax(axis=0)
        run = EVERY * len(mean)
        if steps.max() < run * 2 / 3 or run >= LONGEST:
            best = zip(short(mean.max(axis=0)), steps.tolist())
            return {name: (*found, run) for name, found in zip(names, best)}


def chosen(found):
    """The best rate; one inside the grid if it is at most 0.001 worse."""
    top, inner = max(found, key=found.get), max(sorted(found)[1:-1], key=found.get)
    return inner if found[inner][0] >= found[top][0] - 0.001 else top


def starts(language, label):
    """Each arm's pilots and rate, and which test texts the other seeds get right."""
    data, pilots = PREPARED[language], {}
    wanted = {rate: [*arms(data[2], 0)] for rate in RATES}
    while wanted:
        for rate, names in wanted.items():
            for name, found in pilot(data, names, rate, label).items():
                pilots.setdefault(name, {})[rate] = found
        wanted = {}
        for name, found in pilots.items():
            place = GRID.index(chosen(found))
            for rate in {*GRID[max(place - 1, 0) : place + 2]} - {*found}:
                wanted.setdefault(rate, []).append(name)
    rates, right = {name: chosen(found) for name, found in pilots.items()}, {}
    for rate in set(rates.values()):
        ends = sorted((pilots[n][rate][1], n) for n in rates if rates[n] == rate)
        names = [name for _, name in ends]
        for seed in SEEDS:
            group, done = models(data, names, seed, rate, label), 0
            for place, (step, name) in enumerate(ends):
                group.run(step - done)
                right.setdefault(name, []).append(group.right(TEST)[place])
                done = step
    test = {name: short(np.mean(right[name], axis=1)) for name in pilots}
    bits = {f"{language} {label} {n}": np.packbits(right[n], axis=1) for n in pilots}
    return {"pilot": pilots, "rate": rates, "test": test}, bits


def speed(language):
    """One rate and all labels for every arm: how many validation texts are right."""
    data, counts = PREPARED[language], []
    names = [*arms(data[2], 0)]
    for seed in SEEDS:
        group = models(data, names, seed, 0.01, "all")
        counts.append(group.run(STEPS, 5, lambda g: g.right(VALIDATION).sum(axis=1)))
    array = np.array(counts, dtype=np.uint16)  # (seeds, times, arms)
    about = {"rate": 0.01, "every": 5, "arms": names}
    return about, {f"{language} speed": array}


def leak():
    """Split the package's rows, with copies, or its texts: accuracy on the test."""
    rows = SOURCES["zh"]
    lists, copies = [book.bigrams(r.text) for r in rows], [r.copies for r in rows]
    bags = book.bags(lists, book.vocabulary(lists, ROWS))
    data, one = (bags, book.favourable(rows)), np.arange(len(rows))
    out = {"rows": sum(copies), "texts": len(rows), "every": 100}
    for name, places in (("by row", one.repeat(copies)), ("by text", one)):
        out[name] = {"seen": [], "test": []}
        for seed in PILOT:
            mixed = np.random.default_rng(seed).permutation(places)
            test, rest = np.split(mixed, [len(mixed) // 5])
            start = book.random_start(ROWS, WIDTH, 0.1, seed)
            model = Models(data, [start], rest, seed)
            said = model.run(5 * STEPS + 1, 100, lambda m, t=test: m.right(t).mean())
            out[name]["test"].append(short(said))
            out[name]["seen"].append(short(np.isin(test, rest).mean()))
    return out, {}


# ----------------------------------------------------- who meets whom, and who parts?


def like_pairs(words, bags, pairs, count=100):
    """Random pairs of units, each about as common as those asked about."""
    often = torch.bincount(bags.flatten(), minlength=len(words) + 1).float()
    draw, found = np.random.default_rng(0), []
    for place in range(count):
        pair = pairs[place % len(pairs)]
        found.append([])
        for word in pair:
            near = (often > often[word] / 1.5) & (often < often[word] * 1.5)
            near[[book.PAD, *pair, *found[-1]]] = False
            found[-1].append(int(draw.choice(np.where(near)[0])))
    return found


def meetings(task):
    """Cosines while models train, each on its own bootstrap sample of the texts."""
    name, _, other = task.partition(", ")
    language, label, units = name.split()
    (cut, near), rows, gap = UNITS[units], SOURCES[language], label == "gap"
    lists = [cut(review.text) for review in rows]
    words = book.vocabulary(lists, 3000 if gap else ROWS)
    bags, size, owner = book.bags(lists, words), len(words) + 1, torch.arange(len(rows))
    asked = [pair.split("·") for pair in PAIRS[units].split()]
    pairs = [[words[a], words[b]] for a, b in asked]
    every = pairs + like_pairs(words, bags, pairs)
    coin = torch.randint(2, (len(rows),), generator=torch.Generator().manual_seed(0))
    labels = {"coin": coin, "strength": book.strong(rows)}
    labels = labels.get(label, book.favourable(rows))
    inputs, targets = book.gaps(bags, near) if gap else (bags, labels)
    if gap:  # which text each question belongs to
        numbers = torch.where(bags != book.PAD, owner[:, None] + 1, book.PAD)
        owner = book.gaps(numbers, near)[1] - 1
    data, said = (inputs, targets), []
    for seed in SAMPLES:
        times = book.resample(len(rows), seed).bincount(minlength=len(rows))
        times = 1 if other == "same texts" else times[owner].numpy()
        pool = np.arange(len(owner)).repeat(times)
        start = book.random_start(size, WIDTH, 1 if other == "start 1" else 0.1, seed)
        model = Models(data, [start], pool, seed, batch=256 if gap else 128)
        steps = (1500 if gap else 800) + 1
        cosines = model.run(steps, 50, lambda m: book.cosine(m.parameters[0], every))
        said.append(torch.stack(cosines))
    runs, random = torch.stack(said).split([len(pairs), 100], dim=2)  # samples, times
    out = {"texts": len(rows), "every": 50, "pairs": {}, "words": {}}
    for place, pair in enumerate(asked):
        out["pairs"]["·".join(pair)] = short(runs[:, :, place])
    out["chance"] = short(random.mean(dim=2))
    out["random pairs"] = short(random[:, -1].mean(dim=0))
    for word in sorted({word for pair in asked for word in pair}):
        holds = (bags == words[word]).any(dim=1)
        out["words"][word] = [int(holds.sum()), short(labels[holds].float().mean())]
    return out, {}


# -------------------------------------------------------------------- the whole run


def prepare(folder):
    """Each language's reviews, and its texts, labels and vectors made beforehand."""
    known = extracts.glove(folder)
    rows = {"zh": extracts.chinese(folder), "en": extracts.english(folder)}
    for language, cut in (("zh", book.bigrams), ("en", book.words)):
        found = SOURCES[language] = extracts.distinct(rows[language])
        lists = [cut(review.text) for review in found]
        words = book.vocabulary(lists[FIRST:], ROWS)
        bags = book.bags(lists, words)
        if language == "zh":  # from the training texts alone, without their labels
            made = book.vectors(book.ppmi(bags[FIRST:], ROWS), WIDTH)
        else:
            there = {row: known[word] for word, row in words.items() if word in known}
            own = torch.from_numpy(np.stack(list(there.values())))
            made = book.random_start(ROWS, WIDTH, 1, 0)
            made[list(there)] = own / own.std()
        PREPARED[language] = bags, book.favourable(found), made


def job(name):
    """A part of the results, arrays for the other file, and seconds of a processor."""
    torch.set_num_threads(1)
    begun, (what, *rest) = time.process_time(), name.split()
    run = {"starts": starts, "speed": speed, "leak": leak}.get(what)
    found, arrays = run(*rest) if run else meetings(name)
    return name, found, arrays, round(time.process_time() - begun)


def main(folder):
    prepare(folder)
    names = [f"starts {language} {n}" for n in LABELS for language in PREPARED]
    names = [*names, *TASKS, "speed zh", "speed en", "leak"]
    begun, seconds, results, kept = time.time(), {}, {}, {}
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        for name, *found, spent in pool.imap_unordered(job, names):
            results[name], seconds[name] = found[0], spent
            kept |= found[1]
            print(f"{time.time() - begun:6.0f} s: {name}, {spent} s", flush=True)
    about = machine() | {"command": "python -m tools.once.train_reviews"}
    about |= {"seconds": {name: seconds[name] for name in names}}
    results = {"about": about, **{name: results[name] for name in names}}
    text = json.dumps(results, ensure_ascii=False, separators=(",", ":"))
    file = extracts.TARGET / "training-results.json"
    file.write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")
    arrays = dict(sorted(kept.items()))
    np.savez_compressed(extracts.TARGET / "training-right.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
