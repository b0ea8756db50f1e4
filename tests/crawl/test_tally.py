"""The books of a chunk are the sum of its documents'."""

import random

import numpy as np
import pytest

from moderation.crawl.tally import counts_of
from moderation.moderate import Moderator
from moderation.train.corpus import authored_pages

from .conftest import page


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_counts_of_a_chunk_are_those_of_its_kept_documents(moderator: Moderator, share: float) -> None:
    rng = random.Random(5)
    spans = [p for p in authored_pages() if p.spans][:30]
    texts = ["", *(page(rng) for _ in range(200)), "\n\n", "", *(p.text + page(rng) for p in spans), ""]
    # of two calls: not everything in a chunk was decided together
    results = [*moderator.clean_many(texts[:77]), *moderator.clean_many(texts[77:])]
    kept = np.array([rng.random() < share for _ in texts])
    expected = sum((r.counts for r, stays in zip(results, kept, strict=True) if stays), 0 * results[0].counts)
    assert np.array_equal(counts_of(results, kept), expected)
    assert share == 0 or expected[2].sum() > 0, "the example has spans"
