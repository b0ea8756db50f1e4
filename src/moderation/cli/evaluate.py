"""`moderation evaluate`: every metric of a model on labelled data."""

import argparse
import json
from pathlib import Path


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure a model on labelled data",
        description="Print every metric, tables by label and by kind of page, and the confusion matrix.",
    )
    parser.add_argument(
        "labelled", nargs="+", type=Path, help="pages (.jsonl, .txt rows) or lines (.jsonl, .csv, .tsv)"
    )
    parser.add_argument("--model", help="a shipped model's name or a folder (default: default)")
    parser.add_argument("--policy", default="default", help="a built-in policy or a TOML file (default: default)")
    parser.add_argument("--split", help="only pages of this split, for instance dev")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="REPORT.html",
        help="write a report as well, with reliability and the worst mistakes",
    )


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    from moderation.cli.outputs import transaction
    from moderation.errors import UsageError
    from moderation.moderate import Moderator
    from moderation.train.dataset import read_labelled
    from moderation.train.evaluate import score_pages
    from moderation.train.html_report import html_report
    from moderation.train.report import report, report_text

    if args.html and args.html.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{args.html}: the report is an HTML file; give it a name that ends in .html")
    pages = [page for page in read_labelled(args.labelled) if args.split in (None, page.split)]
    if not pages:
        raise UsageError(f"no page has the split {args.split!r}")
    moderator = Moderator.load(args.model, args.policy)
    scored = score_pages(moderator, pages)
    if not scored.judged.truth.size:
        raise UsageError("the labelled data holds no labelled line that is not blank")
    found = report(moderator, pages, scored)
    if args.html:
        with transaction() as outputs:
            outputs.write(str(args.html), html_report(found, scored, pages, moderator.model).encode())
    print(json.dumps(found, ensure_ascii=False) if args.json else report_text(found))
    return 0
