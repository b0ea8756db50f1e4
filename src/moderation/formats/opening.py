"""Opens inputs: local paths and fsspec URLs."""

import io
from pathlib import Path
from typing import IO, Any, Final

from moderation.errors import UsageError

READ_BYTES: Final = 1 << 18
"""From a URL at a time; file systems read ahead by themselves."""


def is_url(path: str) -> bool:
    """Whether a path is an fsspec URL such as s3://bucket/key."""
    return "://" in path


def without_file(path: str) -> str:
    """A file:// URL as the local path that it is; others as they are."""
    kind, sign, place = path.partition("://")
    return place if sign and kind in ("file", "local") else path


def open_stored(path: str) -> IO[bytes]:
    """The stored bytes of an input, seekable. Raises OSError."""
    if not is_url(path):
        return Path(path).open("rb")
    # fsspec's own files have no readline(size) and no peek
    return io.BufferedReader(filesystem(path).open(path, "rb"), READ_BYTES)


def stored_size(path: str) -> int:
    """Bytes of the stored input."""
    return int(filesystem(path).size(path)) if is_url(path) else Path(path).stat().st_size


def filesystem(url: str) -> Any:
    """The fsspec file system of a URL. Raises UsageError where fsspec, or the package of the protocol, is missing."""
    try:
        import fsspec  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(f'{url}: URLs need fsspec; install it with: pip install "moderation[remote]"') from None
    try:
        return fsspec.core.url_to_fs(url)[0]
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url}: this kind of URL can't be opened ({error})") from None
