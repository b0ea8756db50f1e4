"""Policies that requests may use: the built-in ones, the service's own, and rules sent along."""

from dataclasses import replace

from moderation.errors import PolicyError
from moderation.policy import BUILT_IN, Policy, built_in, derived
from moderation.service.errors import pointer
from moderation.service.requests import invalid
from moderation.service.schemas import Judging, PolicyRequest, RuleRequest


def asked_policy(request: Judging, default: Policy) -> Policy:
    """The policy of a request. Raises Problem 422."""
    asked = request.policy
    if asked is None:
        policy = default
    elif isinstance(asked, str):
        policy = named(asked, default, pointer("policy"))
    else:
        policy = made(asked, default)
    if request.repair is None or request.repair == policy.repair:
        return policy
    return replace(policy, repair=request.repair)


def known(default: Policy) -> list[Policy]:
    """All that a request can name, the service's own first; files on the server can't be named."""
    return [default, *(built_in(name) for name in BUILT_IN if name != default.name)]


def named(name: str, default: Policy, place: str) -> Policy:
    """A policy by name."""
    for policy in known(default):
        if policy.name == name:
            return policy
    names = ", ".join(policy.name for policy in known(default))
    raise invalid([(place, f"no policy {name!r}; known policies: {names}; or send an object with rules")])


def made(asked: PolicyRequest, default: Policy) -> Policy:
    """A policy from rules."""
    base = named(asked.base, default, pointer("policy", "base"))
    rules = tuple(
        (label, row if isinstance(row, RuleRequest) else RuleRequest(action=row)) for label, row in asked.rules.items()
    )
    try:
        return derived(
            base,
            name=asked.name,
            actions={label: rule.action for label, rule in rules if rule.action is not None},
            thresholds={label: rule.threshold for label, rule in rules if rule.threshold is not None},
            threshold=asked.threshold,
            span_threshold=asked.span_threshold,
            repair=asked.repair,
        )
    except PolicyError as error:
        raise invalid([(pointer("policy", "rules", "content"), str(error))]) from None
