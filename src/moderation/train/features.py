"""Labelled lines as sparse matrices: the same rows that the serving kernels look up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from moderation.kernel.ngrams import gram_rows
from moderation.kernel.shape import GROUPS, ROWS
from moderation.lines import read_lines
from moderation.text.batch import pack
from moderation.text.tables import Tables


@dataclass(frozen=True, slots=True)
class LineFeatures:
    """grams: CSR (n, 2^bits), counts / sqrt(grams of the line). shapes: CSR (n, shape rows), GROUPS ones a row."""

    grams: sp.csr_matrix
    shapes: sp.csr_matrix


def line_features(lines: Sequence[str], tables: Tables, bits: int) -> LineFeatures:
    """Features of single lines. The lines must not hold line breaks."""
    read = read_lines(pack(lines), tables)
    if read.line_start.size != len(lines):
        raise ValueError("a line holds a line break")
    gram_start = np.concatenate([[0], np.cumsum(read.n_grams)])
    columns = gram_rows(read.folded, read.fold_start, gram_start, bits)
    norm = 1.0 / np.sqrt(np.maximum(read.n_grams, 1))
    grams = sp.csr_matrix(
        (np.repeat(norm, read.n_grams).astype(np.float32), columns, gram_start), (len(lines), 1 << bits)
    )
    grams.sum_duplicates()
    indptr = np.arange(0, read.shape_rows.size + 1, GROUPS)
    ones = np.ones(read.shape_rows.size, np.float32)
    shapes = sp.csr_matrix((ones, read.shape_rows.ravel(), indptr), (len(lines), ROWS))
    return LineFeatures(grams, shapes)
