"""The ledger on both databases: answers bit for bit, and never a row more than the budget."""

import hashlib
import threading

import numpy as np
import pytest
from store_world import NOW, World

from auditor.domain.audit import AuditStatus
from auditor.errors import NotFound
from auditor.store import audits, ledger


@pytest.fixture
def world(database):
    return World(database)


def digests(count, seed=0):
    return [hashlib.sha256(f"{seed}:{n}".encode()).digest() for n in range(count)]


def spend(world, audit, rows):
    with world.database.begin() as tx:
        return ledger.spend(tx, audit.id, rows)


def record(world, audit, keys, answers):
    with world.database.begin() as tx:
        ledger.record(tx, audit.id, keys, np.asarray(answers, dtype=float))


def lookup(world, audit, keys):
    with world.database.read() as tx:
        return ledger.lookup(tx, audit.id, keys)


class TestSpending:
    def test_what_is_spent_adds_up_to_the_budget_and_no_further(self, world):
        audit = world.audit(budget=100)
        assert spend(world, audit, 60)
        assert spend(world, audit, 40)
        assert not spend(world, audit, 1)
        assert world.reload(audit).queries == 100

    def test_what_is_refused_is_not_booked(self, world):
        audit = world.audit(budget=100)
        assert not spend(world, audit, 101)
        assert spend(world, audit, 100)

    def test_nothing_costs_nothing(self, world):
        audit = world.audit(budget=0)
        assert spend(world, audit, 0)
        assert not spend(world, audit, 1)

    def test_nothing_is_ever_given_back(self, world):
        audit = world.audit()
        with pytest.raises(ValueError, match="never given back"):
            spend(world, audit, -1)

    def test_an_audit_that_stops_spends_no_more(self, world):
        stopped, ended = world.audit(), world.audit()
        with world.database.begin() as tx:
            audits.request_cancel(tx, world.ours.id, stopped.id, NOW)
            audits.close(tx, ended.id, status=AuditStatus.FAILED, now=NOW)
        assert not spend(world, stopped, 1)
        assert not spend(world, ended, 1)

    def test_workers_that_race_never_exceed_it(self, world):
        audit = world.audit(budget=50)
        granted = []

        def ask():
            for rows in (3, 1, 2, 5, 4) * 4:
                if spend(world, audit, rows):
                    granted.append(rows)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(granted) == world.reload(audit).queries == 50

    def test_an_unknown_audit_has_nothing_to_spend(self, world):
        with world.database.begin() as tx:
            assert not ledger.spend(tx, "no such audit", 0)
            with pytest.raises(NotFound):
                ledger.spent(tx, "no such audit")


class TestAnswers:
    def test_they_come_back_bit_for_bit(self, world):
        audit = world.audit()
        answers = np.array([[0.1 + 0.2, 1 / 3], [np.nan, 5e-324], [-0.0, np.inf]])
        record(world, audit, digests(3), answers)
        found = lookup(world, audit, digests(3))
        assert [found[d].tobytes() for d in digests(3)] == [row.tobytes() for row in answers]
        assert {a.dtype for a in found.values()} == {np.dtype(float)}

    def test_they_may_be_changed_by_their_reader(self, world):
        audit = world.audit()
        record(world, audit, digests(1), [[0.5, 0.5]])
        found = lookup(world, audit, digests(1))[digests(1)[0]]
        found += 1.0
        assert lookup(world, audit, digests(1))[digests(1)[0]].tolist() == [0.5, 0.5]

    def test_records_never_asked_are_not_among_them(self, world):
        audit = world.audit()
        record(world, audit, digests(2), [[1.0], [2.0]])
        assert set(lookup(world, audit, digests(5))) == set(digests(2))
        assert lookup(world, audit, []) == {}

    def test_the_first_answer_stays(self, world):
        audit = world.audit()
        record(world, audit, digests(1), [[0.25]])
        record(world, audit, digests(2), [[0.75], [0.5]])
        found = lookup(world, audit, digests(2))
        assert [found[d].tolist() for d in digests(2)] == [[0.25], [0.5]]

    def test_a_record_that_is_twice_in_one_batch_is_kept_once(self, world):
        audit = world.audit()
        record(world, audit, digests(1) * 2, [[0.25], [0.75]])
        assert lookup(world, audit, digests(1) * 2)[digests(1)[0]].tolist() == [0.25]

    def test_more_than_fit_into_one_statement(self, world):
        audit = world.audit()
        keys = digests(2 * ledger.CHUNK + 7)
        record(world, audit, keys, np.arange(len(keys), dtype=float)[:, None])
        found = lookup(world, audit, keys)
        assert [found[k][0] for k in keys] == list(range(len(keys)))
        with world.database.read() as tx:
            everything = ledger.load_all(tx, audit.id)
        assert everything.keys() == found.keys()

    def test_audits_do_not_share_answers(self, world):
        mine, other = world.audit(), world.audit(workspace=world.theirs)
        record(world, mine, digests(1), [[1.0]])
        assert lookup(world, other, digests(1)) == {}

    def test_workers_that_record_the_same_records_at_once(self, world):
        audit = world.audit()
        keys = digests(400)
        errors = []

        def write(order):
            try:
                record(world, audit, [keys[i] for i in order], np.asarray(order, dtype=float)[:, None])
            except Exception as error:
                errors.append(error)

        orders = [list(range(400)), list(range(399, -1, -1)), list(range(200, 400)) + list(range(200))]
        threads = [threading.Thread(target=write, args=(order,)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        found = lookup(world, audit, keys)
        assert [found[k][0] for k in keys] == list(range(400))

    @pytest.mark.parametrize("shape", [(1, 2), (3, 2), (2,)])
    def test_answers_that_do_not_match_their_records_are_a_mistake(self, world, shape):
        audit = world.audit()
        with pytest.raises(ValueError, match="answers must be"):
            record(world, audit, digests(2), np.zeros(shape))
        assert lookup(world, audit, digests(2)) == {}

    def test_answers_to_an_unknown_audit_are_not_kept(self, world):
        with world.database.begin() as tx, pytest.raises(NotFound):
            ledger.record(tx, "no such audit", digests(1), np.zeros((1, 2)))

    def test_forgetting_leaves_the_count(self, world):
        audit, other = world.audit(), world.audit()
        spend(world, audit, 2)
        record(world, audit, digests(2), [[1.0], [2.0]])
        record(world, other, digests(2), [[1.0], [2.0]])
        with world.database.begin() as tx:
            ledger.forget(tx, audit.id)
            assert ledger.spent(tx, audit.id) == 2
            assert ledger.load_all(tx, audit.id) == {}
            assert len(ledger.load_all(tx, other.id)) == 2
