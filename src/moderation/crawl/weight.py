"""How much memory documents take, so that a worker's is bounded whatever they look like.

Judging takes some 30 bytes of memory for a byte of Chinese text, twice that for a byte of ASCII, which is a character
of its own, and a thousand for a line, however short: a file of a million empty-looking lines is small on the disk only.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from moderation.crawl.stored import part
from moderation.formats.base import CHUNK_BYTES, REJECT_BYTES, Chunk, Reading, Reject

LINE: Final = 44
"""What a line weighs beside its characters, in bytes of Chinese text."""
TOGETHER: Final = 4 * CHUNK_BYTES
"""What is judged together: an ordinary chunk weighs a third of it."""


def weight(text: str) -> int:
    """In bytes of Chinese text that take as much memory."""
    return len(text) * 3 // (2 if text.isascii() else 1) + LINE * (text.count("\n") + 1)


def bearable(chunk: Chunk, reading: Reading) -> Iterator[Chunk]:
    """The chunk in parts that a worker has room for; a document that it has no room for is set aside."""
    weights = [weight(text) for text in chunk.texts]
    limit = max(reading.max_record_bytes, CHUNK_BYTES)
    if sum(weights) <= min(limit, TOGETHER):
        yield chunk
        return
    heavy = [n for n, own in enumerate(weights) if own > limit]
    rejects = sorted([*chunk.rejects, *(too_heavy(chunk, n, limit) for n in heavy)], key=lambda reject: reject.place)
    first = True
    for start, stop in light_runs(weights, limit) or [(0, 0)]:
        found = part(chunk, start, stop)
        if first:
            found = replace(found, rejects=rejects, stored=chunk.stored, skipped=chunk.skipped)
        yield found
        first = False


def too_heavy(chunk: Chunk, n: int, limit: int) -> Reject:
    """A document as a record that can't be used."""
    text = chunk.texts[n]
    reason = (
        f"has {len(text):,} characters in {text.count(chr(10)) + 1:,} lines, which take more memory than "
        f"{limit:,} bytes of Chinese text (--max-record-bytes)"
    )
    return Reject(chunk.places[n], reason, text[:REJECT_BYTES].encode("utf-8")[:REJECT_BYTES], chunk.sizes[n])


def light_runs(weights: list[int], limit: int) -> list[tuple[int, int]]:
    """From, to: runs of neighbours that weigh no more than TOGETHER, or one that does; without those over the limit."""
    cuts, total = [0], 0
    for n, own in enumerate(weights):
        if n and (total + own > TOGETHER or own > limit):
            cuts.append(n)
            total = 0
        total = TOGETHER + 1 if own > limit else total + own
    return [(a, b) for a, b in pairwise([*cuts, len(weights)]) if b > a and weights[a] <= limit]
