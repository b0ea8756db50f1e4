"""What the service takes and gives, for requests to be checked by and for the OpenAPI page to tell.

Answers are not built from these: they are the verdicts records of records.py, and a test holds the two together.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, RootModel

from moderation.labels import NAMES

LabelName: TypeAlias = Literal[
    "content", "meta", "nav", "widget", "related", "footer", "adult", "gambling", "illicit", "promo", "seo", "noise"
]
ActionName: TypeAlias = Literal["keep", "flag", "drop"]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
assert LabelName.__args__ == NAMES  # type: ignore[attr-defined]


class Request(BaseModel):
    """Base of requests: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class RuleRequest(Request):
    """What is done with a label, from which probability of junk on."""

    action: ActionName | None = None
    threshold: Share | None = None


class PolicyRequest(Request):
    """A built-in policy with some rules of your own."""

    base: Annotated[str, Field(description="A policy's name")] = "default"
    name: Annotated[str, Field(min_length=1, max_length=64, description="Stands in the verdicts")] = "custom"
    rules: Annotated[dict[LabelName, RuleRequest | ActionName], Field(description="By label")] = {}
    threshold: Annotated[Share | None, Field(description="For every label whose rule has none")] = None
    span_threshold: Annotated[Share | None, Field(description="For junk inside kept lines")] = None
    repair: Annotated[bool | None, Field(description="Whether damage is mended")] = None


class Judging(Request):
    """What every request for judging may say."""

    policy: Annotated[
        str | PolicyRequest | None,
        Field(description="A policy's name, or rules; the service's own where it is left out"),
    ] = None
    repair: Annotated[bool | None, Field(description="Mend damage, or don't, whatever the policy says")] = None
    explain: Annotated[bool, Field(description="Say of each line why")] = False


class CleanRequest(Judging):
    """One text."""

    text: Annotated[str, Field(description="The page; lines end in \\n or \\r\\n")]
    id: Annotated[str | None, Field(max_length=2048, description="Yours; comes back as `document`")] = None
    keep: Annotated[bool, Field(description="False: not kept, even where the service keeps verdicts")] = True


class SpanAnswer(Answer):
    """Junk inside a kept line, at code points [start, end) of the original text."""

    start: int
    end: int
    label: LabelName
    score: Share
    action: ActionName


class WordAnswer(Answer):
    """A word that moved the log odds of its line's label by `weight`."""

    word: str
    start: int
    end: int
    weight: float


class AloneAnswer(Answer):
    """What a line was taken for before its neighbours were looked at."""

    label: LabelName
    score: Share


class FoldedAnswer(Answer):
    """`text`, at [start, end), was read as `read`."""

    start: int
    end: int
    text: str
    read: str


class WhyAnswer(Answer):
    """The reasons for a line's label."""

    words: list[WordAnswer]
    alone: AloneAnswer
    folded: list[FoldedAnswer]


class LineAnswer(Answer):
    """The verdict on one line that is not blank."""

    line: int
    start: int
    end: int
    label: LabelName
    score: Share
    junk: Annotated[
        float, Field(ge=0, le=1.0001, description="Probability of all labels that the policy does not keep")
    ]
    action: ActionName
    spans: list[SpanAnswer]
    tricks: Annotated[list[str], Field(description="Of spam alone: how it hides from filters")]
    probabilities: Annotated[dict[LabelName, Share] | None, Field(description="With `explain`")] = None
    why: Annotated[WhyAnswer | None, Field(description="With `explain`")] = None


class RemovedAnswer(Answer):
    """`text`, at [start, end) of the original, was cut; `at` is its place in the clean text."""

    start: int
    end: int
    at: int
    text: str


class RepairAnswer(Answer):
    """`before`, at [start, end) of the original, stands as `after` in the clean text, at `at`."""

    start: int
    end: int
    at: int
    before: str
    after: str
    kind: str


class DamageAnswer(Answer):
    """`text`, at [start, end) of the original, is damaged and was kept as it is."""

    start: int
    end: int
    text: str


