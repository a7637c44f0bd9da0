"""Fixtures: data that is written to a file and loaded, or refused."""

import pytest

from tests.vectors.tables import load


@pytest.fixture
def path(tmp_path):
    return tmp_path / "v"  # the name does not matter


@pytest.fixture
def read(path):
    """The vectors in ``data`` (bytes or str)."""

    def read(data, **options):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return load(path, **options)

    return read


@pytest.fixture
def refused(read):
    """The message for ``data``, which must match ``pattern``."""

    def refused(pattern, data, **options):
        with pytest.raises(ValueError, match=pattern) as caught:
            read(data, **options)
        return str(caught.value)

    return refused
