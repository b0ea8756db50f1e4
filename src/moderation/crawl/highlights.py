"""What a run's report shows beside its books: frequent lines, sites, samples, documents. Bounded, and adds up.

Every shard writes its own under report/; the run adds them up in the order of the shards.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import urlsplit

from moderation.crawl.sketch import Frequent, Sample, add_up, hashed, sample
from moderation.crawl.tally import short_reason
from moderation.formats.base import Chunk, Source
from moderation.labels import BY_NAME
from moderation.records import Span, Verdict
from moderation.result import Result

LINES: Final = 1024
SITES: Final = 512
SAMPLES: Final = 6
"""Of each label, and of each reason to drop or reject."""
DOCUMENTS: Final = 20
LONGEST: Final = 160
"""Characters of a line that are kept here."""


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
        """As JSON values."""
        return asdict(self)


SITE: Final = ("weight", "removed", "read", "documents", "gone", "chrome", "spam", "noise")
"""A site's counts: characters removed, twice (the first ranks), and read; documents, and of these dropped whole; lines
that went, by family."""
FAMILY: Final = {name: SITE.index(label.family) for name, label in BY_NAME.items() if label.family in SITE}


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


def merge_highlights(parts: Sequence[Highlights]) -> Highlights:
    """One of all."""
    return Highlights(
        add_up((part.lines for part in parts), LINES),
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
    source: Source, chunk: Chunk, results: Sequence[Result], reasons: Sequence[str | None]
) -> Highlights:
    """Of one chunk. reasons: why a document was dropped as a whole, None for those that were kept."""
    lines: Counter[str] = Counter()
    sites: dict[str, list[int]] = {}
    picked = Picked()
    documents = []
    dropped: dict[str, list[Sample]] = {}
    for n, (text, result, reason) in enumerate(zip(chunk.texts, results, reasons, strict=True)):
        where = {
            "source": source.name,
            "place": chunk.places[n],
            "id": named(chunk.ids[n]),
            "url": named(chunk.urls[n]),
        }
        site = sites.setdefault(host_of(chunk.urls[n]), [0] * len(SITE))
        site[2] += len(text)
        site[3] += 1
        if reason is not None:
            site[4] += 1
            number = hashed(f"{source.name}\t{chunk.places[n]}")
            dropped.setdefault(reason, []).append(
                (number, {**where, "text": clipped(text.strip()), "chars": len(text)})
            )
            continue
        removed = max(0, len(text) - len(result.text))
        site[0] += removed
        site[1] += removed
        found = list(junk(text, result.verdicts)) if result.flagged else []
        for at, each in found:
            key = f"{each.label}\t{clipped(text[each.start : each.end].strip())}"
            lines[key] += 1
            if each.action == "drop" and isinstance(each, Verdict):
                site[FAMILY[each.label]] += 1
            picked.offer(key, where, text, result, at, each)
        if removed:
            labels = Counter(each.label for _, each in found)
            most = max(labels, key=lambda label: labels[label]) if labels else ""
            changed = {**where, "read": len(text), "removed": removed, "label": most}
            documents.append({**changed, "left": clipped(result.text.strip())})
    return Highlights(
        add_up([Frequent({key: (count, count) for key, count in lines.items()})], LINES),
        add_up([Frequent({host: tuple(counts) for host, counts in sites.items() if host})], SITES),
        picked.samples(),
        {key: sample([found], SAMPLES) for key, found in dropped.items()},
        rejected(source, chunk),
        most_changed(documents),
    )


def junk(text: str, verdicts: Sequence[Verdict]) -> Iterator[tuple[int, Verdict | Span]]:
    """Lines and spans that went or were flagged, each with the place of its line among the verdicts."""
    for at, v in enumerate(verdicts):
        if v.action != "keep":
            yield at, v
        yield from ((at, span) for span in v.spans if span.action != "keep")


class Picked:
    """The lowest hashes of each label so far; contexts are made for these alone."""

    def __init__(self) -> None:
        self.lowest: dict[str, dict[int, Mapping[str, Any]]] = {}

    def offer(
        self, key: str, where: Mapping[str, Any], text: str, result: Result, at: int, each: Verdict | Span
    ) -> None:
        """One more line or span."""
        own, number = self.lowest.setdefault(each.label, {}), hashed(key)
        if number in own or (len(own) == SAMPLES and number > max(own)):
            return
        own[number] = {**where, **context(text, result.verdicts, at, each)}
        if len(own) > SAMPLES:
            del own[max(own)]

    def samples(self) -> dict[str, Sequence[Sample]]:
        """What is left."""
        return {label: tuple(sorted(own.items(), key=lambda pair: pair[0])) for label, own in self.lowest.items()}


def context(text: str, verdicts: Sequence[Verdict], at: int, each: Verdict | Span) -> dict[str, Any]:
    """A line or span, with the line before and the line behind."""
    line = verdicts[at]
    span = [each.start - line.start, each.end - line.start] if isinstance(each, Span) else None
    return {
        "line": line.line,
        "text": text[line.start : line.end] if span is None else around(text[line.start : line.end], span),
        "span": span,
        "score": round(each.score, 4),
        "action": each.action,
        "before": seen(text, verdicts[at - 1]) if at else None,
        "after": seen(text, verdicts[at + 1]) if at + 1 < len(verdicts) else None,
    } | ({} if span else {"text": clipped(text[line.start : line.end])})


def around(text: str, span: list[int]) -> str:
    """The line, cut on both sides of the span where it is long; the span's offsets are moved along."""
    first = max(0, span[0] - LONGEST // 2)
    last = min(len(text), max(first + LONGEST, span[0] + 1))
    span[:] = [span[0] - first, min(span[1], last) - first]
    return text[first:last]


def seen(text: str, v: Verdict) -> dict[str, Any]:
    """A line of the context."""
    return {"text": clipped(text[v.start : v.end]), "label": v.label, "action": v.action}


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
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def named(own: Any) -> str | None:
    """An id or address as text that every encoding can carry."""
    return None if own is None else clipped(str(own).encode("utf-8", "replace").decode("utf-8"))


def clipped(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
