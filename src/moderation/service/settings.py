"""Settings of the service: one table, read by environment, TOML file and command line alike."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from moderation.errors import UsageError

PREFIX: Final = "MODERATION_"
TRUE: Final = ("1", "true", "yes", "on")
FALSE: Final = ("0", "false", "no", "off")


def setting(default: Any, about: str, low: float | None = None) -> Any:
    """A field of Settings. about: what it says in the table of docs/service.md. low: the least allowed number."""
    return field(default=default, metadata={"about": about, "low": low})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. The order and the words are those of the table in docs/service.md."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8000, "port to listen on; 0 takes a free one", 0)
    workers: int = setting(1, "processes, which share one model in memory", 1)
    threads: int = setting(1, "threads a process that judge texts of usual size", 1)
    model: str = setting("default", "a shipped model's name or a model's folder")
    policy: str = setting("default", "policy of requests that name none: a built-in one's name or a TOML file")
    moderations_policy: str = setting("spam-only", "policy behind `POST /v1/moderations`")
    keys: str = setting("", "file of API keys, see `moderation keys`; empty: no keys are asked for")
    insecure_no_auth: bool = setting(False, "serve on a public address without keys")
    body_bytes: int = setting(16 << 20, "largest body, and longest line of a batch, in bytes", 1)
    text_chars: int = setting(4_000_000, "longest text, in characters", 1)
    batch_lines: int = setting(100_000, "most lines of a batch", 1)
    explain_lines: int = setting(2000, "most lines of a text that is to be explained", 1)
    seconds: float = setting(30.0, "time for one request, or for one line of a batch", 0.001)
    queue: int = setting(256, "requests that may wait for their turn; more are answered 503", 1)
    memory_bytes: int = setting(256 << 20, "bytes of bodies that are held at once; more are answered 503", 1)
    large_chars: int = setting(50_000, "texts longer than this are judged in a thread of their own", 1)
    rate: float = setting(0.0, "requests a second for each key, or address where there are no keys; 0: any number", 0)
    burst: int = setting(60, "requests that may come at once before `rate` counts", 1)
    stop_seconds: float = setting(30.0, "time that requests in flight have after a stop signal", 0)
    log_level: str = setting("info", "debug, info, warning or error")
    log_text: bool = setting(False, "write texts into the log")
    state: str = setting("", "folder for what workers share and survives a restart; empty: a temporary one")
    proxies: str = setting("127.0.0.1", "addresses whose X-Forwarded-For is believed, with commas between")
    store: str = setting(
        "", "SQLAlchemy URL or SQLite file for feedback and verdicts; empty: none, feedback is refused"
    )
    keep_verdicts: bool = setting(False, "keep every verdict with its text in the store")
    retention_days: float = setting(30.0, "days after which kept verdicts without feedback are deleted", 0)
    candidates: str = setting("", "folder of retrained models that can be promoted; empty: none")


FIELDS: Final = {f.name: f for f in fields(Settings)}


def flag(name: str) -> str:
    """The command line's option, as --body-bytes."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The environment's variable, as MODERATION_BODY_BYTES."""
    return PREFIX + name.upper()


def table() -> str:
    """The table of docs/service.md."""
    rows = ["| setting, in the file | variable | flag | default | what |", "|---|---|---|---|---|"]
    defaults = Settings()
    for name, row in FIELDS.items():
        default = getattr(defaults, name)
        shown = str(default).lower() if row.type is bool else f"{default}"
        flags = f"`{flag(name)}`" + (f", `--no-{flag(name)[2:]}`" if row.type is bool else "")
        cells = [f"`{name}`", f"`{variable(name)}`", flags, f"`{shown}`" if shown else ""]
        rows.append("| " + " | ".join([*cells, row.metadata["about"]]) + " |")
    return "\n".join(rows) + "\n"


def load_settings(
    flags: Mapping[str, Any] | None = None, path: str | Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Flags count more than the environment, the environment more than the file.

    flags: by name; None means not given. Raises UsageError that names where the wrong value stands.
    """
    environment = os.environ if environment is None else environment
    path = path or environment.get(variable("config"))
    values: dict[str, Any] = {}
    if path:
        values |= from_file(Path(path))
    for name in FIELDS:
        if variable(name) in environment:
            values[name] = converted(name, environment[variable(name)], variable(name))
        if flags and flags.get(name) is not None:
            values[name] = converted(name, flags[name], flag(name))
    return Settings(**values)


def from_file(path: Path) -> dict[str, Any]:
    """The settings of a TOML file."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: can't be read as TOML ({error})") from None
    unknown = set(data) - set(FIELDS)
    if unknown:
        raise UsageError(f"{path}: unknown setting {min(unknown)!r}; known settings: {', '.join(FIELDS)}")
    return {name: converted(name, value, f"{path}: {name}") for name, value in data.items()}


def converted(name: str, value: Any, where: str) -> Any:
    """The value in its type. Raises UsageError."""
    kind = FIELDS[name].type
    if kind is str:
        if not isinstance(value, str):
            raise UsageError(f"{where} must be a string, found {value!r}")
        return value
    if kind is bool:
        return truth(value, where)
    wanted = "a whole number" if kind is int else "a number"
    low = FIELDS[name].metadata["low"]
    try:
        number = int(value) if kind is int else float(value)
    except (TypeError, ValueError):
        raise UsageError(f"{where} must be {wanted}, found {value!r}") from None
    if isinstance(value, bool) or (isinstance(value, float) and number != value):
        raise UsageError(f"{where} must be {wanted}, found {value!r}")
    if not low <= number < float("inf"):
        raise UsageError(f"{where} must be {wanted} from {low:g} on, found {value!r}")
    return number


def truth(value: Any, where: str) -> bool:
    """true or false, also as the words that environments hold."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in TRUE + FALSE:
        return value.lower() in TRUE
    raise UsageError(f"{where} must be true or false, found {value!r}")
