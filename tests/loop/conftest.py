"""Stores to test against: SQLite files, and a PostgreSQL server of our own where its programs are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from moderation.loop.store import Store
from moderation.moderate import Moderator

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin")) + [Path(p) for p in os.get_exec_path()]
SERVER_USER = "postgres"
"""The server refuses to run as root; Debian's package makes this user."""


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    return Moderator.load()


def postgres_programs() -> Path | None:
    """The folder with the server's programs."""
    return next((folder for folder in reversed(PROGRAMS) if (folder / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server that lives as long as the tests; it listens on a socket in its own folder alone."""
    programs = postgres_programs()
    if programs is None:
        reason = "no PostgreSQL server here (Debian: apt-get install postgresql)"
        if os.environ.get("MODERATION_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    home = Path(tempfile.mkdtemp(prefix="moderation-pg-"))
    user = SERVER_USER if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)

    def run(program: str, *words: str) -> None:
        subprocess.run([programs / program, *words], check=True, user=user, cwd=home, stdout=subprocess.DEVNULL)

    run("initdb", "-D", str(home / "data"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {home} -c listen_addresses='' -c fsync=off"
    run("pg_ctl", "-D", str(home / "data"), "-w", "-l", str(home / "log"), "-o", options, "start")
    try:
        yield f"postgresql://tester@/postgres?host={home}"
    finally:
        run("pg_ctl", "-D", str(home / "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    url: str = request.getfixturevalue("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return url


@pytest.fixture
def store(where: str) -> Iterator[Store]:
    found = Store.open(where)
    yield found
    found.close()
