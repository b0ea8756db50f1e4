"""`moderation reapply`: another policy over a run that was cleaned before, without scoring again."""

import argparse
from dataclasses import replace
from pathlib import Path

from moderation.cli.options import Subparsers
from moderation.cli.run_options import add_engine_options
from moderation.errors import UsageError
from moderation.formats.opening import is_url, without_file
from moderation.policy import BUILT_IN


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments."""
    parser = subparsers.add_parser("reapply", help="apply another policy to a cleaned crawl, without scoring again")
    parser.add_argument("ledger", metavar="LEDGER", help="the folder of a run made with --ledger-scores, or its ledger")
    parser.add_argument("-o", "--output", required=True, metavar="OUTDIR", help="folder or URL of the new run")
    parser.add_argument("--policy", required=True, metavar="P", help=f"{', '.join(BUILT_IN)}, or a TOML file")
    parser.add_argument(
        "--repair",
        action=argparse.BooleanOptionalAction,
        help="mend damage in kept text, or don't (default: as the policy says)",
    )
    parser.add_argument("--rejected", metavar="DIR", help="folder of records set aside (default: OUTDIR/rejected)")
    parser.add_argument("--quiet", action="store_true", help="no progress display and no summary")
    add_engine_options(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status: 0; 1 if records are set aside, as they were before, or shards failed."""
    from moderation.cli.clean_run import carry_out, engine_of, mirror_for
    from moderation.crawl.fetched import run_at
    from moderation.crawl.manifest import MANIFEST, is_complete, read_manifest
    from moderation.crawl.output import file_digest
    from moderation.crawl.run import Order
    from moderation.moderate import Moderator

    args.output, home = without_file(args.output), run_folder(without_file(args.ledger))
    with run_at(home) as folder:
        manifest, complete = read_manifest(folder), is_complete(folder)
        digest = file_digest(folder / MANIFEST)
    before = manifest.settings
    if not before.ledger_scores:
        raise UsageError(f"{home}: its ledger holds no scores of kept lines; clean again with --ledger-scores")
    if not complete:
        raise UsageError(f"{home}: holds an unfinished run; finish it with moderation clean --resume")
    if absolute(args.output) == absolute(home):
        raise UsageError(f"{args.output}: is the run that is read; write to another folder")
    policy = Moderator.load(before.model, args.policy, repair=args.repair).policy
    settings = replace(before, policy=policy, again=absolute(home), again_digest=digest)
    mirror = mirror_for(args)
    order = Order(
        folder=mirror.folder if mirror else Path(args.output),
        sources=manifest.plan.sources,
        settings=settings,
        engine=engine_of(args, manifest.plan.size),
        resume=args.resume,
        on_error=args.on_error or "continue",
        rejected=args.rejected or "",
        mirror=mirror,
    )
    return carry_out(order, args)


def absolute(path: str) -> str:
    """A folder or URL as it is called from everywhere."""
    return path.rstrip("/") if is_url(path) else str(Path(path).resolve())


def run_folder(path: str) -> str:
    """The run's folder or URL, from itself or from its ledger. Raises UsageError."""
    from moderation.crawl.fetched import run_at
    from moderation.crawl.manifest import is_run

    home = path.rstrip("/")
    for folder in (home, *(home.rsplit("/", n)[0] for n in (1, 2))) if is_url(path) else above(path):
        with run_at(folder) as found:
            if is_run(found):
                return folder
    raise UsageError(f"{path}: is neither the folder of a run nor its ledger")


def above(path: str) -> tuple[str, ...]:
    """A local path, its folder, and the folder of that."""
    place = Path(path)
    return str(place), str(place.parent), str(place.parent.parent)
