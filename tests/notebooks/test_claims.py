"""Every claim of the note, tried afresh; and a page that says no more than was proved here."""

import inspect
import subprocess
import sys
from math import inf, sqrt

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from embedlinear import Embedding as BookEmbedding
from embedlinear import Linear as BookLinear
from embedlinear import compare, linear_from_embedding, one_hot
from embedlinear.book import source
from tests.conftest import ROOT
from tests.notebooks.proofs import KINDS, PROOFS, proves, unproved
from tests.notebooks.rules import LANGUAGES, Book, fail_with

EMBEDDINGS = (nn.Embedding, BookEmbedding)
LINEARS = (nn.Linear, BookLinear)


def lookups(layer, count=12, **options):
    """Layers of random sizes, each with indices of a random shape (0-d and empty ones too)."""
    for seed in range(count):
        torch.manual_seed(seed)
        rows, width = torch.randint(2, 20, (2,)).tolist()
        shape = torch.randint(0 if seed % 3 == 0 else 1, 5, (seed % 4,)).tolist()
        yield layer(rows, width, **options), torch.randint(rows, shape)


def products(layer, count=12, **options):
    """Layers of random sizes in double precision, each with an input of a random shape."""
    for seed in range(count):
        torch.manual_seed(seed)
        sizes = torch.randint(2, 20, (2,)).tolist()
        shape = torch.randint(0 if seed % 3 == 0 else 1, 5, (seed % 4,)).tolist()
        yield (
            layer(*sizes, dtype=torch.float64, **options),
            torch.randn(*shape, sizes[0]).double(),
        )


def fails(error, function, *arguments):
    """Whether calling raises just this kind of error; another kind is a surprise and comes out."""
    try:
        function(*arguments)
    except error as raised:
        return type(raised) is error
    return False


def near(one, other):
    return torch.allclose(one, other, atol=1e-6)


def cosine(table, first, second):
    return F.cosine_similarity(table[first], table[second], dim=0).item()


# ------------------------------------------------------------------------------- 1.1 what it does


@proves("C1", "holds")
def test_c01(evidence):
    """Each element becomes a vector of the chosen size, by its index."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer):
            vectors = embedding(ids)
            evidence(
                "as claimed", vectors.shape == (*ids.shape, embedding.embedding_dim)
            )
            evidence("as claimed", torch.equal(vectors, embedding(ids)))
            every = embedding(torch.arange(embedding.num_embeddings))
            evidence("as claimed", len(every.unique(dim=0)) == embedding.num_embeddings)


@proves("C2", "holds")
def test_c02(evidence):
    """An index past the table is an error, and so is a negative one."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer, padding_idx=-1):
            rows = embedding.num_embeddings
            assert embedding.padding_idx == rows - 1  # the last row, and no index -1
            embedding(torch.tensor([0, rows - 1]))  # the last good one
            for bad in (rows, rows + 7, -1, -rows):
                among_good_ones = torch.cat([ids.flatten(), torch.tensor([bad])])
                evidence("as claimed", fails(IndexError, embedding, among_good_ones))
    if torch.cuda.is_available() and torch.version.cuda:
        lookup = "nn.Embedding(3, 5).cuda()(torch.tensor([3]).cuda()).sum().item()"
        script = [sys.executable, "-c", f"import torch; from torch import nn; {lookup}"]
        run = subprocess.run(
            script, capture_output=True, text=True
        )  # it would ruin this process
        evidence(
            "as claimed", run.returncode != 0 and "device-side assert" in run.stderr
        )


@proves("C3", "holds")
def test_c03(evidence):
    """Vectors are random at first; training changes those that it looks up."""
    for embedding, ids in lookups(nn.Embedding):
        other = nn.Embedding(embedding.num_embeddings, embedding.embedding_dim)
        evidence(
            "as claimed", bool((embedding.weight != other.weight).any(dim=1).all())
        )
        before = embedding.weight.detach().clone()
        vectors = embedding(ids)
        vectors.backward(torch.rand_like(vectors) + 0.1)
        torch.optim.SGD(embedding.parameters(), lr=0.1).step()
        changed = (embedding.weight != before).any(dim=1).nonzero().flatten()
        evidence("as claimed", torch.equal(changed, ids.flatten().unique()))


