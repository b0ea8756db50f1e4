"""Whether an input is still the file that a run began with."""

import hashlib
import io
from typing import Any, Final

from moderation.errors import UsageError
from moderation.formats.opening import filesystem, is_url, open_stored

EDGE: Final = 1 << 16
"""Bytes at the beginning and at the end that are looked at."""
STAMPS: Final = ("ETag", "etag", "mtime", "LastModified", "last_modified", "created")
"""What file systems tell of a version of a file; the first that is there counts."""


def identity(path: str) -> dict[str, Any]:
    """size, a stamp (time of change, or what the file system has instead), and a digest of both edges."""
    try:
        with open_stored(path) as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            digest = hashlib.blake2b(file.read(EDGE), digest_size=16)
            file.seek(max(0, size - EDGE))
            digest.update(file.read(EDGE))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror or error})") from None
    return {"size": size, "stamp": stamp(path), "edges": digest.hexdigest()}


def stamp(path: str) -> str:
    """When the file was changed, as its file system tells it."""
    if not is_url(path):
        from pathlib import Path  # noqa: PLC0415

        return str(Path(path).stat().st_mtime_ns)
    info = filesystem(path).info(path)
    return next((str(info[key]) for key in STAMPS if info.get(key) is not None), "")
