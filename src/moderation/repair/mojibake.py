"""`å†œä¸š`: UTF-8 that was read as windows-1252 or Latin-1, undone where the bytes leave no doubt."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from moderation.kernel.repair import CODED as MARK
from moderation.repair.fix import Fix, Page

LACKING: Final = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
WINDOWS: Final = {ord(bytes([b]).decode("cp1252")): b for b in range(0x80, 0xA0) if b not in LACKING}
"""What windows-1252 shows for 0x80-0x9F; the five bytes that it lacks come through as controls, as in Latin-1."""
CODED: Final = re.compile("(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
"""Whole UTF-8 sequences, one character a byte."""
SHOWN: Final = re.compile("[\x80-\xff" + "".join(map(chr, WINDOWS)) + "]{6,}")
"""Runs of what bytes from 0x80 on are shown as, long enough for two Chinese characters of three bytes."""
HONEST: Final = frozenset("“”‘’„‚–—…•·«»‹›©®™°×÷±§\xa0")
"""What may stand beside a run for its own sake: bytes that belong to no sequence, but no sign of bytes missing."""
CHINESE: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
LEAST: Final = 2
"""Chinese characters that must come out."""


def decode_mojibake(page: Page) -> Iterator[Fix]:
    """Every run of which all characters take part and at least two Chinese characters come out."""
    for offset, line in page.marked(MARK):
        for start, end, after in coded_runs(line):
            if after is not None:
                yield Fix(offset + start, offset + end, after, "mojibake")


def coded_runs(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Runs that hold Chinese as UTF-8 bytes: [start, end), and what they say, or None where bytes are missing."""
    for run in SHOWN.finditer(text):
        as_bytes, start = run.group().translate(WINDOWS), run.start()
        coded = [
            (start + match.start(), start + match.end(), decoded(match.group())) for match in CODED.finditer(as_bytes)
        ]
        if sum(len(CHINESE.findall(after)) for _, _, after in coded) < LEAST:
            continue
        if is_whole(text, run.start(), run.end(), coded):
            yield from (part for part in coded if len(CHINESE.findall(part[2])) >= LEAST)
        else:
            yield run.start(), run.end(), None


def decoded(as_bytes: str) -> str:
    """What a run of sequences says; nothing where UTF-8 forbids them."""
    try:
        return as_bytes.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:  # surrogates and overlong forms
        return ""


def is_whole(text: str, start: int, end: int, coded: list[tuple[int, int, str]]) -> bool:
    """Whether everything in [start, end) that belongs to no sequence is honest, and the rest can be printed."""
    inner = [text[a:b] for a, b in pairwise([start, *(edge for part in coded for edge in part[:2]), end])]
    return HONEST.issuperset("".join(inner[::2])) and all(after.isprintable() for _, _, after in coded)
