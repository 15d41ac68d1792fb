"""An SQLite file: private, made with its folder, and refused in one sentence where it cannot be."""

import os
import sqlite3
import stat
import threading
import time

import pytest
from sqlalchemy import text

from auditor.errors import InvalidInput, Unavailable
from auditor.store.engine import open_database


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'auditor.sqlite'}")
    with opened.begin() as tx:
        tx.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)"))
        tx.execute(text("CREATE TABLE reply (note_id INTEGER REFERENCES note (id))"))
    yield opened
    opened.dispose()


def pragma(database, name):
    with database.begin() as tx:
        return tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()


class TestOpening:
    def test_folder_and_file_are_made_for_their_owner_alone(self, tmp_path):
        old = os.umask(0)
        try:
            open_database(f"sqlite:///{tmp_path}/new/home/auditor.sqlite").dispose()
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "new" / "home" / "auditor.sqlite").stat().st_mode) == 0o600

    def test_a_file_that_is_there_is_left_as_it_is(self, tmp_path, database):
        with database.begin() as tx:
            tx.execute(text("INSERT INTO note (words) VALUES ('kept')"))
        again = open_database(f"sqlite:///{tmp_path / 'auditor.sqlite'}")
        with again.read() as tx:
            assert tx.execute(text("SELECT words FROM note")).scalar_one() == "kept"
        again.dispose()

    @pytest.mark.parametrize(
        "url", ["", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "postgresql+pg8000://localhost/x"]
    )
    def test_a_url_that_cannot_be_used_names_its_setting(self, url):
        with pytest.raises(InvalidInput) as caught:
            open_database(url)
        assert caught.value.field == "AUDITOR_DATABASE_URL"

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "taken").write_text("")
        with pytest.raises(Unavailable, match="cannot be opened"):
            open_database(f"sqlite:///{tmp_path}/taken/auditor.sqlite")

    def test_a_folder_in_place_of_the_file(self, tmp_path):
        with pytest.raises(Unavailable, match="cannot be opened"):
            open_database(f"sqlite:///{tmp_path}")

    def test_a_file_that_is_something_else(self, tmp_path):
        path = tmp_path / "report.pdf"
        path.write_bytes(b"%PDF-1.7 " * 1000)
        database = open_database(f"sqlite:///{path}")
        with pytest.raises(Unavailable, match="not an SQLite database"), database.begin():
            pass
        assert path.read_bytes().startswith(b"%PDF")
        database.dispose()


class TestSettings:
    def test_wal_foreign_keys_and_patience(self, database):
        assert pragma(database, "journal_mode") == "wal"
        assert pragma(database, "foreign_keys") == 1
        assert pragma(database, "synchronous") == 1
        assert pragma(database, "busy_timeout") == 30_000

    def test_a_full_disk_is_one_sentence_and_nothing_is_half_written(self, database):
        with database.begin() as tx:
            pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
        with pytest.raises(Unavailable, match="no disk space"):
            self.write_beyond(database, pages)
        with database.read() as tx:
            assert tx.execute(text("SELECT count(*) FROM note")).scalar_one() == 0

    def write_beyond(self, database, pages):
        with database.begin() as tx:
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            try:
                tx.execute(text("INSERT INTO note (words) VALUES ('first')"))
                tx.execute(text("INSERT INTO note (words) VALUES (:words)"), {"words": "x" * 100_000})
            finally:
                tx.exec_driver_sql("PRAGMA max_page_count = 1000000")

    def test_foreign_keys_hold(self, database):
        with pytest.raises(Exception, match="FOREIGN KEY"), database.begin() as tx:
            tx.execute(text("INSERT INTO reply (note_id) VALUES (7)"))


class TestWriting:
    def test_a_writer_takes_the_lock_before_it_reads(self, tmp_path, database):
        """Two that read first and write then would both fail: neither can become the writer."""
        other = sqlite3.connect(tmp_path / "auditor.sqlite", timeout=0.05, isolation_level=None)
        with database.begin() as tx:
            tx.execute(text("SELECT count(*) FROM note")).scalar_one()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()

    def test_a_second_writer_waits_for_the_first(self, database):
        order = []

        def first():
            with database.begin() as tx:
                held.set()
                tx.execute(text("INSERT INTO note (words) VALUES ('first')"))
                time.sleep(0.2)
                order.append("first")

        held = threading.Event()
        thread = threading.Thread(target=first)
        thread.start()
        held.wait()
        with database.begin() as tx:
            order.append("second")
            assert tx.execute(text("SELECT words FROM note")).scalar_one() == "first"
        thread.join()
        assert order == ["first", "second"]

    def test_readers_do_not_wait_for_a_writer(self, database):
        with database.begin() as tx:
            tx.execute(text("INSERT INTO note (words) VALUES ('unseen')"))
            started = time.perf_counter()
            with database.read() as reading:
                assert reading.execute(text("SELECT count(*) FROM note")).scalar_one() == 0
            assert time.perf_counter() - started < 5
        with database.read() as reading:
            assert reading.execute(text("SELECT count(*) FROM note")).scalar_one() == 1

    def test_a_reader_that_writes_is_refused_and_a_writer_afterwards_is_not(self, database):
        for _ in range(3):
            with pytest.raises(Unavailable), database.read() as tx:
                tx.execute(text("INSERT INTO note (words) VALUES ('no')"))
            with database.begin() as tx:
                tx.execute(text("INSERT INTO note (words) VALUES ('yes')"))
        with database.read() as tx:
            assert set(tx.execute(text("SELECT words FROM note")).scalars()) == {"yes"}
