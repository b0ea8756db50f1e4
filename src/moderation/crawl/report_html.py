"""report.html: a run as one page that needs nothing else, no script, no request, readable on a phone."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from moderation.crawl.highlights import SITE, Highlights, merge_highlights, read_highlights
from moderation.crawl.report_parts import (
    label_tag,
    meter,
    number,
    percent,
    place,
    sample_html,
    size,
    speed_plot,
    strip,
)
from moderation.crawl.shard import HIGHLIGHTS, ShardReport
from moderation.crawl.sketch import heaviest
from moderation.crawl.tally import EQUATIONS, Tally, read_tally
from moderation.errors import OutputError
from moderation.labels import BY_NAME, FAMILIES, LABELS
from moderation.markup import page, shown, style_sheet, table

SITES_SHOWN: Final = 30
LINES_SHOWN: Final = 15
"""Of a family."""
FAILED_SHOWN: Final = 50
LEFT_SHOWN: Final = 70
"""Characters of a clean text."""


@dataclass(frozen=True, slots=True)
class Run:
    """record: of report.json. shards: number, bytes, seconds of those that are done."""

    record: Mapping[str, Any]
    tally: Tally
    shards: Sequence[tuple[int, int, float]]
    highlights: Highlights


def html_report(record: Mapping[str, Any], reports: Sequence[ShardReport], folder: Path) -> str:
    """The page of the run in `folder`. record: of its report.json; reports: of the shards that are done.

    Raises OutputError where a shard's highlights can't be read.
    """
    order = sorted(reports, key=lambda report: report.number)
    shards = [(r.number, r.tally.bytes.get("read", 0), r.seconds) for r in order]
    total = Highlights()
    for found in highlights_of(folder, order):
        total = merge_highlights([total, found])
    run = Run(record, read_tally(record["tally"]), shards, total)
    sections = (
        head, failed_shards, by_label, by_site, frequent_lines, samples, documents, dropped, throughput, bad_records,
        balance, settings,
    )  # fmt: skip
    made = (section(run) for section in sections)
    title = f"Cleaning report: {number(run.tally.documents.get('read', 0))} documents"
    return page(title, style_sheet("report.css", "crawl_report.css"), [section for section in made if section])


def highlights_of(folder: Path, reports: Sequence[ShardReport]) -> Iterator[Highlights]:
    """Those of one shard after the other; only one is in memory at a time."""
    for report in reports:
        path = folder / HIGHLIGHTS / f"shard-{report.number:06}.json.gz"
        try:
            yield read_highlights(orjson.loads(gzip.decompress(path.read_bytes())))
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{path}: can't be read for the report ({error}); go on with --resume") from None


def head(run: Run) -> str:
    """What it was, and the figures one looks for first."""
    record, t = run.record, run.tally
    bad = record["state"] != "complete" or record["balance"] != "ok"
    chars, lines = t.chars.get("read", 0), t.lines.get("read", 0) - t.lines.get("blank", 0)
    gone = t.chars.get("removed", 0) + t.chars.get("gone", 0)
    seconds = sum(each[2] for each in run.shards)
    read = t.bytes.get("read", 0)
    tiles = [
        (number(t.documents.get("read", 0)), "documents read"),
        (number(t.documents.get("kept", 0)), f"kept, {number(t.documents.get('changed', 0))} of them changed"),
        (number(t.documents.get("dropped", 0)), "dropped whole"),
        (number(t.documents.get("failed", 0)), "bad records, set aside"),
        (percent(gone, chars), f"of {number(chars)} characters removed"),
        (percent(t.lines.get("dropped", 0), lines), f"of {number(lines)} lines removed"),
        (size(read), "of records read"),
        (f"{read / 1e6 / seconds:.2f} MB/s" if seconds else "-", "a worker"),
    ]
    files, shards = record["inputs"], record["shards"]
    return (
        f'<h1>Cleaning report</h1><p><span class="state{" bad" * bad}">{shown(record["state"])}</span> '
        f"{files:,} {'file' if files == 1 else 'files'} in {shards:,} {'shard' if shards == 1 else 'shards'}; "
        f"model <b>{shown(record['settings']['model_id'])}</b>, policy "
        f"<b>{shown(record['settings']['policy']['name'])}</b>; finished {shown(record['run']['finished'])}.</p>"
        + "<div class=tiles>"
        + "".join(f"<div class=tile><b>{value}</b><span>{shown(name)}</span></div>" for value, name in tiles)
        + "</div>"
        + strip(became(t))
    )


def became(t: Tally) -> list[tuple[str, str, int]]:
    """Characters by what became of them: class, name, count."""
    removed = t.removed_chars
    families = [
        (family, family, sum(removed.get(label.name, 0) for label in LABELS if label.family == family))
        for family in FAMILIES[1:]
    ]
    gone = [("gone", "dropped documents", t.chars["gone"])] if t.chars.get("gone") else []
    kept = t.chars.get("read", 0) - t.chars.get("removed", 0) - t.chars.get("gone", 0)
    return [("keep", "kept", kept), *families, *gone]


def failed_shards(run: Run) -> str:
    """Shards that are missing; nothing where all are done."""
    failed = run.record["failed_shards"]
    if not failed:
        return ""
    rows = [(shown(each["shard"]), shown(each["error"])) for each in failed[:FAILED_SHOWN]]
    more = f"<p>and {len(failed) - FAILED_SHOWN:,} more.</p>" if len(failed) > FAILED_SHOWN else ""
    return (
        f"<h2>{len(failed):,} shards failed</h2><p>They are missing from everything below. <b>--resume</b> tries them "
        f"again.</p>{wide(table(('shard', 'why'), rows))}{more}"
    )


def by_label(run: Run) -> str:
    """What went by label."""
    t = run.tally
    most = max((n for name, n in t.removed_chars.items() if name in BY_NAME), default=0)
    rows = []
    for label in LABELS[1:]:
        chars, lines = t.removed_chars.get(label.name, 0), t.dropped_lines.get(label.name, 0)
        flagged = t.flagged_lines.get(label.name, 0)
        said = f"{label.name}: {number(chars)} characters"
        bar = meter(chars, most, label.family, said)
        rows.append((label_tag(label.name), number(lines), number(flagged), number(chars), bar))
    between = t.removed_chars.get("between", 0)
    return (
        "<h2>What went, by label</h2>"
        + wide(table(("label", "lines", "flagged", "characters", ""), rows), grow=True)
        + f"<p class=note>Characters are those of removed lines and of removed spans inside kept lines; "
        f"{number(between)} more are line breaks and blank lines beside them.</p>"
    )


def by_site(run: Run) -> str:
    """What went by site."""
    sites = run.highlights.sites
    if not sites.found:
        return "<h2>Sites</h2><p>No document has an address (--url-column names the column).</p>"
    rows = []
    for host, weights in heaviest(sites, SITES_SHOWN):
        s = dict(zip(SITE, weights, strict=True))
        said = f"{percent(s['removed'], s['read'])} of {number(s['read'])} characters"
        families = [number(s[family]) for family in FAMILIES[1:]]
        family = max(FAMILIES[1:], key=lambda name: s[name])
        counts = [number(s["documents"]), number(s["gone"]), *families, number(s["removed"])]
        rows.append((f"<bdi>{shown(host)}</bdi>", *counts, meter(s["removed"], s["read"], family, said)))
    head = ("site", "pages", "dropped", "chrome", "spam", "noise", "characters", "share removed")
    return (
        f"<h2>Sites</h2><p>Those that lost most, of {'more than ' * bool(sites.lost)}{number(len(sites.found))}; lines "
        f"by family, and characters removed.</p>{wide(table(head, rows), grow=True)}{doubt(sites.lost, 'characters')}"
    )


def frequent_lines(run: Run) -> str:
    """The most frequent lines that went, by family."""
    lines, parts = run.highlights.lines, []
    order = heaviest(lines, len(lines.found))
    for family in FAMILIES[1:]:
        own = [(key.split("\t", 1), w) for key, w in order if BY_NAME[key.split("\t")[0]].family == family]
        own = sorted(own[:LINES_SHOWN], key=lambda item: -item[1][1])
        rows = [(number(w[1]), label_tag(label), f"<bdi lang=zh>{shown(text)}</bdi>") for (label, text), w in own]
        if rows:
            body = table(("times", "label", "line"), rows)
            parts.append(f"<div><h3>{family}</h3>{wide(body, kind='lead')}</div>")
    if not parts:
        return "<h2>Most frequent lines</h2><p>Nothing was removed or flagged.</p>"
    return (
        "<h2>Most frequent lines</h2><p>Lines and spans that were removed, or flagged where the policy says so.</p>"
        f"<div class=families>{''.join(parts)}</div>{doubt(lines.lost, 'times')}"
    )


def doubt(lost: int, unit: str) -> str:
    """How exact counts of a bounded summary are."""
    if not lost:
        return "<p class=note>These counts are exact.</p>"
    return (
        f"<p class=note>Counted in bounded memory: a count may be up to {number(lost)} {unit} too low; what is more "
        "frequent than that is never missing.</p>"
    )


def samples(run: Run) -> str:
    """Samples of every label."""
    parts = []
    for label in LABELS:
        found = run.highlights.samples.get(label.name, ())
        if found:
            cards = "".join(sample_html(label.name, value) for _, value in found)
            is_open = " open" if label.family == "spam" else ""
            parts.append(
                f"<details{is_open}><summary>{label_tag(label.name)} {len(found)} samples</summary>"
                f"<div class=samples>{cards}</div></details>"
            )
    return (
        f"<h2>Samples</h2><p>Drawn evenly from the different lines of each label.</p>{''.join(parts)}" if parts else ""
    )


def documents(run: Run) -> str:
    """The documents most changed."""
    rows = []
    for d in run.highlights.documents:
        said = f"{percent(d['removed'], d['read'])} of {number(d['read'])} characters"
        bar = meter(d["removed"], d["read"], BY_NAME[d["label"]].family if d["label"] else "chrome", said)
        begin = d["left"][:LEFT_SHOWN] + "…" * (len(d["left"]) > LEFT_SHOWN)
        left = f"<bdi lang=zh>{shown(begin)}</bdi>" if d["left"] else "<i>nothing</i>"
        tag = label_tag(d["label"]) if d["label"] else ""
        rows.append((place(d), tag, number(d["removed"]), bar, left))
    if not rows:
        return "<h2>Documents most changed</h2><p>No document was changed.</p>"
    head = ("document", "mostly", "characters", "share removed", "what is left begins")
    return f"<h2>Documents most changed</h2>{wide(table(head, rows), kind='documents')}"


def dropped(run: Run) -> str:
    """Documents that were dropped whole, by reason."""
    if not run.tally.dropped:
        return ""
    parts = []
    for reason, count in sorted(run.tally.dropped.items(), key=lambda item: -item[1]):
        cards = "".join(
            f"<article>{place(d)}<p lang=zh><bdi>{shown(d['text'])}</bdi></p></article>"
            for _, d in run.highlights.dropped.get(reason, ())
        )
        parts.append(
            f"<details open><summary><b>{shown(reason)}</b>: {number(count)} documents</summary>"
            f"<div class=samples>{cards}</div></details>"
        )
    return f"<h2>Documents dropped whole</h2><p>By rule, with samples; all lie in dropped/.</p>{''.join(parts)}"


def throughput(run: Run) -> str:
    """How fast it went."""
    if not run.shards:
        return ""
    read, seconds = sum(each[1] for each in run.shards), sum(each[2] for each in run.shards)
    wall = run.record["run"]["seconds"]
    rate = f"{read / 1e6 / seconds:.2f}" if seconds else "-"
    return (
        f"<h2>Throughput</h2><p>{size(read)} in {seconds:,.1f} worker-seconds: {rate} MB/s a worker. The last session "
        f"took {wall:,.1f} s. Megabytes a second by shard, the dashed line is their median.</p>"
        f"<div class=wide tabindex=0>{speed_plot(run.shards)}</div>"
    )


def bad_records(run: Run) -> str:
    """Records that could not be used, and those that are no documents."""
    t = run.tally
    rows = []
    for reason, count in sorted(t.failed.items(), key=lambda item: -item[1]):
        found = run.highlights.rejected.get(reason, ())
        first = "; ".join(f"{shown(r['source'])}, {r['place']:,}" for _, r in found[:3])
        rows.append((shown(reason), number(count), f"<bdi>{first}</bdi>"))
    bad = wide(table(("the record …", "records", "for instance"), rows), kind="wrap") if rows else "<p>None.</p>"
    other = [(shown(reason), number(count)) for reason, count in sorted(t.skipped.items())]
    beside = f"<h3>Records that are no documents</h3>{table(('what', 'records'), other)}" if other else ""
    where = "<p>They were set aside in rejected/ with reason and origin.</p>" if rows else ""
    return f"<h2>Bad records</h2>{where}{bad}{beside}"


def balance(run: Run) -> str:
    """The books."""
    rows = []
    for said, left, right in EQUATIONS:
        a, b = left(run.tally), right(run.tally)
        sign = "<span class=ok>✓ balances</span>" if a == b else f"<span class=off>off by {a - b:,}</span>"
        rows.append((shown(said), f"{a:,}", f"{b:,}", sign))
    return f"<h2>Balance of the books</h2>{wide(table(('', 'left', 'right', ''), rows), kind='wrap')}"


def settings(run: Run) -> str:
    """What the run was told."""
    rows = [
        (shown(name), f"<bdi>{shown(orjson.dumps(value).decode())}</bdi>")
        for name, value in run.record["settings"].items()
    ]
    body = wide(table(("setting", "value"), rows), kind="settings")
    return f"<details><summary>Settings of the run</summary>{body}</details>"


def wide(html: str, *, grow: bool = False, kind: str = "") -> str:
    """A table over the whole width."""
    names = " ".join(name for name in ("full", "grows" if grow else "", kind) if name)
    return html.replace("<table>", f'<table class="{names}">')
