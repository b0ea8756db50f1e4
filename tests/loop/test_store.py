"""The store: opening, versions, what is refused; on SQLite and on PostgreSQL alike."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, update

from moderation.errors import StoreError, UsageError
from moderation.loop.moment import now
from moderation.loop.reading import text_digest
from moderation.loop.store import Store
from moderation.loop.tables import STATE
from moderation.loop.verdicts import keep_pages, page_text

ODD = "市图书馆\x00照常开放\r\n𠮷野家 👋 \u200b"


def test_a_store_is_made_once_and_opened_again(where: str) -> None:
    first = Store.open(where)
    second = Store.open(where)
    with second.reading() as connection:
        assert connection.scalars(select(STATE.c.value).where(STATE.c.name == "schema")).all() == ["1"]
    first.close()
    second.close()


def test_a_text_comes_back_as_it_went_in_with_nul_and_astral_characters(store: Store) -> None:
    with store.writing() as connection:
        keep_pages(connection, [ODD, ODD, "另一页"], now())
    with store.reading() as connection:
        assert page_text(connection, text_digest(ODD)) == ODD


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.writing() as connection:
            keep_pages(connection, [ODD], now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as connection:
        assert page_text(connection, text_digest(ODD)) == ""


@pytest.mark.parametrize(
    ("found", "advice"), [("2", "upgrade moderation"), ("0", "export its labels with the version that made it")]
)
def test_a_store_of_another_version_is_refused(store: Store, where: str, found: str, advice: str) -> None:
    with store.writing() as connection:
        connection.execute(update(STATE).values(value=found))
    with pytest.raises(StoreError, match=f"has schema {found}, this version reads 1; {advice}"):
        Store.open(where)


def test_several_processes_may_open_a_new_store_at_once(where: str) -> None:
    code = f"from moderation.loop.store import Store; Store.open({where!r}).close()"
    runs = [subprocess.Popen([sys.executable, "-W", "error", "-c", code]) for _ in range(4)]
    assert [run.wait(60) for run in runs] == [0] * 4


def test_sqlite_commits_reach_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store.db"))
    with store.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]
    with store.writing() as writer, store.reading() as reader:
        keep_pages(writer, [ODD], now())
        assert page_text(reader, text_digest(ODD)) == ""
    store.close()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("nosuch://host/db", "nosuch: no kind of database that SQLAlchemy knows"),
        ("/no/such/folder/store.db", "/no/such/folder/store.db: no folder /no/such/folder for the store"),
        ("http://", "http: no kind of database"),
        ("://", "the store must be a SQLAlchemy URL or a file"),
    ],
)
def test_what_is_no_database_is_refused_in_a_sentence(where: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Store.open(where)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("首页 | 新闻\n" * 200, "utf-8")
    with pytest.raises(StoreError, match=r"notes\.txt: can't be written \(file is not a database\)"):
        Store.open(str(path))
    assert path.read_text("utf-8") == "首页 | 新闻\n" * 200


def test_a_password_stands_in_no_message(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason='needs the extra: pip install "moderation[postgresql]"')
    with pytest.raises(StoreError) as caught:
        Store.open(f"postgresql://tester:geheim@/postgres?host={tmp_path}&connect_timeout=1")
    assert "geheim" not in str(caught.value)
    assert "***" in str(caught.value)
