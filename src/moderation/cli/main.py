"""The command line: the table of commands, and what becomes of errors."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

from moderation import __version__
from moderation.cli.log_line import log
from moderation.errors import ModerationError

COMMANDS: Final = {
    "clean": "moderation.cli.clean",
    "restore": "moderation.cli.restore",
    "reapply": "moderation.cli.reapply",
    "show": "moderation.cli.show",
    "train": "moderation.cli.train",
    "evaluate": "moderation.cli.evaluate",
    "calibrate": "moderation.cli.calibrate",
    "serve": "moderation.cli.serve",
    "keys": "moderation.cli.keys",
    "retrain": "moderation.cli.retrain",
    "compare": "moderation.cli.compare",
    "models": "moderation.cli.models",
    "labels": "moderation.cli.labels",
}
"""Each module has `add_parser(subparsers)`, which is cheap, and `run(args) -> int`, which imports what it needs."""

FAILED: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""The last two are 128 and the number of the signal, as shells count."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0 done, 1 done but something was set aside, 2 refused."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = run(words)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse leaves this way after --help
        return stop.code if isinstance(stop.code, int) else 0
    except ModerationError as error:
        return fail(str(error), words)
    except (KeyboardInterrupt, SystemError) as error:
        if not is_interrupt(error):
            raise
        say("interrupted", "interrupted", "", words)
        return INTERRUPTED
    except BrokenPipeError:
        hush_stdout()
        return BROKEN_PIPE
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), words)
    return status


def run(words: Sequence[str]) -> int:
    """Parse, then run the command's module; without a word, say what there is."""
    parser = build_parser(words)
    if not words:
        parser.print_help(sys.stderr)
        return FAILED
    args, unknown = parser.parse_known_args(words)
    if unknown:
        known = f"moderation {args.command} --help says what there is"
        raise ModerationError(f"unrecognized arguments: {' '.join(unknown)}; {known}")
    status: int = command_module(args.command).run(args)
    return status


class Parser(argparse.ArgumentParser):
    """Wrong arguments are said as every other error is: in one sentence, as JSON where that was asked for.

    Options are written out: what is short for two of them tomorrow would break somebody's script.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """What argparse calls where it would print its usage and leave."""
        raise ModerationError(f"{message}; {self.prog} --help says what there is")


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser; where the first word names a command, the other commands are not even imported."""
    parser = Parser(
        prog="moderation",
        description="Finds the junk in crawled Chinese text and takes it out, with every cut on record.",
    )
    parser.add_argument("--version", action="version", version=f"moderation {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        command_module(name).add_parser(subparsers)
    return parser


def command_module(name: str) -> Any:
    """The module of a command."""
    return import_module(COMMANDS[name])


def is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it: numba's dispatcher turns one that hits it into a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def fail(sentence: str, words: Sequence[str]) -> int:
    """Say on one line what went wrong; as JSON where that was asked for."""
    say("error", " ".join(sentence.splitlines()), "error: ", words)
    return FAILED


def say(event: str, sentence: str, mark: str, words: Sequence[str]) -> None:
    """A line on stderr, as --log-json wants it or, after the mark, as it is."""
    if "--log-json" in words:
        log(event, text=sentence)
    else:
        print(f"moderation: {mark}{sentence}", file=sys.stderr)


def hush_stdout() -> None:
    """Nobody reads any more: keep the interpreter from complaining when it flushes stdout at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None
