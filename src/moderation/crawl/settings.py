"""What a run is told: everything that changes what comes out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

from moderation import __version__
from moderation.formats.base import MAX_RECORD_BYTES, Columns, Compression, Reading
from moderation.labels import NAMES
from moderation.policy import Policy, Rule

LedgerForm: TypeAlias = Literal["", "jsonl", "parquet"]
SHARD_BYTES: Final = 16 << 20
"""Stored input of a shard: seconds of work, so that little is lost when a run is cut off, and every worker has some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Two runs over the same inputs with equal settings write the same files.

    model: a name or a folder, None for the default; model_id: name@digest of what was found there. to, packed: the
    output's format and compression, None and "": the inputs' own. ledger_scores: the ledger holds every line with the
    probabilities of all labels. drop: rules that drop whole documents, see steps.py. site_lines: what stands on
    most pages of a site goes, see site_lines.py. again: the folder or URL of an earlier run, whose judgements are used
    instead of judging (reapply); again_digest: of its manifest.
    """

    policy: Policy
    model: str | None
    model_id: str
    columns: Columns = field(default_factory=Columns)
    to: str | None = None
    packed: Compression = ""
    ledger: LedgerForm = ""
    ledger_scores: bool = False
    attributes: bool = False
    drop: tuple[str, ...] = ()
    max_record_bytes: int = MAX_RECORD_BYTES
    shard_bytes: int = SHARD_BYTES
    site_lines: bool = False
    again: str = ""
    again_digest: str = ""
    version: str = __version__

    @property
    def reading(self) -> Reading:
        """How inputs are read."""
        return Reading(self.columns, self.max_record_bytes)


def settings_record(settings: Settings) -> dict[str, Any]:
    """As JSON values, in the manifest."""
    record = asdict(settings)
    record["drop"] = list(settings.drop)
    rules = {name: asdict(rule) for name, rule in zip(NAMES, settings.policy.rules, strict=True)}
    record["policy"] = {**record["policy"], "rules": rules}
    return record


def read_settings(record: Mapping[str, Any]) -> Settings:
    """The settings of a manifest. Raises KeyError or TypeError for a record of another shape."""
    policy = dict(record["policy"])
    policy["rules"] = tuple(Rule(**policy["rules"][name]) for name in NAMES)
    return Settings(
        **{
            **record,
            "policy": Policy(**policy),
            "columns": Columns(**record["columns"]),
            "drop": tuple(record["drop"]),
        }
    )
