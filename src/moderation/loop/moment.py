"""Moments as the loop writes them."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    """This moment: UTC, RFC 3339, to the microsecond; such moments sort as text."""
    return as_text(datetime.now(UTC))


def days_ago(days: float) -> str:
    """A moment that many days ago."""
    return as_text(datetime.now(UTC) - timedelta(days=days))


def as_text(moment: datetime) -> str:
    """A moment in UTC as it stands in tables and files."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
