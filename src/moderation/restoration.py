"""Clean text and its record give back the original: removed pieces go in again, repairs are undone."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from moderation.errors import RestoreError


class Edit(NamedTuple):
    """At `at` in the clean text, `length` characters stand for `before`, which began at `start` in the original."""

    at: int
    start: int
    length: int
    before: str


def clean_digest(text: str, edits: Iterable[Edit]) -> str:
    """Sixteen hexadecimal digits that tell whether a clean text and the edits of its record still belong together."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    for edit in sorted(edits):
        digest.update(f"\0{edit.at}\0{edit.length}\0{edit.before}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def restore(clean: str, record: Mapping[str, Any]) -> str:
    """The original text, exactly.

    record: one object of a verdicts file. Raises RestoreError when the clean text or the record was changed after
    cleaning, or the record lacks what is needed.
    """
    try:
        edits = [Edit(r["at"], r["start"], 0, r["text"]) for r in record["removed"]]
        edits += [Edit(r["at"], r["start"], len(r["after"]), r["before"]) for r in record["repairs"]]
        digest = record["clean_digest"]
        edits.sort()
        found = clean_digest(clean, edits)
    except (KeyError, TypeError, ValueError) as error:
        raise RestoreError(f"the verdicts record lacks what restoring needs ({error!r}); clean again") from None
    if found != digest:
        raise RestoreError(
            "the clean text is not the one these verdicts were written for, or one of the two was changed; "
            "use the unchanged output"
        )
    pieces = []
    done = 0
    for edit in edits:
        if not (isinstance(edit.before, str) and done <= edit.at <= edit.at + edit.length <= len(clean)):
            raise RestoreError(f"the verdicts record places an edit at {edit.at}, outside the clean text; clean again")
        pieces.append(clean[done : edit.at])
        pieces.append(edit.before)
        done = edit.at + edit.length
    pieces.append(clean[done:])
    return "".join(pieces)
