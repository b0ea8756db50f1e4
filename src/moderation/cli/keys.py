"""`moderation keys`: the API keys of the service, kept as hashes."""

import argparse
import os
from pathlib import Path

from moderation.cli.options import Subparsers
from moderation.errors import UsageError


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments."""
    parser = subparsers.add_parser("keys", help="add, list and revoke the service's API keys")
    doing = parser.add_subparsers(dest="doing", metavar="add|list|revoke", required=True)
    add = doing.add_parser("add", help="make a key, print it once, keep its hash")
    add.add_argument("name", metavar="NAME", help="whose key it is; stands in the log")
    add.add_argument(
        "--scope", action="append", metavar="S", help="clean, feedback or admin; may be repeated (default: clean)"
    )
    listed = doing.add_parser("list", help="names, scopes and dates")
    revoke = doing.add_parser("revoke", help="let a key work no more")
    revoke.add_argument("name", metavar="NAME", help="the key's name")
    for each in (add, listed, revoke):
        each.add_argument("--keys", metavar="FILE", help="the file of keys (default: the variable MODERATION_KEYS)")


def run(args: argparse.Namespace) -> int:
    """Exit status 0."""
    from moderation.service.keys import SCOPES, add_key, read_keys, revoke_key

    named = args.keys or os.environ.get("MODERATION_KEYS")
    if not named:
        raise UsageError("which file of keys? name it with --keys FILE, or in the variable MODERATION_KEYS")
    path = Path(named)
    if args.doing == "add":
        scopes = list(dict.fromkeys(args.scope or ["clean"]))
        unknown = set(scopes) - set(SCOPES)
        if unknown:
            raise UsageError(f"unknown scope {min(unknown)!r}; known scopes: {', '.join(SCOPES)}")
        print(add_key(path, args.name, scopes))
    elif args.doing == "revoke":
        revoke_key(path, args.name)
    else:
        for key in read_keys(path):
            print(f"{key.name}\t{','.join(key.scopes)}\t{key.created}")
    return 0
