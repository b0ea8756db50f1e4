"""Clean text and its record give back the original: removed pieces go in again, repairs are undone."""

import hashlib
from collections.abc import Mapping
from typing import Any

from moderation.errors import RestoreError


def clean_digest(text: str) -> str:
    """Sixteen hexadecimal digits that tell whether a clean text is still the one that the record belongs to."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def restore(clean: str, record: Mapping[str, Any]) -> str:
    """The original text, exactly.

    record: one object of a verdicts file. Raises RestoreError when the clean text was changed after cleaning or the
    record lacks what is needed.
    """
    try:
        edits = [(int(r["at"]), 0, str(r["text"]), int(r["start"])) for r in record["removed"]]
        edits += [(int(r["at"]), len(r["after"]), str(r["before"]), int(r["start"])) for r in record["repairs"]]
        digest = record["clean_digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise RestoreError(f"the verdicts record lacks what restoring needs ({error!r}); clean again") from None
    if clean_digest(clean) != digest:
        raise RestoreError("the clean text is not the one these verdicts were written for; use the unchanged output")
    pieces = []
    done = 0
    for at, length, text, _ in sorted(edits, key=lambda edit: (edit[0], edit[3])):
        if not done <= at <= at + length <= len(clean):
            raise RestoreError(f"the verdicts record places an edit at {at}, outside the clean text; clean again")
        pieces.append(clean[done:at])
        pieces.append(text)
        done = at + length
    pieces.append(clean[done:])
    return "".join(pieces)
