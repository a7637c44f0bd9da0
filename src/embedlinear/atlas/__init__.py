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

__all__ = ["SITUATIONS", "SIZES", "STAGES", "Size", "Verdict", "judge", "kinds"]
