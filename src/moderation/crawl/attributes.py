"""Dolma-style attribute files: spans of the original text with a score, by document id, beside the data."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from moderation.formats.base import Chunk, Source
from moderation.records import Span, Verdict
from moderation.result import Result

PREFIX: Final = "moderation__moderation__"
"""Experiment and tagger, as Dolma names attributes."""


def attribute_lines(source: Source, chunk: Chunk, results: Sequence[Result], reasons: Sequence[str | None]) -> bytes:
    """One JSON object a document, in the order of the documents, dropped ones included.

    Each attribute is a label, with [start, end, score] for every line and span that is flagged or dropped. A document
    that is dropped as a whole has two more over its whole length: `dropped`, and `dropped:` with the rule.
    """
    return b"".join(
        orjson.dumps(
            {
                "id": str(own) if own is not None else f"{source.name}#{place}",
                "attributes": attributes(result) | dropped(text, reason),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for own, place, text, result, reason in zip(chunk.ids, chunk.places, chunk.texts, results, reasons, strict=True)
    )


def dropped(text: str, reason: str | None) -> dict[str, list[list[Any]]]:
    """Of a document that goes as a whole."""
    names = ("dropped", f"dropped:{reason}") if reason is not None else ()
    return {PREFIX + name: [[0, len(text), 1.0]] for name in names}


def attributes(result: Result) -> dict[str, list[list[Any]]]:
    """Of one document."""
    found: dict[str, list[list[Any]]] = {}
    for v in result.verdicts if result.flagged else ():
        both: tuple[Verdict | Span, ...] = (v, *v.spans)
        for each in both:
            if each.action != "keep":
                found.setdefault(PREFIX + each.label, []).append([each.start, each.end, round(each.score, 4)])
    return found