@proves("C4", "depends")
def test_c04(evidence):
    """On made tasks: the labels decide which of the two 优 grows like, or neither."""

    def drift(label):
        """By how much 优 grew like 良, and like 差, for some seeds."""
        for seed in range(4):
            torch.manual_seed(seed)
            words = torch.randint(3, (300,))
            labels = label(words).float()
            embedding, score = nn.Embedding(3, 5), nn.Linear(5, 1)
            parameters = [*embedding.parameters(), *score.parameters()]
            optimizer = torch.optim.SGD(parameters, lr=0.5)
            before = embedding.weight.detach().clone()
            for _ in range(250):
                optimizer.zero_grad()
                scores = score(embedding(words)).squeeze(1)
                F.binary_cross_entropy_with_logits(scores, labels).backward()
                optimizer.step()
            after = embedding.weight.detach()
            yield [cosine(after, 0, word) - cosine(before, 0, word) for word in (1, 2)]

    for good, poor in drift(lambda words: words != 1):  # is the mark extreme?
        evidence("as claimed", good < -0.05 and poor > 0.05)
    for good, poor in drift(lambda words: words != 2):  # is the mark good?
        evidence("otherwise", good > 0.05 and poor < -0.03)
    for good, poor in drift(lambda words: torch.randint(2, words.shape)):
        evidence("otherwise", abs(good) < 0.1 and abs(poor) < 0.1)


# ----------------------------------------------------------------------------- 1.2 how to use it


@proves("C5", "holds with a condition")
def test_c05(evidence):
    """Zeros for the pad in a new layer; once something else is written there, no longer."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer, padding_idx=1):
            ids = torch.cat([ids.flatten(), torch.tensor([1, 1, 0])])
            evidence("as claimed", not embedding(ids)[ids == 1].any())
            embedding(ids).sum().backward()
            evidence("as claimed", not embedding.weight.grad[1].any())

            pad, values = torch.tensor([1]), torch.randn_like(embedding.weight)
            loaded = layer.from_pretrained(values.clone(), freeze=False, padding_idx=1)
            evidence("outside the condition", torch.equal(loaded(pad)[0], values[1]))
            with torch.no_grad():
                embedding.weight.copy_(values)
            evidence("outside the condition", torch.equal(embedding(pad)[0], values[1]))
            nn.init.ones_(embedding.weight)
            evidence("outside the condition", bool((embedding(pad) == 1).all()))

            optimizer = torch.optim.AdamW(loaded.parameters(), lr=0.1, weight_decay=0.1)
            loaded(ids).sum().backward()
            assert not loaded.weight.grad[1].any()
            optimizer.step()
            evidence("outside the condition", near(loaded.weight[1], values[1] * 0.99))


@proves("C6", "holds with a condition")
def test_c06(evidence):
    """Rows that are looked up end within the limit, in place; the others stay as they are."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer, max_norm=1.5):
            before = embedding.weight.detach().clone()
            with torch.no_grad():
                embedding.weight[-1] = 7.0  # long, and looked up by nobody
                embedding(ids := ids.clamp(max=embedding.num_embeddings - 2))
            lengths, used = embedding.weight.norm(dim=1), ids.flatten().unique()
            evidence("as claimed", bool((lengths[used] <= 1.5 * (1 + 1e-6)).all()))
            short = used[before[used].norm(dim=1) < 1.5]
            evidence("as claimed", torch.equal(embedding.weight[short], before[short]))
            evidence("outside the condition", lengths[-1].item() > 1.5)
            assert bool((embedding.weight[-1] == 7.0).all())
        exact = layer.from_pretrained(torch.tensor([[3.0, 4.0]]), max_norm=5.0)
        assert exact(torch.tensor([0])).tolist() == [
            [3.0, 4.0]
        ]  # at most, and not: less than


@proves("C7", "holds")
def test_c07(evidence):
    """norm_type is the p; 2 by default; and nothing without max_norm."""
    for layer in EMBEDDINGS:
        for p in (1.0, 2.0, 3.0, inf):
            for embedding, ids in lookups(layer, max_norm=1.5, norm_type=p):
                rows = embedding.weight.detach()[ids].clone()
                length = torch.linalg.vector_norm(rows, p, dim=-1, keepdim=True)
                wanted = torch.where(length > 1.5, rows * 1.5 / length, rows)
                evidence("as claimed", near(embedding(ids), wanted))
            for embedding, ids in lookups(layer, norm_type=p):
                rows = embedding.weight.detach()[ids].clone()
                evidence("as claimed", torch.equal(embedding(ids), rows))
        assert layer(1, 1).norm_type == 2


