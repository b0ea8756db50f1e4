"""`moderation retrain`: corrections into a candidate model, without the data that the base model was trained on."""

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moderation.errors import OutputError, UsageError

if TYPE_CHECKING:
    from moderation.loop.registry import Registry
    from moderation.loop.retrain import Retrained

REJECTED = 1
"""Exit status where the candidate fell below its floors: written, and marked."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "retrain",
        help="teach a model your corrections",
        description="Adapt a model to corrections; its training data is not needed. A candidate that gets worse on the "
        "built-in pages is written, marked as rejected, and not promoted; the exit status is then 1.",
    )
    parser.add_argument(
        "--corrections",
        nargs="+",
        default=[],
        metavar="DB_OR_FILE",
        help="a store (SQLAlchemy URL or SQLite file), or labelled pages or lines as `train` reads them",
    )
    parser.add_argument(
        "--labelled",
        nargs="+",
        default=[],
        type=Path,
        metavar="FILE",
        help="labelled data of your own, learned as well",
    )
    parser.add_argument(
        "--model", help="the base model: a shipped one's name or a folder (default: what serves, or default)"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", type=Path, help="folder of the candidate")
    where.add_argument(
        "--candidates", type=Path, metavar="FOLDER", help="a service's folder of models: propose it there"
    )
    parser.add_argument("--margin", type=float, default=0.01, help="by how much a figure may fall (default 0.01)")


def run(args: argparse.Namespace) -> int:
    """Retrain, write, say what was learned and what it cost."""
    from moderation.cli.train import check_folder
    from moderation.loop.corrections import read_corrections
    from moderation.loop.registry import Registry
    from moderation.loop.retrain import Source, retrain
    from moderation.model.store import load_model
    from moderation.train.dataset import read_labelled

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    if not args.corrections and not args.labelled:
        raise UsageError("nothing to learn from: name a store or a file with --corrections, or files with --labelled")
    if not (math.isfinite(args.margin) and 0 <= args.margin <= 1):
        raise UsageError(f"--margin must be a number from 0 to 1, found {args.margin}")
    registry = Registry(args.candidates) if args.candidates else None
    base = load_model(args.model or (registry.current() if registry else None))
    output = args.output or new_folder(registry, base.manifest["name"])
    check_folder(output)
    if output.is_dir() and any(output.iterdir()):
        raise OutputError(f"{output}: holds something already; name a new folder with -o")
    sources = [Source(shown(where), tuple(read_corrections(where))) for where in args.corrections]
    sources += [Source(path.name, tuple(read_labelled([path]))) for path in args.labelled]
    found = retrain(base, sources, output, say, margin=args.margin)
    report(found, say)
    if registry:
        registry.propose(output.name)
    print(f"{output}: {found.model.id}")
    return 0 if found.gate.passed else REJECTED


def new_folder(registry: "Registry | None", base: str) -> Path:
    """A free folder among the candidates."""
    assert registry is not None  # argparse wants one of the two
    return registry.folder / registry.next_name(base)


def shown(where: str) -> str:
    """A store or file by its name; a URL may hold a password."""
    return where.partition("://")[0] + " store" if "://" in where else Path(where).name


def report(found: "Retrained", say: "Say") -> None:
    """What was learned, what is to be expected of new lines, and what became of the built-in figures."""
    learned, trial, gate = found.learned, found.trial, found.gate
    say(f"corrected lines right: {learned.before:.1%} before, {learned.after:.1%} now ({learned.lines} lines)")
    if trial:
        say(
            f"lines that a trial run was not shown: {trial.before:.1%} right before, {trial.after:.1%} after "
            f"({trial.lines} lines): what to expect of new lines of these kinds"
        )
    else:
        say("too few corrected pages for a trial run; nothing says how well new lines of these kinds will do")
    for name, value in gate.figures.items():
        say(f"built-in pages: {name} {gate.reference[name]:.4f} -> {value:.4f}")
    for sentence in gate.failed:
        say(f"rejected: {sentence}")


if TYPE_CHECKING:
    from moderation.loop.retrain import Say
