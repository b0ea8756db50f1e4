"""What a run's report shows beside its books: frequent lines, sites, samples, documents. Bounded, and adds up.

Every shard writes its own under report/; the run adds them up in the order of the shards.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import urlsplit

from moderation.crawl.in_context import context
from moderation.crawl.junk import LINES, LONGEST, Junk, chunk_junk, clipped
from moderation.crawl.sketch import Frequent, Sample, add_up, hashed, sample
from moderation.crawl.tally import short_reason
from moderation.formats.base import Chunk, Source
from moderation.result import Result

SITES: Final = 512
SAMPLES: Final = 6
"""Of each label, and of each reason to drop or reject."""
DOCUMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class Highlights:
    """lines: what went or was flagged, by `LABEL TAB TEXT`: weight and count. sites: by host, see SITE.

    samples: by label. dropped, rejected: by reason. documents: those that lost most, most first.
    """

    lines: Frequent = field(default_factory=Frequent)
    sites: Frequent = field(default_factory=Frequent)
    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    dropped: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    rejected: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    documents: Sequence[Mapping[str, Any]] = ()

    def record(self) -> dict[str, Any]:
        """As JSON values, keys sorted: it does not tell in which order things were found."""
        return {
            "lines": in_order(self.lines),
            "sites": in_order(self.sites),
            "samples": self.samples,
            "dropped": self.dropped,
            "rejected": self.rejected,
            "documents": self.documents,
        }


SITE: Final = ("weight", "removed", "read", "documents", "gone", "chrome", "spam", "noise")
"""A site's counts: characters removed, twice (the first ranks), and read; documents, and of these dropped whole; lines
that went, by family."""


def in_order(summary: Frequent) -> dict[str, Any]:
    """As JSON values, keys sorted."""
    return {"found": dict(sorted(summary.found.items())), "lost": summary.lost}


def read_highlights(record: Mapping[str, Any]) -> Highlights:
    """From the record. Raises KeyError or TypeError for one of another shape."""
    lines, sites = (
        Frequent({key: tuple(w) for key, w in record[name]["found"].items()}, record[name]["lost"])
        for name in ("lines", "sites")
    )
    samples, dropped, rejected = (
        {key: tuple((n, value) for n, value in found) for key, found in record[name].items()}
        for name in ("samples", "dropped", "rejected")
    )
    return Highlights(lines, sites, samples, dropped, rejected, tuple(record["documents"]))


def merge_highlights(parts: Sequence[Highlights], lines: int = LINES) -> Highlights:
    """One of all. lines: how many frequent ones are counted."""
    return Highlights(
        add_up((part.lines for part in parts), lines),
        add_up((part.sites for part in parts), SITES),
        by_key([part.samples for part in parts]),
        by_key([part.dropped for part in parts]),
        by_key([part.rejected for part in parts]),
        most_changed(chain.from_iterable(part.documents for part in parts)),
    )


def by_key(parts: Sequence[Mapping[str, Sequence[Sample]]]) -> dict[str, Sequence[Sample]]:
    """Samples of every key, keys sorted."""
    keys = sorted({key for part in parts for key in part})
    return {key: sample((part.get(key, ()) for part in parts), SAMPLES) for key in keys}


def most_changed(documents: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The first ones; ties by where they were read."""
    order = sorted(documents, key=lambda d: (-d["removed"], d["source"], d["place"]))
    return tuple(order[:DOCUMENTS])


