"""The error tree, split by what a caller can do about it.

ModerationError
├── InputError            this record can't be used: set it aside, go on
│   └── TextError         the text itself is not valid Unicode
├── UsageError            the call is wrong: correct it and call again
│   ├── UnknownLabelError
│   └── PolicyError
├── ModelError            this model can't be used: choose or export another
├── RestoreError          cleaned text and verdicts do not belong together
├── StoreError            the database of verdicts and corrections can't be used
└── OutputError           the result can't be written
"""


class ModerationError(Exception):
    """Base of every error that this package raises on purpose; its text is one sentence for a person."""


class InputError(ModerationError):
    """One record can't be used; the others can."""


class TextError(InputError):
    """A text holds a lone surrogate, which no encoding can carry."""


class UsageError(ModerationError):
    """An argument, a setting or a file that the user named is wrong."""


class UnknownLabelError(UsageError):
    """A label that is not in the table."""


class PolicyError(UsageError):
    """A policy that can't be read or makes no sense."""


class ModelError(ModerationError):
    """A model that is missing, damaged, tampered with, or of another format."""


class RestoreError(ModerationError):
    """Cleaned text that does not fit the verdicts it is to be restored with."""


class StoreError(ModerationError):
    """A database that can't be reached, read or written, or is of another version."""


class OutputError(ModerationError):
    """An output that can't be written."""
