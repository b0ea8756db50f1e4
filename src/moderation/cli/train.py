"""`moderation train`: labelled data in, a serving model out."""

import argparse
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

from moderation.errors import OutputError, UsageError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "train",
        help="fit a model on labelled data",
        description="Fit a model on labelled pages or lines. Without arguments: on the authored corpus alone. "
        "Pages of the splits dev and test are measured on, never trained on.",
    )
    parser.add_argument(
        "labelled", nargs="*", type=Path, help="pages (.jsonl, .txt rows) or lines (.jsonl, .csv, .tsv)"
    )
    parser.add_argument("-o", "--output", type=Path, help="folder of the model (default: models/authored)")
    parser.add_argument("--force", action="store_true", help="replace a model that lies in the folder")
    parser.add_argument("--with-authored", action="store_true", help="add the authored corpus to the labelled data")
    parser.add_argument(
        "--own-weight",
        type=float,
        help="what lines of your files count in the second stage beside authored ones (default 4)",
    )
    parser.add_argument("--generated", type=float, default=1.0, help="generated pages, as a multiple (default 1)")
    parser.add_argument("--no-context", action="store_true", help="judge every line by itself")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--jobs", type=int, default=2, help="processes for the out-of-fold scores (default 2)")


def run(args: argparse.Namespace) -> int:
    """Train, write the model, say where and how good."""
    from moderation.train.corpus import authored_files, describe
    from moderation.train.dataset import read_labelled
    from moderation.train.fit import OWN_WEIGHT, TrainOptions, train_and_save

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    check_options(args)
    output: Path = args.output or Path("models/authored")
    check_folder(output)
    check_replacing(output, args.force)
    own = OWN_WEIGHT if args.own_weight is None else args.own_weight
    files = [(path.name, [path], own, True) for path in args.labelled]
    if args.with_authored or not args.labelled:
        files.append(("authored", authored_files(), 1.0, False))
    if not args.labelled:
        say("no labelled data named: training on the authored corpus alone")
    pages, sources = [], []
    for name, paths, weight, is_own in files:
        found = [replace(page, weight=weight, own=is_own) for page in read_labelled(paths)]
        pages += found
        sources.append({**describe(name, paths, found), "weight": weight})
    options = TrainOptions(generated=args.generated, context=not args.no_context, seed=args.seed, jobs=args.jobs)
    model = train_and_save(pages, sources, output, options, say)
    for split, figures in model.manifest["metrics"].items():
        row = " ".join(f"{name}={figures[name]:.3f}" for name in SHOWN)
        say(f"{split}: {row}")
    print(f"{output}: {model.id}")
    return 0


def check_options(args: argparse.Namespace) -> None:
    """Raise UsageError for a number that makes no sense, before anything is read."""
    if not (math.isfinite(args.generated) and args.generated >= 0):
        raise UsageError(f"--generated must be a number from 0 up, found {args.generated}")
    if args.own_weight is not None and not (math.isfinite(args.own_weight) and args.own_weight > 0):
        raise UsageError(f"--own-weight must be a number above 0, found {args.own_weight}")
    if args.jobs < 1:
        raise UsageError(f"--jobs must be 1 or more, found {args.jobs}")
    if not 0 <= args.seed < 2**32:
        raise UsageError(f"--seed must be a whole number from 0 to 2^32 - 1, found {args.seed}")


def check_folder(output: Path) -> None:
    """Raise OutputError where the model's folder can't be made, before minutes go into fitting."""
    there = next(folder for folder in (output, *output.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        why = "is no folder" if not there.is_dir() else "can't be written to"
        raise OutputError(f"{output}: can't be made a model's folder ({there} {why}); name another with -o")


def check_replacing(output: Path, force: bool) -> None:
    """Raise OutputError where a model is there already that nobody said to replace."""
    from moderation.model.store import MANIFEST, WEIGHTS

    if not force and any((output / name).exists() for name in (WEIGHTS, MANIFEST)):
        raise OutputError(f"{output}: holds a model already; name another folder with -o, or replace it with --force")


SHOWN = ("keep_f1", "content_chars_kept", "junk_chars_removed", "spam_lines_removed", "label_accuracy", "span_char_f1")
