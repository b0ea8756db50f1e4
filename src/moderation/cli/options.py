"""Options that several commands share."""

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from moderation.policy import BUILT_IN

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_judging_options(parser: argparse.ArgumentParser) -> None:
    """--policy, --repair, --no-repair and --model."""
    parser.add_argument(
        "--policy", default="default", metavar="P", help=f"{', '.join(BUILT_IN)}, or a TOML file (default: default)"
    )
    parser.add_argument(
        "--repair",
        action=argparse.BooleanOptionalAction,
        help="mend damage in kept text, or don't (default: as the policy says)",
    )
    parser.add_argument("--model", metavar="M", help="a shipped model's name or a model's folder (default: default)")


def add_input_options(parser: argparse.ArgumentParser, forms: Sequence[str] = ("jsonl", "text")) -> None:
    """--from and --text-field."""
    parser.add_argument(
        "--from",
        dest="form",
        choices=forms,
        help="what the input is (default: by suffix; standard input is JSONL if it begins with a JSON object)",
    )
    parser.add_argument(
        "--text-field", "--text-column", default="text", metavar="NAME", help="the field or column that holds the text"
    )