@proves("C8", "does not hold")
def test_c08(evidence):
    """The same word is scaled differently in different batches: by one over its count in each."""

    def scale(batch, word):
        scaled, plain = (
            nn.Embedding(5, 3, scale_grad_by_freq=way) for way in (True, False)
        )
        scaled(batch).sum().backward()
        plain(batch).sum().backward()
        return (scaled.weight.grad[word] / plain.weight.grad[word])[0].item()

    # A frequency in a dictionary belongs to the word: it would be the same in both batches.
    evidence("counterexample", scale(torch.tensor([2, 1]), 2) == 1.0)
    evidence(
        "counterexample", scale(torch.tensor([2, 2, 2, 1]), 2) == pytest.approx(1 / 3)
    )
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer, scale_grad_by_freq=True):
            plain = nn.Embedding.from_pretrained(
                embedding.weight.detach().clone(), freeze=False
            )
            vectors = embedding(ids)
            upstream = torch.randn_like(vectors)
            vectors.backward(upstream)
            plain(ids).backward(upstream)
            count = torch.bincount(ids.flatten(), minlength=embedding.num_embeddings)
            wanted = plain.weight.grad / count.clamp(min=1).unsqueeze(1)
            evidence("corrected", near(embedding.weight.grad, wanted))


@proves("C9", "holds")
def test_c09(evidence):
    """V × D numbers from N(0, 1), whatever V and D are; a Linear's depend on its width."""
    for layer in EMBEDDINGS:
        for rows, width in ((100, 1000), (1000, 100), (10_000, 64), (64, 10_000)):
            torch.manual_seed(rows)
            weight = layer(rows, width).weight.detach()
            evidence("as claimed", weight.numel() == rows * width)
            # Kolmogorov's distance to the normal distribution: below 2 / √n but once in 1500 draws.
            ordered = weight.flatten().double().sort().values
            share = torch.arange(1, len(ordered) + 1) / len(ordered)
            normal = 0.5 * (1 + torch.erf(ordered / sqrt(2)))
            distance = (share - normal).abs().max().item()
            evidence("as claimed", distance < 2 / sqrt(len(ordered)))
    for width in (100, 10_000):
        assert nn.Linear(width, 64).weight.std().item() == pytest.approx(
            1 / sqrt(3 * width), rel=0.05)  # fmt: skip


@proves("C10", "holds")
def test_c10(evidence):
    """A lookup is a choice of rows, but for negative indices."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer):
            evidence("as claimed", torch.equal(embedding(ids), embedding.weight[ids]))
            assert torch.equal(
                embedding.weight[-1], embedding.weight[embedding.num_embeddings - 1]
            )
            assert fails(IndexError, embedding, torch.tensor([-1]))


@proves("C11", "incomplete")
def test_c11(evidence):
    """The six are parameters; weight is an attribute; sparse, device and dtype are not listed."""
    listed = {"num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type",
              "scale_grad_by_freq"}  # fmt: skip
    for layer in EMBEDDINGS:
        names = set(inspect.signature(layer).parameters)
        evidence("as claimed", listed < names and "weight" not in names)
        evidence("as claimed", isinstance(layer(3, 5).weight, nn.Parameter))
        public = {name for name in names if not name.startswith("_")}
        evidence("left out", public - listed == {"sparse", "device", "dtype"})


@proves("C12", "does not hold")
def test_c12(evidence):
    """Whether from_pretrained's layer is trained, freeze decides, and not the matrix."""

    def trained(matrix, **options):
        embedding = nn.Embedding.from_pretrained(matrix, **options)
        score = nn.Linear(matrix.shape[1], 1)
        optimizer = torch.optim.SGD(
            [*embedding.parameters(), *score.parameters()], lr=0.1
        )
        before = embedding.weight.detach().clone()
        score(embedding(torch.tensor([0, 1]))).sum().backward()
        optimizer.step()
        return not torch.equal(embedding.weight, before)

    for seed in range(5):
        torch.manual_seed(seed)
        marked, unmarked = torch.rand(3, 5, requires_grad=True), torch.rand(3, 5)
        evidence("counterexample", not trained(marked))
        evidence("counterexample", trained(unmarked, freeze=False))
        for matrix in (marked, unmarked):
            evidence(
                "corrected", not trained(matrix) and not trained(matrix, freeze=True)
            )
            evidence("corrected", trained(matrix, freeze=False))


