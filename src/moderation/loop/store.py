"""The store: one database for kept verdicts and corrections. What is committed is on the disk.

SQLite in WAL mode writes a commit as one append that ends in a checksum: after a kill or a power cut a commit is there
whole or not at all, and with `synchronous=FULL` a commit that returned is there. Other databases promise the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from moderation.errors import StoreError, UsageError
from moderation.loop.tables import METADATA, SCHEMA, STATE

BUSY_SECONDS: Final = 30
"""How long a writer waits for another one of the same SQLite file."""
PRAGMAS: Final = (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
MEMORY: Final = ":memory:"


class Store:
    """An open database. Safe to share between threads; every process opens its own."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._writer = engine.execution_options(moderation_writes=True)

    @classmethod
    def open(cls, where: str) -> "Store":
        """Open, and make the tables where they are missing.

        where: a SQLAlchemy URL, or the path of a SQLite file. Raises UsageError for what is neither, StoreError for a
        database that can't be reached or was made by another version.
        """
        url = url_of(where)
        try:
            engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite", **pool_of(url))
        except ModuleNotFoundError as error:
            raise UsageError(f"{shown(url)}: needs the package {error.name}: {advice(url)}") from None
        if engine.dialect.name == "sqlite":
            watch_sqlite(engine)
        store = cls(engine, shown(url))
        try:
            store.prepare()
        except StoreError:
            store.close()
            raise
        return store

    def prepare(self) -> None:
        """Make the tables, or see that they are of this version."""
        for last in (False, False, True):
            try:
                with self.writing() as connection:
                    METADATA.create_all(connection)
                    found = connection.scalar(select(STATE.c.value).where(STATE.c.name == "schema"))
                    if found is None:
                        connection.execute(insert(STATE).values(name="schema", value=str(SCHEMA)))
                break
            except StoreError:  # another process may be making the same tables at this moment
                if last:
                    raise
        if found not in (None, str(SCHEMA)):
            newer = found.isdigit() and int(found) > SCHEMA
            what = "upgrade moderation" if newer else "export its labels with the version that made it"
            raise StoreError(f"store {self.name} has schema {found}, this version reads {SCHEMA}; {what}")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when the block has ended without an error. Raises StoreError."""
        with self._failing("written"), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view. Raises StoreError."""
        with self._failing("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        """Turn the database's errors into a sentence."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
            raise StoreError(f"store {self.name}: can't be {what} ({' '.join(cause.split())})") from error

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def url_of(where: str) -> URL:
    """The URL; a path becomes that of a SQLite file, and PostgreSQL is spoken to by psycopg if the URL says no more."""
    if "://" not in where:
        return URL.create("sqlite", database=where)
    try:
        url = make_url(where)
        url.get_dialect()
    except NoSuchModuleError:
        raise UsageError(f"{where.partition(':')[0]}: no kind of database that SQLAlchemy knows") from None
    except ArgumentError:
        raise UsageError(f"the store must be a SQLAlchemy URL or a file, found {where.rpartition('@')[2]!r}") from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def shown(url: URL) -> str:
    """The URL as it may stand in a message: a file's path, or without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or MEMORY
    return url.render_as_string(hide_password=True)


def advice(url: URL) -> str:
    """How to come by the driver."""
    known = url.get_backend_name() == "postgresql"
    return 'pip install "moderation[postgresql]"' if known else "install the driver that the URL names"


def pool_of(url: URL) -> dict[str, Any]:
    """A database in memory is one connection, or every thread would have its own."""
    if url.get_backend_name() != "sqlite":
        return {}
    if url.database in (None, "", MEMORY):
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    folder = Path(url.database or "").absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{url.database}: no folder {folder} for the store")
    return {"connect_args": {"timeout": BUSY_SECONDS}}


def watch_sqlite(engine: Engine) -> None:
    """Settings of every connection, and transactions that begin where SQLAlchemy says.

    The driver would begin them late by itself; a reader that turns writer within a transaction is refused at once when
    another has written meanwhile, so that writers begin as such.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("moderation_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
