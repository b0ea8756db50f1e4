"""How arrays of a kernel and of its twin are compared."""

import numpy as np
from numpy.typing import NDArray

Arrays = NDArray[np.generic] | tuple[NDArray[np.generic], ...]


def assert_same(found: Arrays, expected: Arrays) -> None:
    """Same dtype, shape and values; floats may differ by 1e-5."""
    if isinstance(found, tuple):
        assert isinstance(expected, tuple)
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert_same(a, b)
        return
    assert isinstance(expected, np.ndarray)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if np.issubdtype(found.dtype, np.floating):
        np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, expected)
