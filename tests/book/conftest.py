"""Every test of the book's package starts in English and leaves no figure behind."""

import matplotlib.pyplot as plt
import pytest

from embedlinear.book import use_language


@pytest.fixture(autouse=True)
def english():
    plt.switch_backend("agg")
    use_language("en")
    yield
    use_language("en")
    plt.close("all")
