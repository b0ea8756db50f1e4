"""The records of a WARC file as bytes, one by one, whatever is broken between them.

FastWARC's own iterator ends at the first damaged gzip member and takes a file that breaks off for one that ends. So
members and records are found here, and FastWARC reads each record by itself.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, Protocol

from moderation.formats.base import REJECT_BYTES
from moderation.formats.compression import TruncatedError

BLOCK: Final = 1 << 18
MEMBER_BLOCK: Final = 1 << 16
"""Read at a time inside gzip: what is read behind the end of a member is copied to the next."""
HEADER_BYTES: Final = 1 << 16
"""A longer WARC header is no WARC header."""
GZIP_MAGIC: Final = b"\x1f\x8b\x08"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
NEXT: Final = b"\r\n\r\nWARC/"
LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Raw:
    """A record, header and block. data: all of it, or the first bytes where `fault` says what is wrong with it (a
    reason as in base.Reject) or where it is larger than was asked for. size: of the whole record.
    """

    place: int
    data: bytes
    size: int
    fault: str = ""


class Stream(Protocol):
    """Where decompressed bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; b"" at the end. Raises TruncatedError where it breaks."""


class Peeking:
    """A stream that can be looked ahead in."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.data = bytearray()
        self.place = 0
        self.broken: TruncatedError | None = None

    def fill(self, size: int) -> int:
        """Have `size` bytes in hand, or as many as are left; how many there are."""
        while len(self.data) < size and not self.broken:
            try:
                more = self.stream.read(max(BLOCK, size - len(self.data)))
            except TruncatedError as error:
                self.broken = error
                break
            if not more:
                break
            self.data += more
        return len(self.data)

    def take(self, size: int) -> bytes:
        """The next bytes."""
        self.fill(size)
        taken = bytes(self.data[:size])
        del self.data[:size]
        self.place += len(taken)
        return taken

    def skip(self, size: int) -> int:
        """Pass over bytes without holding them; how many there were."""
        done = 0
        while done < size and (piece := self.take(min(BLOCK, size - done))):
            done += len(piece)
        return done

    def skip_breaks(self) -> bool:
        """Pass over the line breaks between records; whether anything follows."""
        while self.fill(1) and self.data[0] in b"\r\n":
            self.take(1)
        return bool(self.data)

    def skip_to_record(self) -> int:
        """Pass over what is no record, at least a byte of it; how many bytes it was."""
        begin = self.place
        self.take(1)
        while self.fill(len(NEXT)) >= len(NEXT):
            self.fill(BLOCK)
            at = self.data.find(NEXT)
            self.take(at + 4 if at >= 0 else len(self.data) - len(NEXT) + 1)
            if at >= 0:
                return self.place - begin
        self.take(len(self.data))
        return self.place - begin


class Member:
    """The content of one gzip member of a file. ahead: what was already read of the file from `place` on."""

    def __init__(self, file: IO[bytes], place: int, ahead: bytes = b"") -> None:
        self.file = file
        self.place = self.end = place
        self.inflate = zlib.decompressobj(31)
        self.waiting = ahead
        file.seek(place + len(ahead))

    def read(self, size: int, /) -> bytes:
        """As Stream has it."""
        while not self.ended():
            stored = self.waiting or self.file.read(MEMBER_BLOCK)
            try:
                out = self.inflate.decompress(stored, size)
            except zlib.error as error:
                raise TruncatedError(f"can't be decompressed ({error})") from None
            self.waiting = self.inflate.unconsumed_tail
            if self.ended():
                self.end = self.file.tell() - len(self.inflate.unused_data)
            if out:
                return out
            if not stored:
                raise TruncatedError("the file ends inside a gzip member")
        return b""

    def ended(self) -> bool:
        """Whether the end was reached."""
        return self.inflate.eof

    def ahead(self) -> bytes:
        """What was read behind the end: at least enough to see what stands there."""
        found: bytes = self.inflate.unused_data
        return found if len(found) >= len(GZIP_MAGIC) else found + self.file.read(MEMBER_BLOCK)


def kind_of(file: IO[bytes]) -> str:
    """ "gz", "zst" or "", by the first bytes."""
    file.seek(0)
    head = file.read(4)
    if head[:3] == GZIP_MAGIC:
        return "gz"
    return "zst" if head == ZSTD_MAGIC or (head[1:] == b"\x2a\x4d\x18" and head[0] >> 4 == 5) else ""


