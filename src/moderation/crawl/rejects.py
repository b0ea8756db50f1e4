"""Records that can't be used, as they are set aside: where they stood, why they failed, and what was read of them."""

import base64
from typing import Any

import orjson

from moderation.formats.base import Reject, Source


def reject_line(source: Source, unit: str, reject: Reject) -> bytes:
    """One JSON object. `raw` is text, `raw_base64` stands instead where it is not UTF-8."""
    record: dict[str, Any] = {
        "file": source.name,
        "path": source.path,
        unit: reject.place,
        "reason": reject.reason,
        "bytes": reject.size,
    }
    try:
        record["raw"] = reject.raw.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        record["raw_base64"] = base64.b64encode(reject.raw).decode("ascii")
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
