"""The spammer's own site: what was the article, and most links, are spam lines; menus, dates and footer stay."""

from random import Random
from typing import Final

from moderation.train.generate.compose import Form
from moderation.train.generate.draft import CONTENT, Draft, Row
from moderation.train.generate.inject import Campaign, start_campaign
from moderation.train.generate.stock import Stock

LEAST: Final = 4
"""A page needs so many lines to be taken for a site."""
LINES: Final = (6, 10, 20, 40, 80)


def takeover(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Title, article and links become a campaign's; some of the menu does."""
    if len(draft.rows) < LEAST:
        return False
    campaign = start_campaign(draft, rng, stock)
    share = {CONTENT: 1.0, "related": rng.choice((0.5, 0.9, 1.0)), "nav": rng.choice((0.0, 0.1, 0.4))}
    at = min(draft.places(CONTENT, "related") or [len(draft.rows)])
    for i, row in enumerate(draft.rows):
        if rng.random() < share.get(row.label or "", 0.0):
            draft.rows[i] = spam_row(campaign, "menu" if row.label == "nav" else "line")
    rows = [spam_row(campaign, "line") for _ in range(rng.choice(LINES))]
    draft.rows[at:at] = rows
    return True


def spam_row(campaign: Campaign, form: Form) -> Row:
    """A line of the campaign's label, a quarter of them short terms."""
    short = campaign.rng.random() < 0.25 and form == "line"
    return Row(campaign.new_term() if short else campaign.text(form), campaign.label)
