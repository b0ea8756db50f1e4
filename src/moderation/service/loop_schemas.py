"""What the loop's routes take and give; the fields are explained in docs/loop-api.md."""

from typing import Annotated, Any, Literal

from pydantic import Field

from moderation.service.schemas import ActionName, Answer, LabelName, Request, Share

Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]


class FeedbackRequest(Request):
    """The right label of a line, or of [start, end) of the text."""

    verdict: Annotated[str | None, Field(max_length=64, description="Of a kept verdict")] = None
    text: Annotated[str | None, Field(description="The page, where its verdict was not kept")] = None
    line: Annotated[Offset, Field(description="From 0, over the text split at \\n")]
    label: LabelName
    start: Offset | None = None
    end: Offset | None = None
    document: Annotated[str | None, Field(max_length=2048)] = None
    note: Annotated[str, Field(max_length=2000)] = ""
    who: Annotated[str, Field(max_length=200, description="With keys, the key's name counts")] = ""


class CorrectionAnswer(Answer):
    """A correction that is on the disk."""

    id: str
    created: str
    page: Annotated[str, Field(description="Digest of the page's text")]
    line: int
    text: Annotated[str, Field(description="The line")]
    label: LabelName
    start: int | None
    end: int | None
    found: Annotated[LabelName | None, Field(description="What the model said")]
    verdict: str | None
    document: str | None
    model: str
    policy: str
    who: str
    note: str
    withdrawn: bool


class CorrectionsAnswer(Answer):
    """Corrections, newest first."""

    total: int
    corrections: list[CorrectionAnswer]


class OpinionAnswer(Answer):
    """A label with its probability."""

    label: LabelName
    score: Share


class NeighbourAnswer(Answer):
    """A line of the page beside one in the queue."""

    line: int
    text: str
    label: LabelName
    action: ActionName


class WaitingAnswer(Answer):
    """A line worth a label."""

    verdict: str
    document: str | None
    page: str
    line: int
    start: int
    end: int
    text: str
    label: LabelName
    score: Share
    junk: Annotated[float, Field(ge=0, le=1.0001)]
    action: ActionName
    alone: OpinionAnswer
    candidate: OpinionAnswer | None
    reasons: list[Literal["unsure", "stages", "candidate"]]
    use: Annotated[float, Field(ge=0)]
    seen: int
    before: list[NeighbourAnswer]
    after: list[NeighbourAnswer]


class QueueAnswer(Answer):
    """The lines that are most worth a label, most useful first."""

    lines: list[WaitingAnswer]
    verdicts: int
    lines_kept: int
    labelled: int


class VolumeAnswer(Answer):
    """Lines of one label on one day."""

    lines: int
    chars: int
    dropped: int


class DayAnswer(Answer):
    """One day, UTC."""

    day: str
    labels: dict[LabelName, VolumeAnswer]


class RemovedLineAnswer(Answer):
    """A line that was dropped `count` times."""

    text: str
    label: LabelName
    count: int
    last: str


class StatsAnswer(Answer):
    """What the dashboard shows."""

    days: list[DayAnswer]
    removed: list[RemovedLineAnswer]
    verdicts: int
    corrections: int
    corrected: dict[LabelName, int]


class GateAnswer(Answer):
    """Whether a retrained model kept its figures on the built-in pages."""

    passed: bool
    margin: float
    failed: list[str]
    reference: dict[str, float]
    figures: dict[str, float]


class EntryAnswer(Answer):
    """A model that can serve."""

    name: str
    model: str
    state: Literal["current", "candidate", "previous", "discarded", "old"]
    created: str | None
    base: str | None
    corrections: int | None
    metrics: dict[str, Any]
    gate: GateAnswer | None


class ModelsAnswer(Answer):
    """The models of the folder `candidates`, and the one that the service was started with."""

    current: Annotated[str | None, Field(description="What serves; null where it is none of `models`")]
    serving: Annotated[str, Field(description="Name and digest of what serves")]
    candidate: str | None
    previous: str | None
    models: list[EntryAnswer]


class PromoteRequest(Request):
    """Which model; the candidate unless named."""

    name: Annotated[str | None, Field(max_length=200)] = None
    force: Annotated[bool, Field(description="Although its gate failed")] = False


class DiscardRequest(Request):
    """Which model; the candidate unless named."""

    name: Annotated[str | None, Field(max_length=200)] = None


class RollbackRequest(Request):
    """Nothing can be chosen: it is the model before."""


class SideAnswer(Answer):
    """What one model says of a line; `spans` is what it cuts out of it."""

    label: LabelName
    score: Share
    action: ActionName
    spans: list[str]


class NearLineAnswer(Answer):
    """A line beside a flip."""

    line: int
    text: str


class FlipAnswer(Answer):
    """A line of which label, action or cut spans differ."""

    set: str
    page: str
    line: int
    text: str
    truth: LabelName | None
    old: SideAnswer
    new: SideAnswer
    before: list[NearLineAnswer]
    after: list[NearLineAnswer]


class SetAnswer(Answer):
    """Figures of both models on one set of labelled pages."""

    set: str
    pages: int
    lines: int
    old: dict[str, float]
    new: dict[str, float]


class CompareAnswer(Answer):
    """Two models on the same pages."""

    old: str
    new: str
    policy: str
    metrics: list[SetAnswer]
    flips: list[FlipAnswer]
    flipped: int
    lines: int
