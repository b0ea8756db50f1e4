"""Places of a line that the scorer reads otherwise than they are written."""

from typing import NamedTuple
from unicodedata import category

from moderation.lines import read_lines
from moderation.text.batch import pack
from moderation.text.tables import Tables


class Trick(NamedTuple):
    """Code points [start, end) of the line were read as `read`, which may be empty."""

    start: int
    end: int
    read: str


def tricks(line: str, tables: Tables) -> list[Trick]:
    """What folding changed, but for case, digits, punctuation and blanks, in runs.

    line: without its line break.
    """
    read = read_lines(pack([line]), tables)
    folded = read.folded.tobytes().decode("utf-32-le")
    source = read.source.tolist()
    found: list[Trick] = []
    behind = 0
    for char, at in zip(folded, source, strict=True):
        if at > behind and not line[behind:at].isspace():  # what was left out
            found.append(Trick(behind, at, ""))
        if at < len(line) and not plain(line[at], char):
            found.append(Trick(at, at + 1, char))
        behind = max(behind, at + 1)
    if behind < len(line) and not line[behind:].isspace():
        found.append(Trick(behind, len(line), ""))
    return joined(found)


def plain(written: str, read: str) -> bool:
    """Whether folding did no more than lower a letter or make digits, punctuation and blanks alike."""
    same_kind = (written.isascii() and written.isdigit()) or (written.isspace() and read == " ")
    return same_kind or written.lower() == read or category(written).startswith("P")


def joined(found: list[Trick]) -> list[Trick]:
    """Neighbouring places as one."""
    out: list[Trick] = []
    for trick in found:
        if out and out[-1].end == trick.start:
            out[-1] = Trick(out[-1].start, trick.end, out[-1].read + trick.read)
        else:
            out.append(trick)
    return out