@proves("C13", "depends")
def test_c13(evidence):
    """On one made task; real text is another matter, of which this says nothing."""

    def accuracies(seed, start, labelled):
        """After 20 and 200 steps. Sentences of five good or bad words; the majority decides."""
        torch.manual_seed(seed)
        mood = torch.randint(2, (200,)) * 2 - 1
        sentences = torch.randint(200, (labelled + 1000, 5))
        label = (mood[sentences].sum(dim=1) > 0).float()
        noise = torch.randn(200, 8)
        vectors = {"random": noise, "fitting": (noise + mood.unsqueeze(1)) / sqrt(2)}
        vectors["misplaced"] = vectors["fitting"][torch.randperm(200)]
        embedding = nn.Embedding.from_pretrained(vectors[start], freeze=False)
        score = nn.Linear(8, 1)
        optimizer = torch.optim.Adam(
            [*embedding.parameters(), *score.parameters()], lr=0.01
        )
        for step in range(1, 201):
            optimizer.zero_grad()
            scores = score(embedding(sentences[:labelled]).mean(dim=1)).squeeze(1)
            F.binary_cross_entropy_with_logits(scores, label[:labelled]).backward()
            optimizer.step()
            if step in (20, 200):
                scores = score(embedding(sentences[labelled:]).mean(dim=1)).squeeze(1)
                yield ((scores > 0) == label[labelled:].bool()).float().mean().item()

    def mean(start, labelled):
        return torch.tensor(
            [[*accuracies(seed, start, labelled)] for seed in range(3)]
        ).mean(dim=0)

    few, early, late = {}, {}, {}
    for start in ("random", "fitting", "misplaced"):
        few[start] = mean(start, labelled=30)[1].item()
        early[start], late[start] = mean(start, labelled=2000).tolist()
    for result in (few, early):
        evidence("as claimed", result["fitting"] > result["random"] + 0.15)
        evidence("otherwise", result["misplaced"] < result["random"] + 0.1)
    evidence("otherwise", min(late.values()) > 0.97)  # with many labels all end alike


# ---------------------------------------------------------------------------------------- 2 Linear


@proves("C14", "holds with a condition")
def test_c14(evidence):
    """Linear without the bias; with it affine."""
    for layer in LINEARS:
        for bias in (False, True):
            for linear, x in products(layer, bias=bias):
                other, zero = torch.randn_like(x), torch.zeros_like(x)
                assert linear(x).shape == (*x.shape[:-1], linear.out_features)
                middle = linear((x + other) / 2)
                assert near(
                    middle, (linear(x) + linear(other)) / 2
                )  # affine, either way
                if not bias:
                    evidence(
                        "as claimed", near(linear(x + other), linear(x) + linear(other))
                    )
                    evidence("as claimed", near(linear(-3 * x), -3 * linear(x)))
                elif x.numel():
                    together, apart = linear(x + other), linear(x) + linear(other)
                    evidence("outside the condition", not near(together, apart))
                    evidence(
                        "outside the condition", near(apart - together, linear(zero))
                    )
                    evidence(
                        "outside the condition",
                        bool((linear(zero) == linear.bias).all()),
                    )


@proves("C15", "incomplete")
def test_c15(evidence):
    """The three are there; device and dtype are too."""
    listed = {"in_features", "out_features", "bias"}
    for layer in LINEARS:
        parameters = inspect.signature(layer).parameters
        evidence(
            "as claimed",
            listed < set(parameters) and parameters["bias"].default is True,
        )
        evidence("left out", set(parameters) - listed == {"device", "dtype"})


@proves("C16", "holds")
def test_c16(evidence):
    """The formula, on any shape; and the two printed outputs from the two runs."""
    for layer in LINEARS:
        for linear, x in products(layer):
            by_hand = x @ linear.weight.T + linear.bias
            evidence("as claimed", torch.allclose(linear(x), by_hand, atol=1e-12))
    printed = {output.cell: output for output in source.printed()}
    for cell, embeddings in ((51, 3), (28, 1)):
        torch.manual_seed(1)
        for _ in range(embeddings):
            nn.Embedding(3, 5)
        torch.rand(3, 5)
        linear, x = nn.Linear(3, 5), torch.rand(3)
        for y in (linear(x), x @ linear.weight.T + linear.bias):
            evidence("as claimed", source.rows(y) == printed[cell].rows)


