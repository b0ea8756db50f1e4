"""What serves: a model under its policies. Prepared beside the one that serves, and checked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from moderation.model.store import load_model
from moderation.moderate import Moderator
from moderation.policy import Policy, load_policy
from moderation.service.selfcheck import check


@dataclass(frozen=True, slots=True)
class Serving:
    """moderator: for requests that name no policy. moderations: for /v1/moderations. since: RFC 3339, UTC."""

    moderator: Moderator
    moderations: Moderator
    generation: int
    since: str

    def under(self, policy: Policy) -> Moderator:
        """The model under another policy."""
        return self.moderator if policy is self.moderator.policy else self.moderator.with_policy(policy)


def prepare(model: str, policy: str, moderations_policy: str, generation: int) -> Serving:
    """Load and check; takes a moment. Raises ModerationError that says why it can't serve."""
    moderator = Moderator(load_model(model, mapped=True), load_policy(policy))
    check(moderator.model)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Serving(moderator, moderator.with_policy(moderations_policy), generation, now)
