"""Transactions: all or nothing, readers cannot write, and a database that refuses says so in one sentence."""

import os
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from store_world import NOW

from auditor.errors import InvalidInput, Unavailable
from auditor.store import workspaces
from auditor.store.engine import after_commit, open_database


def test_what_a_transaction_wrote_is_there_afterwards(database):
    with database.begin() as tx:
        made = workspaces.create_workspace(tx, "ours", NOW)
    with database.read() as tx:
        assert workspaces.workspaces(tx) == [made]


def test_an_error_undoes_the_whole_transaction(database):
    def break_off():
        with database.begin() as tx:
            workspaces.create_workspace(tx, "ours", NOW)
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        break_off()
    with database.read() as tx:
        assert workspaces.workspaces(tx) == []


def test_a_reader_cannot_write(database):
    with pytest.raises(Unavailable), database.read() as tx:
        workspaces.create_workspace(tx, "ours", NOW)
    with database.begin() as tx:
        workspaces.create_workspace(tx, "ours", NOW)


def test_a_reader_is_not_held_up_by_a_writer(database):
    with database.begin() as writing:
        workspaces.create_workspace(writing, "ours", NOW)
        with database.read() as reading:
            assert workspaces.workspaces(reading) == []


def test_a_reader_sees_one_moment_on_sqlite_and_commits_on_postgresql(database):
    with database.read() as reading:
        before = workspaces.workspaces(reading)
        with database.begin() as writing:
            workspaces.create_workspace(writing, "ours", NOW)
        after = workspaces.workspaces(reading)
    assert before == []
    assert len(after) == (0 if database.is_sqlite else 1)


def test_actions_run_after_the_commit_and_once(database):
    done = []
    with database.begin() as tx:
        after_commit(tx, lambda: done.append("removed"))
        assert done == []
    with database.begin():
        pass
    assert done == ["removed"]


def test_actions_of_an_undone_transaction_never_run(database):
    done = []

    def break_off():
        with database.begin() as tx:
            after_commit(tx, lambda: done.append("removed"))
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError):
        break_off()
    for _ in range(3):
        with database.begin():
            pass
    assert done == []


def test_many_threads_share_one_database(database):
    def found(number):
        with database.begin() as tx:
            workspaces.create_workspace(tx, f"workspace {number}", NOW)

    threads = [threading.Thread(target=found, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        assert {w.name for w in workspaces.workspaces(tx)} == {f"workspace {n}" for n in range(24)}


def test_a_forked_child_opens_its_own_connections(database):
    with database.begin() as tx:
        workspaces.create_workspace(tx, "parent", NOW)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with database.begin() as tx:
                workspaces.create_workspace(tx, "child", NOW)
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert ended == 0
    with database.begin() as tx:
        assert [w.name for w in workspaces.workspaces(tx)] == ["parent", "child"]


def test_without_tables_the_sentence_says_what_to_run(database_url):
    database = open_database(database_url)
    with pytest.raises(Unavailable, match="auditor migrate"), database.read() as tx:
        workspaces.workspaces(tx)
    database.dispose()


def test_a_text_that_cannot_be_stored_is_the_callers_mistake(database):
    with pytest.raises((InvalidInput, ValueError)), database.begin() as tx:
        workspaces.create_workspace(tx, "a\x00b", NOW)


def test_a_mistake_in_the_code_stays_visible(database):
    with pytest.raises(DBAPIError, match="syntax"), database.begin() as tx:
        tx.execute(text("SELEKT 1"))


def test_postgresql_that_is_away_is_one_sentence_without_its_password():
    database = open_database("postgresql://auditor:hunter2@127.0.0.1:1/audits")
    with pytest.raises(Unavailable) as caught, database.begin():
        pass
    assert "127.0.0.1" in caught.value.sentence
    assert "hunter2" not in caught.value.sentence
    database.dispose()


def test_a_restarted_server_does_not_break_the_pool(database):
    """What a restart does to the pool: every connection in it is dead when it is next used."""
    if database.is_sqlite:
        with database.begin() as tx:
            workspaces.create_workspace(tx, "ours", NOW)
    else:
        with database.begin() as tx:
            mine = tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        other = open_database(database.url.render_as_string(hide_password=False))
        with other.begin() as tx:
            tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        other.dispose()
        with database.begin() as tx:
            workspaces.create_workspace(tx, "ours", NOW)
    with database.read() as tx:
        assert [w.name for w in workspaces.workspaces(tx)] == ["ours"]
