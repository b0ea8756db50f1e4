"""The file by which a run's folder tells that the run is over, and how far it came."""

from typing import Final

import orjson

REPORT: Final = "report.json"


def says_complete(report: bytes) -> bool:
    """Whether what REPORT holds is of a run of which every shard is finished; False for what is no report."""
    try:
        return bool(orjson.loads(report)["state"] == "complete")
    except (ValueError, KeyError, TypeError):
        return False
