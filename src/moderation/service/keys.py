"""API keys: random, shown once, kept as hashes in a JSON file that `moderation keys` writes and the service reads."""

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from moderation.errors import UsageError

SCOPES: Final = ("clean", "feedback", "admin")
"""What a key may do: judge texts and read; correct labels; change what serves. `admin` includes the others."""
PREFIX: Final = "mod_"
STALE: Final = 1.0
"""Seconds after which the file is looked at again, so that a revoked key stops working without a restart."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `hash` is the SHA-256 of the secret: with its 256 random bits a slow hash would add nothing."""

    name: str
    scopes: tuple[str, ...]
    hash: str
    created: str

    def allows(self, scope: str) -> bool:
        """Whether the key may do this."""
        return scope in self.scopes or "admin" in self.scopes


class Keys:
    """The keys by hash. `required` is whether requests need one."""

    def __init__(self, path: Path | None, by_hash: dict[str, Key]) -> None:
        self._path = path
        self._by_hash = by_hash
        self._stamp = stamp(path)
        self.required = path is not None

    @classmethod
    def load(cls, path: str) -> "Keys":
        """From the file; "" stands for none. Raises UsageError."""
        if not path:
            return cls(None, {})
        return cls(Path(path), {key.hash: key for key in read_keys(Path(path))})

    def find(self, secret: str) -> Key | None:
        """The key with this secret."""
        return self._by_hash.get(hashed(secret))

    def refresh(self) -> None:
        """Read the file again if it changed; one that can't be read leaves the keys as they are. Raises UsageError."""
        if self._path is not None and (found := stamp(self._path)) != self._stamp:
            self._by_hash = {key.hash: key for key in read_keys(self._path)}
            self._stamp = found


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def stamp(path: Path | None) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        found = path.stat() if path else None
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino) if found else (0, 0)


def read_keys(path: Path) -> list[Key]:
    """The keys of a file. Raises UsageError."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        return [Key(row["name"], tuple(row["scopes"]), row["hash"], row["created"]) for row in rows["keys"]]
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such file of keys; make it with `moderation keys add NAME --keys {path}`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is no file of keys ({error!r}); make one with `moderation keys add`") from None


def add_key(path: Path, name: str, scopes: Iterable[str]) -> str:
    """Write a new key into the file, and return its secret, which is kept nowhere. Raises UsageError."""
    keys = read_keys(path) if path.exists() else []
    if any(key.name == name for key in keys):
        raise UsageError(f"{path}: there is a key named {name!r} already; revoke it, or take another name")
    secret = PREFIX + secrets.token_urlsafe(32)
    made = Key(name, tuple(scopes), hashed(secret), datetime.now(UTC).isoformat(timespec="seconds"))
    write_keys(path, [*keys, made])
    return secret


def revoke_key(path: Path, name: str) -> None:
    """Take a key out of the file. Raises UsageError."""
    keys = read_keys(path)
    if not any(key.name == name for key in keys):
        names = ", ".join(key.name for key in keys) or "none"
        raise UsageError(f"{path}: no key is named {name!r}; there are: {names}")
    write_keys(path, [key for key in keys if key.name != name])


def write_keys(path: Path, keys: Iterable[Key]) -> None:
    """Replace the file at once, readable by its owner alone."""
    body = json.dumps({"keys": [asdict(key) for key in keys]}, ensure_ascii=False, indent=1) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
