"""Places of a line that the scorer reads otherwise than they are written.

Which tricks of spam they are is for moderation.tricks to say: honest text is folded as well.
"""

from typing import NamedTuple
from unicodedata import category

from moderation.lines import read_lines
from moderation.text.batch import pack
from moderation.text.tables import Tables


class Folded(NamedTuple):
    """Code points [start, end) of the line were read as `read`, which may be empty."""

    start: int
    end: int
    read: str


def folded_places(line: str, tables: Tables) -> list[Folded]:
    """What folding changed, but for case, digits, punctuation and blanks, in runs.

    line: without its line break.
    """
    read = read_lines(pack([line]), tables)
    folded = read.folded.tobytes().decode("utf-32-le")
    source = read.source.tolist()
    found: list[Folded] = []
    behind = 0
    for char, at in zip(folded, source, strict=True):
        if at > behind and not line[behind:at].isspace():  # what was left out
            found.append(Folded(behind, at, ""))
        if at < len(line) and not plain(line[at], char):
            found.append(Folded(at, at + 1, char))
        behind = max(behind, at + 1)
    if behind < len(line) and not line[behind:].isspace():
        found.append(Folded(behind, len(line), ""))
    return joined(found)


def plain(written: str, read: str) -> bool:
    """Whether folding did no more than lower a letter or make digits, punctuation and blanks alike."""
    same_kind = (written.isascii() and written.isdigit()) or (written.isspace() and read == " ")
    return same_kind or written.lower() == read or category(written).startswith("P")


def joined(found: list[Folded]) -> list[Folded]:
    """Neighbouring places as one."""
    out: list[Folded] = []
    for one in found:
        if out and out[-1].end == one.start:
            out[-1] = Folded(out[-1].start, one.end, out[-1].read + one.read)
        else:
            out.append(one)
    return out
