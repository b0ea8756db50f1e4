"""`moderation clean` into a folder: many inputs, any format, shards, a manifest; can be interrupted and resumed."""

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from moderation.cli.run_progress import JsonLog, Quiet, Shown
from moderation.cli.summary import TELLING
from moderation.errors import UsageError
from moderation.formats.base import MAX_RECORD_BYTES, Columns, Compression, Source
from moderation.formats.opening import is_url
from moderation.formats.table import written_by_suffix

if TYPE_CHECKING:
    from moderation.crawl.engine import Engine
    from moderation.crawl.mirror import Mirror
    from moderation.crawl.run import Order, Outcome
    from moderation.crawl.settings import Settings

LEFT_OUT_SHOWN: Final = 3
REASONS_SHOWN: Final = 3


def run(args: argparse.Namespace) -> int:
    """Exit status: 0; 1 if records were set aside or shards failed."""
    from moderation.crawl.inputs import find_inputs
    from moderation.crawl.run import Order

    check_run(args)
    inputs = find_inputs(args.inputs, args.form)
    mirror = mirror_for(args)
    sources = outside(inputs.sources, args.inputs, args.output)
    settings = settings_of(args)
    order = Order(
        folder=mirror.folder if mirror else Path(args.output),
        sources=sources,
        settings=settings,
        engine=engine_of(args, sum_of_sizes(sources)),
        resume=args.resume,
        on_error=args.on_error or "continue",
        rejected=args.rejected or "",
        mirror=mirror,
    )
    others = [path for path in inputs.left_out if not lies_in(path, args.output)]
    return carry_out(order, args, left_out(others) if others else "")


def carry_out(order: "Order", args: argparse.Namespace, before: str = "") -> int:
    """Run what was ordered. Exit status: 0; 1 if anything was set aside or failed. before: what is said first."""
    from moderation.crawl.run import clean_crawl
    from moderation.crawl.shard import REJECTED
    from moderation.kernel.jit import compile_notice

    with watcher_of(args) as watcher:
        if before:
            watcher.say(before)
        try:
            with compile_notice(lambda line: watcher.note(f"moderation: {line}")):
                outcome = clean_crawl(order, watcher)
        except KeyboardInterrupt:
            watcher.say(f"moderation: what is finished is kept in {order.where}; go on with --resume")
            raise
    if not args.quiet:
        if outcome.tally.failed:
            watcher.say(set_aside(outcome.tally.failed, order.rejected or f"{order.where}/{REJECTED}"))
        watcher.say(sentence(outcome))
    return 1 if outcome.failed or outcome.tally.documents.get("failed") else 0


def check_options(args: argparse.Namespace) -> None:
    """Raises UsageError for options that contradict each other."""
    if args.verdicts:
        raise UsageError(
            "--verdicts belongs to plain JSONL and text files; use --ledger parquet or --ledger jsonl here"
        )
    if args.ledger_scores and not args.ledger:
        raise UsageError("--ledger-scores needs --ledger parquet or --ledger jsonl")


def check_run(args: argparse.Namespace) -> None:
    """Raises UsageError for what a run into a folder can't do."""
    if "-" in args.inputs:
        raise UsageError("standard input (-) can't be read again after an interruption; name files for a run")


def mirror_for(args: argparse.Namespace) -> "Mirror | None":
    """For an output behind a URL. Raises UsageError for what can't be done there."""
    if not is_url(args.output):
        if args.spool:
            raise UsageError("--spool is for an output behind a URL; a local folder needs none")
        return None
    from moderation.crawl.mirror import mirror_of
    from moderation.formats.opening import filesystem

    filesystem(args.output)
    if args.rejected and is_url(args.rejected):
        raise UsageError(
            f"--rejected {args.rejected}: name a folder of this machine, or none, and they go to {args.output}"
        )
    if args.ray_address and not args.spool:
        raise UsageError(
            "--ray-address with an output behind a URL needs --spool DIR, a folder that all nodes share: "
            "workers write there, and what is finished goes on to the URL"
        )
    return mirror_of(args.output, args.spool)


def settings_of(args: argparse.Namespace) -> "Settings":
    """From the arguments. Loading the model here finds out early whether it can be used."""
    from moderation.crawl.drop import parse_rule
    from moderation.crawl.settings import SHARD_BYTES, Settings
    from moderation.moderate import Moderator

    moderator = Moderator.load(args.model, args.policy, repair=args.repair)
    to, packed = target_of(args.to)
    return Settings(
        policy=moderator.policy,
        model=args.model and str(Path(args.model).resolve() if Path(args.model).is_dir() else args.model),
        model_id=moderator.model.id,
        columns=Columns(args.text_field, args.id_column or "id", args.url_column or "url"),
        to=to,
        packed=packed,
        ledger=args.ledger or "",
        ledger_scores=args.ledger_scores,
        attributes=args.attributes,
        drop=tuple(parse_rule(rule).text for rule in args.drop_doc or ()),
        site_lines=args.site_lines,
        max_record_bytes=args.max_record_bytes or MAX_RECORD_BYTES,
        shard_bytes=args.shard_bytes or SHARD_BYTES,
    )


