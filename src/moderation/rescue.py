"""Good lines that spam was put into, and that are taken for spam as a whole: content after all, with a span to cut.

`县医院招聘简章-爱金桥app官网登录入口` is a title with a brand behind it. Both stages see the line and find spam; the
tagger sees where it is, and the first stage what is left without it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.runs import REST_KEEP
from moderation.labels import CONTENT, FAMILIES
from moderation.lines import Lines
from moderation.model.model import LineModel, SpanModel
from moderation.spans import FAMILY, candidate_runs, run_scores
from moderation.text.tables import Tables

SPAM: Final = FAMILIES.index("spam")
CERTAIN: Final = 0.95
"""A line that is more likely spam than this is not looked through: most are such, and next to none can be rescued."""
SURE: Final = 0.8
"""The least score of the run. A span needs less; with this, policies with a higher threshold for spans cut it, too."""
GOOD: Final = 0.8
"""The least probability that the first stage gives the rest for content."""
SHORTEST: Final = 8
"""Characters that have to be left, and no fewer than are cut."""
RESCUED: Final = np.float32(0.75)
"""The probability of content that such a line gets."""


def rescue(
    lines: Lines, probabilities: NDArray[np.float32], model: LineModel, spans: SpanModel, tables: Tables
) -> NDArray[np.float32]:
    """The probabilities; those of lines with a single run of spam and a good rest are changed, in a copy."""
    length = np.diff(lines.fold_start)
    chosen = np.flatnonzero((probabilities[:, CONTENT] < 0.5) & (length >= 2 * SHORTEST) & ~lines.blank)
    likeliest = probabilities[chosen].argmax(1)  # of few lines: it takes longer than all that is asked before
    chosen = chosen[(FAMILY[likeliest] == SPAM) & (probabilities[chosen, likeliest] <= CERTAIN)]
    if not chosen.size:
        return probabilities
    runs, facts, _ = candidate_runs(lines, chosen, model, spans, tables)
    spam = runs[:, 3] == SPAM
    line, cut = runs[:, 0], runs[:, 2] - runs[:, 1]
    left = length[line] - cut
    alone = np.bincount(line[spam], minlength=probabilities.shape[0])[line] == 1
    good = facts[:, REST_KEEP] >= np.log(GOOD / (1 - GOOD)) / 4
    found = spam & alone & good & (run_scores(facts, spans) >= SURE) & (left >= np.maximum(cut, SHORTEST))
    saved = line[found]
    out = probabilities.copy()
    out[saved] *= ((1 - RESCUED) / (1 - out[saved, CONTENT]))[:, None]
    out[saved, CONTENT] = RESCUED
    return out
