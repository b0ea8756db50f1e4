"""GET /v1/labels, /v1/policies and /v1/model: what the service works with."""

from fastapi import APIRouter, Depends
from starlette.requests import Request

from moderation.labels import LABELS, NAMES
from moderation.model.card import card
from moderation.policy import Policy
from moderation.service.access import Needs
from moderation.service.core import service_of
from moderation.service.openapi import READING
from moderation.service.policies import known
from moderation.service.schemas import LabelsAnswer, ModelAnswer, PoliciesAnswer

router = APIRouter(tags=["about"], dependencies=[Depends(Needs("clean"))], responses=READING)


@router.get("/v1/labels")
async def labels() -> LabelsAnswer:
    """The label table, in the order of every score."""
    rows = [
        {"name": row.name, "code": row.code, "family": row.family, "default_action": row.default_action}
        for row in LABELS
    ]
    return LabelsAnswer.model_validate({"labels": rows})


@router.get("/v1/policies")
async def policies(request: Request) -> PoliciesAnswer:
    """Every policy that a request can name, with all its rules."""
    default = service_of(request).current.moderator.policy
    return PoliciesAnswer.model_validate({"policies": [row(policy, default) for policy in known(default)]})


def row(policy: Policy, default: Policy) -> dict[str, object]:
    """A policy as JSON values."""
    return {
        "name": policy.name,
        "description": policy.description,
        "default": policy is default,
        "rules": {
            label: {"action": rule.action, "threshold": rule.threshold}
            for label, rule in zip(NAMES, policy.rules, strict=True)
        },
        "span_threshold": policy.span_threshold,
        "repair": policy.repair,
    }


@router.get("/v1/model")
async def model(request: Request) -> ModelAnswer:
    """What serves now: model card, metrics, digest."""
    fleet = service_of(request).fleet
    serving, before = fleet.current, fleet.before
    manifest = serving.moderator.model.manifest
    return ModelAnswer(
        model=serving.moderator.model.id,
        policy=serving.moderator.policy.name,
        generation=serving.generation,
        since=serving.since,
        digest=manifest["digest"],
        card=card(manifest),
        metrics=manifest.get("metrics", {}),
        training=manifest.get("training", []),
        previous=before.model if before else None,
    )