def gzip_records(file: IO[bytes], start: int, stop: int | None, limit: int) -> Iterator[Raw]:
    """Records of the members that begin in [start, stop). Their places: the member's, plus their number in it.

    A range may begin anywhere: `start` is moved on to the next member that shows itself as one. A damaged one that does
    not is read together with the one before it. limit: larger records come without their end.
    """
    place, ahead = next_member(file, start, stop), b""
    while place is not None and (stop is None or place < stop or not shows(file, place)):
        member = Member(file, place, ahead)
        for n, raw in enumerate(records(Peeking(member), limit)):
            yield Raw(place + n, raw.data, raw.size, raw.fault)
        ahead = member.ahead() if member.ended() else b""
        if ahead.startswith(GZIP_MAGIC):
            place = member.end
        elif member.ended():
            if ahead:
                yield Raw(member.end, b"", 0, "is no gzip member: the bytes up to the next one are passed over")
            place, ahead = next_member(file, member.end + 1, stop), b""
        else:
            place = next_member(file, place + 1, stop)


def next_member(file: IO[bytes], start: int, stop: int | None) -> int | None:
    """The first member in [start, stop) that holds a WARC record; the beginning of the file counts as it is."""
    if start == 0:
        return 0
    base, held = start, b""
    while True:
        file.seek(base + len(held))
        more = file.read(BLOCK)
        held += more
        at = held.find(GZIP_MAGIC)
        while at >= 0:
            if shows(file, base + at):
                return base + at
            at = held.find(GZIP_MAGIC, at + 1)
        if not more or (stop is not None and base + len(held) > stop + len(GZIP_MAGIC)):
            return None
        base, held = base + len(held) - 2, held[-2:]


def shows(file: IO[bytes], place: int) -> bool:
    """Whether a gzip member begins here that holds a WARC record, or is whole at least.

    The magic bytes alone are in compressed data by chance.
    """
    file.seek(place)
    inflate = zlib.decompressobj(31)
    try:
        if inflate.decompress(file.read(4096), 5) == b"WARC/":
            return True
        while not inflate.eof and (more := inflate.unconsumed_tail or file.read(BLOCK)):
            inflate.decompress(more, BLOCK)
    except zlib.error:
        return False
    return inflate.eof


def records(stream: Peeking, limit: int, stop: int | None = None) -> Iterator[Raw]:
    """Records one after the other, those that begin before `stop`; places count bytes of the stream."""
    while stream.skip_breaks() and (stop is None or stream.place < stop):
        place = stream.place
        stream.fill(HEADER_BYTES)
        end = stream.data.find(b"\r\n\r\n", 0, HEADER_BYTES)
        head = bytes(stream.data[: end + 4]) if end >= 0 else b""
        length = LENGTH.search(head)
        if not head.startswith(b"WARC/") or length is None:
            yield not_a_record(stream, place, head)
            if stream.broken and not stream.data:
                return
            continue
        size = len(head) + int(length[1])
        data = stream.take(min(size, limit))
        got = len(data) + stream.skip(size - len(data))
        if got < size:
            yield Raw(place, data[:REJECT_BYTES], got, f"breaks off after {got:,} of {size:,} bytes{because(stream)}")
            return
        yield Raw(place, data, size)
    if stream.broken and not stream.data:
        yield Raw(stream.place, b"", 0, str(stream.broken))


def not_a_record(stream: Peeking, place: int, head: bytes) -> Raw:
    """What stands where a record should; the stream is moved on to the next one."""
    data = bytes(stream.data[:REJECT_BYTES])
    if not data.startswith(b"WARC/"):
        fault = "does not begin with WARC/: the bytes up to the next one that does are passed over"
    elif head:
        fault = "has no Content-Length"
    else:
        fault = f"breaks off inside its header{because(stream)}"
    size = stream.skip_to_record()
    return Raw(place, data[:size], size, fault)


def because(stream: Peeking) -> str:
    """Why a stream ends."""
    if stream.broken:
        return f": {stream.broken}"
    return ": the file or its gzip member ends there" if not stream.data else ""


def plain_cuts(file: IO[bytes], target_bytes: int) -> list[int]:
    """Where extents of an uncompressed file begin: at records, found by walking over them. 0 comes first."""
    size = file.seek(0, io.SEEK_END)
    cuts, place = [0], 0
    while place < size:
        file.seek(place)
        head = file.read(4096)
        if b"\r\n\r\n" not in head:
            head += file.read(HEADER_BYTES - len(head))
        end = head.find(b"\r\n\r\n")
        length = LENGTH.search(head, 0, end + 4) if end >= 0 else None
        if not head.startswith(b"WARC/") or length is None:
            # the reader finds its way from the last cut; guessing here could cut elsewhere than it would
            break
        place += end + 4 + int(length[1]) + 4
        if place - cuts[-1] >= target_bytes and place < size:
            file.seek(place)
            if file.read(5) == b"WARC/":
                cuts.append(place)
    return cuts
