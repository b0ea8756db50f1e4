"""`moderation calibrate`: the threshold at which a label is right as often as is asked for."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moderation.cli.options import Subparsers

if TYPE_CHECKING:
    from moderation.train.calibrate import Calibration


def add_parser(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "calibrate",
        help="find a label's threshold for a wanted precision",
        description="Find, on labelled pages, the lowest threshold of a label at which lines found to have it are "
        "right as often as is asked for, and the recall to expect.",
    )
    parser.add_argument(
        "labelled", nargs="+", type=Path, help="pages (.jsonl, .txt rows) or lines (.jsonl, .csv, .tsv)"
    )
    parser.add_argument("--target-precision", type=float, required=True, metavar="X", help="for instance 0.995")
    parser.add_argument(
        "--label", action="append", required=True, metavar="L", help="name or code of a label; may be repeated"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="POLICY.toml",
        help="write a policy with the thresholds; one that is there already is added to",
    )
    parser.add_argument("--policy", metavar="P", help="a built-in policy or a TOML file (default: default)")
    parser.add_argument("--model", metavar="M", help="a shipped model's name or a model's folder (default: default)")
    parser.add_argument("--split", metavar="NAME", help="only pages of this split, for instance dev")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Calibrate, print, write. Nothing is written unless every label reaches the target."""
    from dataclasses import asdict

    from moderation.cli.outputs import transaction
    from moderation.errors import UsageError
    from moderation.labels import find_label
    from moderation.moderate import Moderator
    from moderation.train.calibrate import (
        FEW,
        base_policy,
        calibrate,
        check_request,
        policy_toml,
        with_thresholds,
    )
    from moderation.train.dataset import read_labelled
    from moderation.train.evaluate import score_pages

    labels = list(dict.fromkeys(find_label(label).name for label in args.label))
    policy = base_policy(args.policy, args.output)
    check_request(policy, labels, args.target_precision)
    pages = [page for page in read_labelled(args.labelled) if args.split in (None, page.split)]
    if not pages:
        raise UsageError(f"no page has the split {args.split!r}")
    moderator = Moderator.load(args.model, policy)
    scored = score_pages(moderator, pages)
    found = [calibrate(scored, label, args.target_precision) for label in labels]
    if args.output:
        changed = with_thresholds(policy, {one.label: one.threshold for one in found})
        with transaction() as outputs:
            outputs.write(str(args.output), policy_toml(changed).encode())
    if args.json:
        head = {"model": moderator.model.id, "policy": policy.name, "pages": len(pages)}
        head |= {"lines": int(scored.judged.truth.size), "target_precision": args.target_precision}
        print(json.dumps(head | {"labels": [asdict(one) for one in found]}, ensure_ascii=False))
    else:
        print(f"{len(pages)} pages, {scored.judged.truth.size} lines; model {moderator.model.id}")
        for one in found:
            print(as_text(one, policy.rule(one.label).threshold))
        if args.output:
            print(f"{args.output}: written")
    for one in found:
        if one.few_lines:
            what = f"{one.label}: the threshold rests on few lines ({one.lines}, of {FEW} that it takes at the least)"
            print(f"moderation: warning: {what}; add labelled pages", file=sys.stderr)
    return 0


def as_text(found: "Calibration", before: float) -> str:
    """A label's threshold, and what it does. before: the policy's threshold until now."""
    low, high = found.recall_interval
    return (
        f"{found.label}: threshold {found.threshold} (until now {before})\n"
        f"  precision {found.precision:.4f} on {found.lines} lines; of its family {found.family_precision:.4f}, "
        f"not content {found.junk_precision:.4f}\n"
        f"  recall    {found.recall:.4f} of {found.true_lines} lines, 95 % interval by page {low:.4f} - {high:.4f}"
    )