def target_of(to: str | None) -> tuple[str | None, Compression]:
    """Format and compression, as `parquet` or `jsonl.zst` name them. Raises UsageError."""
    if to is None:
        return None, ""
    found = written_by_suffix(f"x.{to.lstrip('.')}") or written_by_suffix(f"x.{to.replace('text', 'txt', 1)}")
    if found is None:
        from moderation.formats.table import TABLE

        packed = ", ".join(row.name for row in TABLE if row.compressed)
        other = ", ".join(row.name for row in TABLE if row.written and not row.compressed)
        raise UsageError(f"--to {to}: can't be written; choose one of {other}, or, with .gz or .zst or plain, {packed}")
    return found[0].name, found[1]


def outside(sources: Sequence[Source], named: Sequence[str], folder: str) -> list[Source]:
    """The sources but for what the run itself wrote, as into a folder inside of its input.

    Raises UsageError for a file in the run's folder that was named.
    """
    found = []
    for source in sources:
        if not lies_in(source.path, folder):
            found.append(source)
        elif source.path in named:
            raise UsageError(f"{source.path} lies in {folder}, which is to be written; write to another folder")
    return found


def lies_in(path: str, folder: str) -> bool:
    """Whether a file lies below a folder, both local or both behind URLs of one kind."""
    if not is_url(folder):
        return not is_url(path) and Path(folder).resolve() in Path(path).resolve().parents
    kind, _, place = folder.rstrip("/").partition("://")
    return path.startswith((f"{kind}://{place}/", f"{kind}:///{place}/"))  # memory:// has paths that begin with /


def engine_of(args: argparse.Namespace, size: int) -> "Engine":
    """Where shards are run. size: stored bytes of the inputs. Raises UsageError."""
    if args.ray_address and args.engine != "ray":
        raise UsageError("--ray-address needs --engine ray")
    from moderation.crawl.engine import InProcess
    from moderation.crawl.run import SMALL

    if args.engine == "ray":
        from moderation.crawl.ray_engine import RayEngine

        return RayEngine(args.ray_address, args.workers)
    if size <= SMALL and not args.workers:
        return InProcess()
    from moderation.crawl.pool import Pool

    return Pool(args.workers or available_cores())


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def sum_of_sizes(sources: Sequence[Source]) -> int:
    """Stored bytes."""
    from moderation.formats.opening import stored_size

    return sum(stored_size(source.path) for source in sources)


def watcher_of(args: argparse.Namespace) -> "AbstractContextManager[Any]":
    """How progress is shown."""
    return JsonLog() if args.log_json else Quiet() if args.quiet else Shown()


def left_out(paths: Sequence[str]) -> str:
    """Files whose suffix no format has."""
    shown = ", ".join(paths[:LEFT_OUT_SHOWN]) + (" …" if len(paths) > LEFT_OUT_SHOWN else "")
    files = "1 file is" if len(paths) == 1 else f"{len(paths):,} files are"
    return f"moderation: {files} not read, as no format has such a suffix: {shown}; name the format with --from"


def set_aside(reasons: Mapping[str, int], where: str) -> str:
    """Why records were rejected, the most frequent reasons first, and where they are."""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = "; ".join(f"{count:,} × {reason}" for reason, count in ranked[:REASONS_SHOWN])
    return f"moderation: rejected: {shown}{'; …' if len(ranked) > REASONS_SHOWN else ''}; they are in {where}"


def sentence(outcome: "Outcome") -> str:
    """What a run ends with."""
    t = outcome.tally
    chars = t.chars.get("read", 0)
    removed = (chars + t.chars.get("repaired", 0) - t.chars.get("written", 0)) / chars if chars else 0.0
    dropped = t.documents.get("dropped", 0)
    speed = f"; {outcome.read / 1e6 / outcome.seconds:.1f} MB/s" if outcome.read >= TELLING else ""
    documents = t.documents.get("read", 0)
    failed = f"; {len(outcome.failed):,} of {outcome.shards:,} shards FAILED, try again with --resume"
    return (
        f"moderation: {documents:,} {'document' if documents == 1 else 'documents'}"
        + (f" in {outcome.shards:,} shards; " if outcome.shards > 1 else "; ")
        + f"lines: {t.lines.get('kept', 0):,} kept, {t.lines.get('dropped', 0):,} dropped, "
        f"{t.lines.get('flagged', 0):,} flagged; {removed:.1%} of characters removed; "
        + (f"{dropped:,} documents dropped; " if dropped else "")
        + f"{t.documents.get('failed', 0):,} rejected{speed}"
        + (failed if outcome.failed else "")
    )
