"""Second pass of --site-lines: what the sites' other pages say about a line, as evidence for the moderator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.crawl.highlights import host_of
from moderation.crawl.site_count import keys_of, site_key
from moderation.crawl.site_table import LEAST, MOST, SiteTable
from moderation.lines import Lines

STRONG: Final = 12.0
"""Log odds against content of a line that stands on most pages of its site: it goes, however much it reads like prose,
unless the model gives more than 99.999 % for content."""
SHORT: Final = 8
"""A shorter line needs a repeated neighbour. Headings such as "Ingredients" are repeated, too, but stand between lines
of their own page, where entries of a menu stand among others."""
COPY: Final = 0.9
"""A page of which so large a part stands on other pages is a copy of one, or has nothing of its own; nothing tells then
what of it is chrome, and it is judged by itself."""


@dataclass(frozen=True, slots=True)
class SiteEvidence:
    """Evidence for Moderator.clean_many about documents with these addresses."""

    table: SiteTable
    urls: Sequence[str | None]

    def __call__(self, lines: Lines, first: int) -> NDArray[np.float32]:
        """Log odds against content of each line, float32 (n,). first: which document the batch begins with."""
        keys = keys_of(lines)
        out = np.zeros(keys.size, np.float32)
        size = np.diff(lines.fold_start)
        for n, (a, b) in enumerate(zip(lines.first_line[:-1].tolist(), lines.first_line[1:].tolist(), strict=True)):
            site = site_key(host_of(self.urls[first + n]))
            if site:
                share = self.table.shares(site, keys[a:b])
                if share.any() and size[a:b][share > 0].sum() <= COPY * size[a:b].sum():
                    out[a:b] = strength(share) * ~lone(size[a:b], share)
        return out


def lone(size: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Short lines of which neither neighbour is repeated."""
    seen = np.flatnonzero(size)
    repeated = np.zeros(seen.size + 2, np.bool_)
    repeated[1:-1] = share[seen] > 0
    out = np.zeros(size.size, np.bool_)
    out[seen] = (size[seen] < SHORT) & ~(repeated[:-2] | repeated[2:])
    return out


def strength(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nothing for lines on fewer than LEAST of the other pages, STRONG from MOST on."""
    return STRONG * ((share - LEAST) / (MOST - LEAST)).clip(0, 1)