def chunk_highlights(
    source: Source,
    chunk: Chunk,
    results: Sequence[Result],
    reasons: Sequence[str | None],
    known: Highlights | None = None,
) -> Highlights:
    """Of one chunk. reasons: why a document was dropped as a whole, None for those that were kept. known: what the
    shard had before, so that no sample is made that would not stay.
    """
    sites: dict[str, list[int]] = {}
    dropped: dict[str, list[Sample]] = {}
    removed = [0] * len(results)
    junk = chunk_junk(results, reasons)
    for n, (text, result, reason) in enumerate(zip(chunk.texts, results, reasons, strict=True)):
        site = sites.setdefault(host_of(chunk.urls[n]), [0] * len(SITE))
        site[2] += len(text)
        site[3] += 1
        if reason is not None:
            site[4] += 1
            said = {**where(source, chunk, n), "text": clipped(text.strip()), "chars": len(text)}
            dropped.setdefault(reason, []).append((hashed(f"{source.name}\t{chunk.places[n]}"), said))
            continue
        removed[n] = max(0, len(text) - len(result.text))
        site[0] += removed[n]
        site[1] += removed[n]
        for at, count in zip(range(5, len(SITE)), junk.families[n], strict=True):
            site[at] += count
    most = heapq.nlargest(DOCUMENTS, (n for n, count in enumerate(removed) if count), key=lambda n: (removed[n], -n))
    return Highlights(
        junk.frequent(chunk.texts),
        add_up([Frequent({host: tuple(counts) for host, counts in sites.items() if host})], SITES),
        junk_samples(source, chunk, results, junk, known.samples if known else {}),
        {key: sample([found], SAMPLES) for key, found in dropped.items()},
        rejected(source, chunk),
        most_changed(changed(source, chunk, results[n], n, removed[n], junk.label_of(n)) for n in most),
    )


def where(source: Source, chunk: Chunk, n: int) -> dict[str, Any]:
    """Where a document was read, and what it is called."""
    return {"source": source.name, "place": chunk.places[n], "id": named(chunk.ids[n]), "url": named(chunk.urls[n])}


def changed(source: Source, chunk: Chunk, result: Result, n: int, removed: int, label: str) -> dict[str, Any]:
    """A document that lost something."""
    size, left = len(chunk.texts[n]), clipped(result.text[: 2 * LONGEST].strip())
    return {**where(source, chunk, n), "read": size, "removed": removed, "label": label, "left": left}


def junk_samples(
    source: Source, chunk: Chunk, results: Sequence[Result], junk: Junk, known: Mapping[str, Sequence[Sample]]
) -> dict[str, Sequence[Sample]]:
    """The lowest keys of each label with their contexts, but for those that could not stay among the known ones."""
    found: dict[str, Sequence[Sample]] = {}
    for label, picked in junk.lowest(SAMPLES).items():
        before = known.get(label, ())
        bound = before[-1][0] if len(before) == SAMPLES else None
        made = []
        for key, n, start, is_span in picked:
            if bound is not None and key >= bound:
                break
            about = context(results[n], chunk.texts[n], start, is_span=is_span)
            if about is not None:
                made.append((key, {**where(source, chunk, n), **about}))
        if made:
            found[label] = tuple(made)
    return found


def rejected(source: Source, chunk: Chunk) -> dict[str, Sequence[Sample]]:
    """The first bad records of each reason."""
    found: dict[str, list[Sample]] = {}
    for reject in chunk.rejects:
        said = {"source": source.name, "place": reject.place, "reason": reject.reason, "bytes": reject.size}
        found.setdefault(short_reason(reject), []).append((hashed(f"{source.name}\t{reject.place}"), said))
    return {reason: sample([samples], SAMPLES) for reason, samples in islice(found.items(), LINES)}


def host_of(url: str | None) -> str:
    """The host that an address names, without a leading www.; empty where there is none.

    >>> host_of("https://www.Jiangkou.example:8080/a")
    'jiangkou.example'
    """
    return host_in("/".join((url or "").split("/", 3)[:3]))


@lru_cache(1 << 12)
def host_in(address: str) -> str:
    """host_of, for an address without its path: those of a site are parsed once."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def named(own: Any) -> str | None:
    """An id or address as text that every encoding can carry."""
    return None if own is None else clipped(str(own).encode("utf-8", "replace").decode("utf-8"))