@proves("C17", "holds with a condition")
def test_c17(evidence):
    """Only a Parameter may take the weight's place; but of any shape, as the next call finds."""
    for linear, x in products(nn.Linear):
        old = linear.weight
        new = torch.rand_like(old)
        evidence("as claimed", fails(TypeError, setattr, linear, "weight", new))
        evidence("as claimed", linear.weight is old)
        linear.weight = nn.Parameter(new)
        evidence("as claimed", near(linear(x), x @ new.T + linear.bias))
        if linear.in_features != linear.out_features:
            linear.weight = nn.Parameter(new.T.clone())  # nobody objects
            evidence("outside the condition", fails(RuntimeError, linear, x))
    note = nn.Linear(3, 5)
    note.weight = nn.Parameter(torch.rand(3, 5, requires_grad=True))
    evidence("outside the condition", fails(RuntimeError, note, torch.rand(3)))


# ------------------------------------------------------------------------------ 3 the two compared


@proves("C18", "holds with a condition")
def test_c18(evidence):
    """Fractions for Linear only; but a vocabulary is as fixed for Linear as for Embedding."""
    for rows, width in ((3, 5), (10, 4), (100, 8)):
        torch.manual_seed(rows)
        embedding, linear = nn.Embedding(rows, width), nn.Linear(rows, width)
        ids = torch.randint(rows, (1000,))
        evidence("as claimed", fails(RuntimeError, embedding, ids + 0.5))
        evidence("as claimed", len(embedding(ids).unique(dim=0)) <= rows)
        evidence(
            "as claimed", len(linear(torch.rand(1000, rows)).unique(dim=0)) == 1000
        )
        words = one_hot(ids, num_classes=rows, dtype=torch.float32)
        evidence("as claimed", linear(words).shape == (1000, width))

        one_word_more = one_hot(ids, num_classes=rows + 1, dtype=torch.float32)
        evidence("outside the condition", fails(RuntimeError, linear, one_word_more))
        evidence(
            "outside the condition",
            words.nbytes == 1000 * rows * 4 and ids.nbytes == 8000,
        )


