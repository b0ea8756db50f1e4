"""Stores behind fsspec URLs, on a disk: they outlive a killed process, and fail when they are told to.

`s3a://` stands for an object store: a file shows when all of it is there, and nothing can be renamed. `disk://` stands
for a file system behind a network: a file shows while it grows, and can be renamed.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fsspec


def nothing(_what: str, _path: str) -> None:
    """Nothing goes wrong."""


class Stored(fsspec.spec.AbstractBufferedFile):  # type: ignore[misc]
    """Reads as the files of s3fs and gcsfs do: whole ranges, by methods of fsspec's own."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        with self.fs.local(self.path).open("rb") as file:
            file.seek(start)
            return bytes(file.read(end - start))


class Disk(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """before: is told of every change before it shows; it may raise, or kill the process."""

    protocol = "disk"
    root: ClassVar[Path]
    before: ClassVar[Callable[[str, str], None]] = staticmethod(nothing)
    version: ClassVar[int] = 0

    def local(self, path: str) -> Path:
        return self.root / str(self._strip_protocol(path)).strip("/")

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        place = self.local(path)
        if not place.exists():
            raise FileNotFoundError(path)
        found = sorted(place.iterdir()) if place.is_dir() else [place]
        infos = [self.described(each) for each in found]
        return infos if detail else [info["name"] for info in infos]

    def described(self, place: Path) -> dict[str, Any]:
        stat = place.stat()
        kind = "directory" if place.is_dir() else "file"
        name = place.relative_to(self.root).as_posix()
        return {"name": name, "size": stat.st_size, "type": kind, "ETag": f"{stat.st_mtime_ns}"}

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Stored:
        if mode != "rb":
            raise AssertionError("files are put, not written piece by piece")
        return Stored(self, path, mode, size=self.info(path)["size"])

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        if not self.local(path).exists():
            raise FileNotFoundError(path)
        return self.described(self.local(path))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.local(path).mkdir(parents=True, exist_ok=exist_ok)

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        place, data = self.local(rpath), Path(lpath).read_bytes()
        with place.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            type(self).before("put", rpath)
            file.write(data[len(data) // 2 :])

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        place = self.local(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        type(self).before("pipe", path)
        with place.open("xb" if mode == "create" else "wb") as file:
            file.write(value)

    def get_file(self, rpath: str, lpath: str, **_: Any) -> None:
        shutil.copyfile(self.local(rpath), lpath)

    def cat_file(self, path: str, **_: Any) -> bytes:
        return self.local(path).read_bytes()

    def rm_file(self, path: str) -> None:
        if not self.local(path).exists():
            raise FileNotFoundError(path)
        type(self).before("rm", path)
        self.local(path).unlink()

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        type(self).before("mv", path2)
        self.local(path1).replace(self.local(path2))


class Bucket(Disk):
    """An object store."""

    protocol = "s3a"

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        place, data = self.local(rpath), Path(lpath).read_bytes()
        place.parent.mkdir(parents=True, exist_ok=True)
        type(self).before("put", rpath)
        part = self.root.with_name(f"{self.root.name}-{os.getpid()}-{id(data)}")  # where nobody looks
        part.write_bytes(data)
        part.replace(place)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        raise AssertionError("an object store can't rename")

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        raise AssertionError("an object store has no folders")


def register(root: Path) -> None:
    """Make both kinds of URLs known, over one folder."""
    root.mkdir(parents=True, exist_ok=True)
    for kind in (Disk, Bucket):
        kind.root, kind.before = root, staticmethod(nothing)
        kind.clear_instance_cache()
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
