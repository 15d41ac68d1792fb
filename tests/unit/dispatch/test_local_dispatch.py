import logging
import threading

import pytest

from auditor.dispatch import LocalDispatch
from auditor.domain.audit import Queue
from auditor.errors import TargetUnreachable


@pytest.fixture
def seen():
    return []


def test_each_delivered_step_runs_once(seen):
    ids = [f"step-{number}" for number in range(20)]
    all_seen = threading.Semaphore(0)

    def run(step_id):
        seen.append(step_id)
        all_seen.release()

    dispatch = LocalDispatch(run, threads=2)
    dispatch.deliver([(step_id, Queue.TRAIN) for step_id in ids])
    assert all(all_seen.acquire(timeout=5) for _ in ids)
    dispatch.close()
    assert sorted(seen) == sorted(ids)


def test_a_waiting_query_does_not_hold_up_training():
    answered, trained = threading.Event(), threading.Event()
    work = {"ask": lambda: answered.wait(5), "fit": trained.set}
    dispatch = LocalDispatch(lambda step_id: work[step_id](), threads=1)
    dispatch.deliver([("ask", Queue.QUERY), ("fit", Queue.TRAIN)])
    assert trained.wait(5)
    answered.set()
    dispatch.close()


def test_close_waits_for_the_running_step_and_starts_no_other(seen):
    started, go_on = threading.Event(), threading.Event()

    def run(step_id):
        started.set()
        go_on.wait(5)
        seen.append(step_id)

    dispatch = LocalDispatch(run, threads=1)
    dispatch.deliver([("first", Queue.TRAIN), ("second", Queue.TRAIN)])
    assert started.wait(5)
    closing = threading.Thread(target=dispatch.close)
    closing.start()
    go_on.set()
    closing.join(5)
    assert not closing.is_alive()
    assert seen == ["first"]


def test_delivering_after_close_says_that_the_audit_can_be_resumed(seen, caplog):
    caplog.set_level(logging.INFO)
    dispatch = LocalDispatch(seen.append, threads=1)
    dispatch.close()
    dispatch.deliver([("late", Queue.QUERY)])
    assert seen == []
    assert "step late was not started" in caplog.text
    assert "resume" in caplog.text


def test_an_error_meant_for_people_is_logged_as_its_sentence(caplog):
    def run(_):
        raise TargetUnreachable("start the model server first")

    dispatch = LocalDispatch(run, threads=1)
    finished = threading.Event()
    dispatch.deliver([("s1", Queue.QUERY)])
    dispatch._pools[Queue.QUERY].submit(finished.set)
    assert finished.wait(5)
    dispatch.close()
    assert "step s1 stopped: start the model server first" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_mistake_of_the_program_is_logged_whole_and_the_pool_lives_on(seen, caplog):
    def run(step_id):
        if step_id == "bad":
            raise ZeroDivisionError("division by zero")
        seen.append(step_id)

    dispatch = LocalDispatch(run, threads=1)
    finished = threading.Event()
    dispatch.deliver([("bad", Queue.TRAIN), ("good", Queue.TRAIN)])
    dispatch._pools[Queue.TRAIN].submit(finished.set)
    assert finished.wait(5)
    dispatch.close()
    assert seen == ["good"]
    assert "step bad stopped on a mistake of this program" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_step_may_deliver_the_next_one(seen):
    last = threading.Event()

    def run(step_id):
        seen.append(step_id)
        if step_id == "first":
            dispatch.deliver([("second", Queue.TRAIN)])
        else:
            last.set()

    dispatch = LocalDispatch(run, threads=1)
    dispatch.deliver([("first", Queue.QUERY)])
    assert last.wait(5)
    dispatch.close()
    assert seen == ["first", "second"]