class FlagAnswer(Answer):
    """How much of the text has a label that the policy drops or flags."""

    lines: int
    chars: int


class CleanAnswer(Answer):
    """The clean text and its record."""

    id: Annotated[str, Field(description="Of this verdict; feedback names it")]
    document: Annotated[str | None, Field(description="The request's `id`")] = None
    clean: str
    flagged: bool
    lines: list[LineAnswer]
    removed: list[RemovedAnswer]
    repairs: list[RepairAnswer]
    damage: list[DamageAnswer]
    flags: dict[LabelName, FlagAnswer]
    model: str
    policy: str
    clean_digest: str


class FieldProblem(Answer):
    """A bad field: `pointer` is a JSON pointer (RFC 6901) into the body."""

    pointer: str
    detail: str


class ClientError(Answer):
    """What clients of OpenAI's API look at."""

    message: str
    type: str
    code: str


class ProblemAnswer(Answer):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    advice: str
    errors: list[FieldProblem] | None = None
    request_id: str | None = None
    line: Annotated[int | None, Field(description="Of a batch, from 1")] = None
    error: Annotated[ClientError | None, Field(description="Of `/v1/moderations`")] = None


class BatchLine(RootModel[CleanAnswer | ProblemAnswer]):
    """One line of a batch's answer, in the place of the line it answers."""


class TextPart(Request):
    """A part of an input."""

    type: Literal["text"]
    text: str


class ModerationsRequest(BaseModel):
    """As OpenAI's moderation API has it."""

    model_config = ConfigDict(extra="ignore", strict=True)

    input: str | list[str] | list[TextPart]
    model: Annotated[str | None, Field(description="Taken, and left alone: the service has one model")] = None


class ModerationAnswer(Answer):
    """One text: by category, whether it is flagged and how probable it is."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, Share]
    category_applied_input_types: dict[str, list[Literal["text"]]]


class ModerationsAnswer(Answer):
    """One result a text."""

    id: str
    model: str
    results: list[ModerationAnswer]


class LabelAnswer(Answer):
    """A row of the label table."""

    name: LabelName
    code: str
    family: Literal["keep", "chrome", "spam", "noise"]
    default_action: ActionName


class LabelsAnswer(Answer):
    """The label table."""

    labels: list[LabelAnswer]


class RuleAnswer(Answer):
    """What is done with a label."""

    action: ActionName
    threshold: Share


class PolicyAnswer(Answer):
    """A policy, whole."""

    name: str
    description: str
    default: Annotated[bool, Field(description="Whether requests that name none get it")]
    rules: dict[LabelName, RuleAnswer]
    span_threshold: Share
    repair: bool


class PoliciesAnswer(Answer):
    """All policies that a request can name."""

    policies: list[PolicyAnswer]


class ModelAnswer(Answer):
    """What serves now."""

    model: Annotated[str, Field(description="name@digest, as it stands in every verdict")]
    policy: str
    generation: Annotated[int, Field(description="Goes up with each swap")]
    since: Annotated[str, Field(description="When it began to serve (RFC 3339, UTC)")]
    digest: str
    card: Annotated[str, Field(description="The model card, Markdown")]
    metrics: dict[str, Any]
    training: list[dict[str, Any]]
    previous: Annotated[str | None, Field(description="What a rollback would bring back")] = None


class SwapRequest(Request):
    """What is to serve from now on; what is left out stays."""

    model: Annotated[str | None, Field(description="A shipped model's name, or a folder on the server")] = None
    policy: Annotated[str | None, Field(description="A built-in policy's name, or a TOML file on the server")] = None


class SwapAnswer(Answer):
    """What serves now, and how many of the processes do."""

    model: str
    policy: str
    generation: int
    previous: str | None
    workers: Annotated[int, Field(description="Processes of the service")]
    swapped: Annotated[int, Field(description="Of them, those that have swapped already; the others follow")]


class StateAnswer(Answer):
    """Whether all is well."""

    status: str
