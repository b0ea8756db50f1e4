"""Options of `moderation clean` that only a run into a folder has."""

import argparse

from moderation.formats.base import MAX_RECORD_BYTES


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What they are is in docs/commands.md; each is None, or False, where it was not given."""
    group = parser.add_argument_group("runs into a folder (docs/scale.md)")
    group.add_argument("--to", metavar="FORMAT", help="jsonl, parquet, csv … (with .gz or .zst; default: as the input)")
    group.add_argument("--id-column", metavar="NAME", help="column of document ids (default: id)")
    group.add_argument("--url-column", metavar="NAME", help="column of addresses (default: url)")
    group.add_argument("--ledger", choices=("parquet", "jsonl"), help="write what was removed, a row a line or span")
    group.add_argument("--ledger-scores", action="store_true", help="kept lines, too, with all probabilities")
    group.add_argument("--attributes", action="store_true", help="write Dolma-style attribute files")
    group.add_argument("--drop-doc", action="append", metavar="RULE", help="drop whole documents; may be repeated")
    group.add_argument("--site-lines", action="store_true", help="take out what stands on most pages of a site")
    group.add_argument("--max-record-bytes", type=positive, metavar="N", help=f"default: {MAX_RECORD_BYTES:,}")
    group.add_argument("--shard-bytes", type=positive, metavar="N", help="stored input a shard (default: 16 MiB)")
    add_engine_options(group)


def add_engine_options(group: "argparse._ActionsContainer") -> None:
    """How shards are run, for every command that runs some."""
    group.add_argument("--workers", type=positive, metavar="N", help="processes (default: all cores)")
    group.add_argument("--resume", action="store_true", help="go on with the run that is in the folder")
    group.add_argument("--spool", metavar="DIR", help="where an output behind a URL is made (default: as TMPDIR says)")
    group.add_argument("--on-error", choices=("stop", "continue"), help="when a shard fails (default: continue)")
    group.add_argument("--log-json", action="store_true", help="progress as lines of JSON on stderr")
    group.add_argument("--engine", choices=("local", "ray"), help="where shards are cleaned (default: local)")
    group.add_argument("--ray-address", metavar="ADDRESS", help="a running Ray cluster (default: one of its own)")


RUN_ONLY = (
    "to",
    "id_column",
    "url_column",
    "workers",
    "resume",
    "spool",
    "ledger",
    "ledger_scores",
    "attributes",
    "drop_doc",
    "site_lines",
    "max_record_bytes",
    "shard_bytes",
    "on_error",
    "log_json",
    "engine",
    "ray_address",
)
"""The names of these options in the parsed arguments."""


def asked_for(args: argparse.Namespace) -> list[str]:
    """Those that were given, as the user wrote them."""
    return [f"--{name.replace('_', '-')}" for name in RUN_ONLY if getattr(args, name) not in (None, False)]


def positive(word: str) -> int:
    """A whole number above 0."""
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not above 0")
    return number
