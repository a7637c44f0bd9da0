"""Where Embedding and Linear over one-hot vectors are equal, and where they part.

    python -m embedlinear.atlas                                   # torch.nn's layers
    python -m embedlinear.atlas mypackage.MyEmbedding mypackage.MyLinear    # yours

Each situation (``situations.py``) builds ``Embedding(V, D)`` and ``Linear(V, D,
bias=False)`` with the transposed weight, runs both on the same words, and compares
outputs, gradients, and the weights after twenty steps, in several sizes; the worst
verdict counts. Situations are written down, verdicts are computed (``engine.py``).
"""

from embedlinear.atlas.engine import SIZES, STAGES, Size, Verdict, judge, kinds
from embedlinear.atlas.situations import SITUATIONS

__all__ = [
    "SITUATIONS",
    "SIZES",
    "STAGES",
    "Size",
    "Verdict",
    "atlas",
    "judge",
    "kinds",
]


def atlas(embedding=None, linear=None, names=SITUATIONS, sizes=None):
    """The verdicts ``{name: {stage: Verdict}}`` on two classes, or on torch.nn's.

    The classes are called as torch.nn's are. ``names``: of the situations to judge.
    """
    classes = embedding, linear
    return {name: judge(SITUATIONS[name], *classes, sizes=sizes) for name in names}
