"""Compiled functions over arrays: all that is done for every character or line."""

from moderation.process import hidden, is_ours

if is_ours():
    # With its first kernel, numba looks for the linear algebra of SciPy, which is a fifth of the start, and which no
    # kernel of ours uses. In another program it may look: the kernels of others may multiply matrices.
    with hidden("scipy.linalg"):
        import numba.np.arraymath  # noqa: F401