@proves("C19", "holds with a condition")
def test_c19(evidence):
    """Equal outputs and gradients, with the weight transposed and no bias; not at the same price."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer):
            linear = nn.Linear(*embedding.weight.shape, bias=False)
            with torch.no_grad():
                linear.weight.copy_(embedding.weight.T)
            hot = F.one_hot(ids, num_classes=embedding.num_embeddings).float()
            vectors, outputs = embedding(ids), linear(hot)
            evidence("as claimed", torch.equal(vectors, outputs))
            upstream = torch.randn_like(vectors)
            vectors.backward(upstream)
            outputs.backward(upstream)
            evidence("as claimed", near(embedding.weight.grad, linear.weight.grad.T))
            evidence(
                "as claimed",
                compare(embedding, linear_from_embedding(embedding), ids).equal,
            )

            biased = nn.Linear(*embedding.weight.shape)
            with torch.no_grad():
                biased.weight.copy_(embedding.weight.T)
            if ids.numel():
                evidence("outside the condition", not near(biased(hot), embedding(ids)))
            assert (
                hot.nbytes == ids.numel() * embedding.num_embeddings * 4
            )  # grows with V

        ids = torch.tensor([0, 2, 2, 1])
        padded, scaled = (
            layer(3, 5, padding_idx=2),
            layer(3, 5, scale_grad_by_freq=True),
        )
        # compare() keeps the pad from teaching; a Linear left to itself would teach it.
        padding = compare(padded, linear_from_embedding(padded), ids)
        evidence("as claimed", padding.equal)
        evidence("outside the condition", bool(padding.pad_grad.any()))
        scaling = compare(scaled, linear_from_embedding(scaled), ids)
        evidence(
            "outside the condition",
            scaling.output_difference == 0 and not scaling.equal,
        )


@proves("C20", "holds")
def test_c20(evidence):
    """A broken row harms no lookup of the others, but every product."""
    for layer in EMBEDDINGS:
        for embedding, ids in lookups(layer):
            ids = ids.clamp(max=embedding.num_embeddings - 2)
            rows = embedding.weight.detach()[ids].clone()
            with torch.no_grad():
                embedding.weight[-1] = float("nan")
            evidence("as claimed", torch.equal(embedding(ids), rows))
            hot = one_hot(
                ids, num_classes=embedding.num_embeddings, dtype=torch.float32
            )
            evidence("as claimed", bool((hot @ embedding.weight).isnan().all()))
    for layer in LINEARS:
        for linear, x in products(layer, bias=False):
            evidence(
                "as claimed", torch.allclose(linear(x), x @ linear.weight.T, atol=1e-12)
            )


# ------------------------------------------------------------------------------------- the page

BOOK = Book(ROOT)


def test_every_row_says_what_its_test_proves():
    fail_with(list(unproved(source.claims("en"), PROOFS, globals())))


def test_twenty_claims_in_order():
    claims = source.claims("en")
    assert [claim.id for claim in claims] == [f"C{n}" for n in range(1, 21)]
    assert list(source.sections()) == list(
        dict.fromkeys(claim.section for claim in claims)
    )


def test_the_verdicts_are_the_known_ones():
    assert set(source.verdicts("en")) == set(KINDS)
    words = source.verdicts("zh")
    assert len(words) == len(KINDS) and all(words.values())


def test_both_languages_say_something():
    for one, other in zip(source.claims("zh"), source.claims("en"), strict=True):
        assert (one.id, one.shown) == (other.id, other.shown)
        assert all((one.claim, one.finding, other.claim, other.finding)), one.id
        assert one.claim != other.claim and one.finding != other.finding, one.id


def code_in_section(page, anchor):
    """The code cells from the anchor to the next heading of its level or a higher one, or None."""
    level, found = None, []
    for cell in page.cells:
        for heading in cell.headings:
            if level is not None and heading.level <= level:
                return found
            if heading.anchor == anchor:
                level = heading.level
        if level is not None and cell.type == "code":
            found.append(cell)
    return None if level is None else found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_leads_to_cells_that_ran(language):
    problems = []
    for claim in source.claims(language):
        for link in claim.shown:
            file, _, anchor = link.partition("#")
            page = BOOK.pages[language].get(file.removesuffix(".ipynb"))
            cells = page and code_in_section(page, anchor)
            if cells is None:
                problems.append(
                    f"{claim.id}: book/{language}/{file} has no heading {anchor!r}"
                )
            elif not any(cell.executed and cell.outputs for cell in cells):
                problems.append(
                    f"{claim.id}: nothing is run in {link}, book/{language}"
                )
    fail_with(problems)


def test_the_tables_on_the_page_are_those_of_the_claims():
    done = subprocess.run([sys.executable, ROOT / "tools" / "source_check.py", "--check"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr


# --------------------------------------------------------------- that all this can fail, and does


def row(verdict, name="C1"):
    return [source.claims("en")[int(name[1:]) - 1]._replace(verdict=verdict)]


def declare(proof, verdict, said=None):
    return proves("C1", verdict, [], lambda language: row(said or verdict))(proof)


@pytest.mark.parametrize("verdict", KINDS)
def test_a_proof_with_all_its_evidence_passes(verdict):
    declare(
        lambda evidence: [evidence(kind, True) for kind in KINDS[verdict]], verdict
    )()


@pytest.mark.parametrize("verdict", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_row_that_says_another_verdict_fails(verdict, other):
    if verdict != other:

        def proof(evidence):
            for kind in KINDS[verdict]:
                evidence(kind, True)

        with pytest.raises(AssertionError, match="the page says"):
            declare(proof, verdict, said=other)()
        with pytest.raises(AssertionError, match="do not prove"):
            declare(proof, other)()


def test_a_fact_that_is_not_so_fails():
    with pytest.raises(AssertionError, match="it is not so"):
        declare(lambda evidence: evidence("as claimed", False), "holds")()
    with pytest.raises(AssertionError, match="no True or False"):
        declare(lambda evidence: evidence("as claimed", torch.ones(3)), "holds")()
    with pytest.raises(AssertionError, match="do not prove"):
        declare(lambda evidence: None, "holds")()


def test_a_row_without_its_one_running_test_is_named():
    def test_c01():
        pass

    def problem(proofs, collected, verdict="holds"):
        return "\n".join(unproved(row(verdict), proofs, collected))

    declared, collected = ("C1", "holds", test_c01), {"test_c01": test_c01}
    assert problem([declared], collected) == ""
    assert "has 0 tests" in problem([], {})
    assert "has 2 tests" in problem([declared, declared], collected)
    assert "the page says 'depends'" in problem([declared], collected, "depends")
    assert "is not run" in problem([declared], {})
    assert "no row on the page" in problem(
        [declared, ("C21", "holds", test_c01)], collected
    )
    assert "take its marks away" in problem(
        [("C1", "holds", marked := pytest.mark.skip(test_c01))], {"test_c01": marked})  # fmt: skip
