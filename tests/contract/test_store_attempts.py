"""The log of requests on both databases, and the pace that audits of one host share."""

import threading

import pytest
from store_world import NOW, World, later

from auditor.domain.attempt import UNKNOWN, Exchange
from auditor.domain.audit import Audit
from auditor.errors import InvalidInput
from auditor.store import attempts, pace
from auditor.store.engine import Database


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def begin(world: World, audit: Audit, rows: int, seconds: float = 0.0) -> str:
    with world.database.begin() as tx:
        return attempts.begin(tx, audit, "ask:0-512", rows, later(seconds))


def everything(world: World, audit: Audit, limit: int = 100) -> list[attempts.Attempt]:
    with world.database.read() as tx:
        return attempts.page(tx, audit.id, limit=limit)[0]


class TestAttempts:
    def test_an_attempt_is_unknown_until_it_is_settled(self, world: World) -> None:
        audit = world.audit()
        first, second = begin(world, audit, 64), begin(world, audit, 32, 1.0)
        with world.database.begin() as tx:
            attempts.settle(tx, {second: Exchange("busy", 503, 900, 20, 12.5)})
        one, two = everything(world, audit)
        assert (one.id, one.created_at, one.rows, one.ended, one.status) == (first, NOW, 64, UNKNOWN, None)
        assert (two.ended, two.status, two.sent, two.received, two.milliseconds) == ("busy", 503, 900, 20, 12.5)
        assert two.asked_by == "ask:0-512"

    def test_pages_go_forward_and_end(self, world: World) -> None:
        audit, other = world.audit(), world.audit()
        made = [begin(world, audit, n) for n in range(1, 6)]
        begin(world, other, 99)
        seen, cursor = [], None
        while True:
            with world.database.read() as tx:
                page, cursor = attempts.page(tx, audit.id, limit=2, cursor=cursor)
            seen += [one.id for one in page]
            if cursor is None:
                break
        assert seen == made

    def test_a_cursor_of_something_else_is_refused(self, world: World) -> None:
        with world.database.read() as tx, pytest.raises(InvalidInput, match="cursor of the page before"):
            attempts.page(tx, world.audit().id, limit=2, cursor="17")

    def test_what_is_rolled_back_was_never_begun(self, world: World) -> None:
        audit = world.audit()

        def begun_and_broken() -> None:
            with world.database.begin() as tx:
                attempts.begin(tx, audit, "probe", 5, NOW)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            begun_and_broken()
        assert everything(world, audit) == []

    def test_nothing_to_settle_is_nothing_to_do(self, world: World) -> None:
        with world.database.begin() as tx:
            attempts.settle(tx, {})


class TestPace:
    def reserve(self, world: World, host: str, seconds: float, now: float, workspace: str = "") -> float:
        with world.database.begin() as tx:
            return pace.reserve(tx, workspace or world.ours.id, host, seconds, now)

    def test_each_takes_its_turn(self, world: World) -> None:
        waits = [self.reserve(world, "models.example", 2.0, 100.0) for _ in range(3)]
        assert waits == [0.0, 2.0, 4.0]

    def test_idle_time_is_not_saved_up(self, world: World) -> None:
        self.reserve(world, "models.example", 2.0, 100.0)
        assert [self.reserve(world, "models.example", 1.0, 500.0) for _ in range(2)] == [0.0, 1.0]

    def test_hosts_and_workspaces_do_not_wait_for_each_other(self, world: World) -> None:
        self.reserve(world, "models.example", 60.0, 100.0)
        assert self.reserve(world, "other.example", 1.0, 100.0) == 0.0
        assert self.reserve(world, "models.example", 1.0, 100.0, world.theirs.id) == 0.0

    def test_two_at_once_never_get_the_same_turn(self, world: World) -> None:
        waits: list[float] = []

        def ask() -> None:
            for _ in range(5):
                waits.append(self.reserve(world, "models.example", 1.0, 100.0))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(waits) == [float(n) for n in range(20)]
