"""`moderation serve`: the HTTP service and its review page."""

import argparse

from moderation.cli.options import Subparsers
from moderation.service.settings import FIELDS, Settings, flag, load_settings


def add_parser(subparsers: Subparsers) -> None:
    """The command's arguments: one for each setting."""
    parser = subparsers.add_parser("serve", help="answer over HTTP, with a review page at /")
    parser.add_argument("--config", metavar="FILE", help="settings as TOML")
    defaults = Settings()
    for name, field in FIELDS.items():
        about = field.metadata["about"].replace("%", "%%").replace("`", "")
        default = getattr(defaults, name)
        if field.type is bool:
            parser.add_argument(flag(name), action=argparse.BooleanOptionalAction, help=about)
        else:
            shown = f" (default: {default})" if default != "" else ""
            parser.add_argument(flag(name), metavar=name.rpartition("_")[2].upper(), help=about + shown)


def run(args: argparse.Namespace) -> int:
    """Runs until a signal. Exit status 0."""
    settings = load_settings({name: getattr(args, name) for name in FIELDS}, args.config)

    from moderation.service.run import serve

    serve(settings)
    return 0
