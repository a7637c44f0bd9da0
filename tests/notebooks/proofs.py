"""A verdict on the note must be earned: by one test for each claim, whose evidence adds up to it.

A test is declared with ``@proves("C5", "holds with a condition")`` and is given ``evidence``, to
which it hands what it finds, one fact at a time. It fails if a fact is not so, if the kinds of
evidence are not those of its verdict, or if the page says another verdict than this one.
"""

from embedlinear.book import source

# What must be shown for each verdict, and nothing else: a claim with a counterexample cannot hold.
KINDS = {
    "holds": {"as claimed"},
    "holds with a condition": {"as claimed", "outside the condition"},
    "incomplete": {"as claimed", "left out"},
    "depends": {"as claimed", "otherwise"},
    "does not hold": {"counterexample", "corrected"},
}
PROOFS = []  # (claim, verdict, test), as declared


class Evidence:
    """Collects facts by kind; a fact that is not so fails the test."""

    def __init__(self):
        self.kinds = set()

    def __call__(self, kind, fact):
        # An empty tensor or list would pass for a fact that was never looked at.
        assert isinstance(fact, bool), f"{kind}: {fact!r} is no True or False"
        assert fact, f"{kind}: it is not so"
        self.kinds.add(kind)


def proves(claim, verdict, proofs=PROOFS, claims=source.claims):
    """Make a test of a function that takes ``evidence``."""

    def declare(proof):
        def test():
            evidence = Evidence()
            proof(evidence)
            assert evidence.kinds == KINDS[verdict], (
                f"{evidence.kinds} do not prove {verdict!r}"
            )
            said = {row.id: row.verdict for row in claims("en")}.get(claim)
            assert said == verdict, (
                f"{claim}: proved {verdict!r}, but the page says {said!r}"
            )

        test.__name__, test.__doc__ = proof.__name__, proof.__doc__
        test.__module__, test.__qualname__ = proof.__module__, proof.__qualname__
        proofs.append((claim, verdict, test))
        return test

    return declare


def unproved(claims, proofs, collected):
    """Every row of the page that no test proves, or that says more or less than its test does.

    ``collected`` holds the names that pytest will find, each with its function.
    """
    for claim in claims:
        mine = [(verdict, test) for name, verdict, test in proofs if name == claim.id]
        if len(mine) != 1:
            yield f"{claim.id}: has {len(mine)} tests, not one"
            continue
        ((verdict, test),) = mine
        name = f"test_c{int(claim.id[1:]):02}"
        if claim.verdict != verdict:
            yield f"{claim.id}: the page says {claim.verdict!r}, its test proves {verdict!r}"
        if collected.get(name) is not test:
            yield f"{claim.id}: its test is not called {name}, or is not run"
        if getattr(test, "pytestmark", []):
            yield f"{claim.id}: its test may be skipped or may fail; take its marks away"
    for claim in {name for name, _, _ in proofs} - {claim.id for claim in claims}:
        yield f"{claim}: has a test, but no row on the page"
