"""The tables of the store, in SQLAlchemy Core: any database that it speaks to.

Texts are UTF-8 in binary columns: crawled text holds NUL characters, which PostgreSQL takes in no text column, and
characters that an older MySQL collation would take for equal. Times are UTC, RFC 3339, which sorts as text.
"""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

SCHEMA: Final = 1
"""Version of what follows; a store with another one is refused."""


class Text(TypeDecorator[str]):
    """A str in a column of bytes; the length makes it a LONGBLOB where plain blobs are short."""

    impl = LargeBinary((1 << 32) - 1)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """To the database."""
        return None if value is None else value.encode()

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """From the database."""
        return None if value is None else bytes(value).decode()


METADATA: Final = MetaData()
MOMENT: Final = String(27)
DIGEST: Final = String(32)

STATE = Table("moderation_state", METADATA, Column("name", String(32), primary_key=True), Column("value", String(64)))

PAGES = Table(
    "moderation_pages",
    METADATA,
    Column("digest", DIGEST, primary_key=True),
    Column("created", MOMENT, nullable=False),
    Column("text", Text, nullable=False),
)

VERDICTS = Table(
    "moderation_verdicts",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("created", MOMENT, nullable=False, index=True),
    Column("page", DIGEST, ForeignKey(PAGES.c.digest), nullable=False, index=True),
    Column("document", Text),
    Column("model", String(200), nullable=False),
    Column("policy", String(200), nullable=False),
)

LINES = Table(
    "moderation_lines",
    METADATA,
    Column("verdict", String(64), ForeignKey(VERDICTS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("created", MOMENT, nullable=False, index=True),
    Column("digest", DIGEST, nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("label", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("junk", Float, nullable=False),
    Column("action", String(8), nullable=False),
    Column("alone_label", String(16), nullable=False),
    Column("alone_score", Float, nullable=False),
    Column("doubt", Float, nullable=False),
    Column("apart", Float, nullable=False),
    Column("use", Float, nullable=False, index=True),
    Column("spans", Text, nullable=False),
)
"""digest: of the folded line, the same for lines that differ in digits and width alone. doubt, apart, use: see
loop/verdicts.py. spans: JSON."""

FEEDBACK = Table(
    "moderation_feedback",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("created", MOMENT, nullable=False),
    Column("page", DIGEST, ForeignKey(PAGES.c.digest), nullable=False, index=True),
    Column("digest", DIGEST, nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("start", Integer),
    Column("end", Integer),
    Column("label", String(16), nullable=False),
    Column("found", String(16)),
    Column("found_spans", Text, nullable=False),
    Column("verdict", String(64)),
    Column("document", Text),
    Column("model", String(200), nullable=False),
    Column("policy", String(200), nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False, default=False),
)
"""found, found_spans: what the model said of the line; they stay when the verdict itself goes."""

Index("moderation_lines_removed", LINES.c.action, LINES.c.digest)
