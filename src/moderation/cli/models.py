"""`moderation models`: list, promote, roll back and discard the models of a service's folder."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moderation.loop.registry import Entry, State


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "models",
        help="list, promote, roll back or discard models",
        description="The models of a folder of candidates. A service that has the folder in its setting `candidates` "
        "follows within a second.",
    )
    parser.add_argument("what", choices=("list", "promote", "rollback", "discard"))
    parser.add_argument("name", nargs="?", help="which model to promote or discard (default: the candidate)")
    parser.add_argument("--candidates", type=Path, required=True, metavar="FOLDER", help="the folder of models")
    parser.add_argument("--force", action="store_true", help="promote a model although it fell below its floors")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Change the state, then print it."""
    from moderation.errors import UsageError
    from moderation.loop.registry import NO_MODELS, Registry

    if not args.candidates.is_dir():
        raise UsageError(f"{args.candidates}: no such folder; `moderation retrain --candidates` makes one")
    if args.name and args.what in ("list", "rollback"):
        raise UsageError(f"{args.what} takes no name")
    registry = Registry(args.candidates)
    before = registry.state().current
    if args.what == "promote":
        registry.promote(args.name, force=args.force)
    elif args.what == "rollback":
        registry.rollback()
    elif args.what == "discard":
        registry.discard(args.name)
    state, entries = registry.state(), registry.entries()
    if args.what in ("promote", "rollback"):
        name = state.current or "the model that the service was started with"
        print(f"moderation: {name} serves {'now' if state.current != before else 'already'}", file=sys.stderr)
    if not entries and not args.json:
        print(f"moderation: {args.candidates}: {NO_MODELS}", file=sys.stderr)
    print(json.dumps(record(state, entries), ensure_ascii=False) if args.json else table(state, entries))
    return 0


def record(state: "State", entries: "list[Entry]") -> dict[str, object]:
    """As JSON values."""
    return {
        "current": state.current,
        "candidate": state.candidate,
        "models": [asdict(entry) for entry in entries],
    }


def table(state: "State", entries: "list[Entry]") -> str:
    """One row a model."""
    rows = [f"{'model':<24}{'state':<11}{'learned':>8}{'keep_f1':>9}{'spam':>8}  gate"]
    for entry in entries:
        test = entry.metrics.get("test", {})
        figures = [f"{test[name]:.4f}" if name in test else "-" for name in ("keep_f1", "spam_lines_removed")]
        gate = "-" if entry.gate is None else "passed" if entry.gate["passed"] else "; ".join(entry.gate["failed"])
        learned = "-" if entry.corrections is None else str(entry.corrections)
        rows.append(f"{entry.name:<24}{entry.state:<11}{learned:>8}{figures[0]:>9}{figures[1]:>8}  {gate}")
    if state.current is None:
        rows.append("current: the model that the service was started with")
    return "\n".join(rows)
