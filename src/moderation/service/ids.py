"""Ids of requests and verdicts."""

from random import getrandbits


def new_id() -> str:
    """128 random bits in hexadecimal. They are no secret: asking the system for each would hand over the interpreter's
    lock, and wait for it."""
    return f"{getrandbits(128):032x}"
