"""One contract for every way that a step id reaches a worker: threads here, Celery on a folder, Celery on Redis."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from brokers import redis_server

from auditor.dispatch import CeleryDispatch, LocalDispatch
from auditor.dispatch.celery_app import make_app
from auditor.domain.audit import Queue
from auditor.settings import load

HERE = Path(__file__).parent


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Arrivals:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def note(self, step_id):
        (self.folder / f"{step_id}.{time.monotonic_ns()}").touch()
        if step_id == "fails":
            raise ValueError("this step fails, and the worker lives on")

    def all(self):
        return sorted(path.name.partition(".")[0] for path in self.folder.iterdir())


def celery(command, environment):
    line = [sys.executable, "-m", "celery", "-A", "dispatch_worker", *command, "--loglevel", "WARNING"]
    environment = {**os.environ, **environment, "PYTHONPATH": f"{HERE}:{HERE.parent.parent}"}
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


WORKER = ("worker", "--without-gossip", "--without-mingle", "--without-heartbeat")


@pytest.fixture
def arrivals(tmp_path):
    return Arrivals(tmp_path / "arrivals")


@pytest.fixture
def folder_environment(tmp_path, arrivals):
    return {"AUDITOR_HOME": str(tmp_path / "home"), "AUDITOR_WORKER_THREADS": "2", "ARRIVALS": str(arrivals.folder)}


@pytest.fixture(scope="module")
def redis_url():
    with redis_server() as url:
        yield url


@pytest.fixture
def local(arrivals):
    dispatch = LocalDispatch(arrivals.note, threads=2)
    yield dispatch
    dispatch.close()


@pytest.fixture
def folder(folder_environment):
    yield from _with_worker(folder_environment)


@pytest.fixture
def redis(folder_environment, redis_url):
    yield from _with_worker({**folder_environment, "AUDITOR_BROKER_URL": redis_url})


def _with_worker(environment):
    dispatch = CeleryDispatch(load(environment))
    worker = celery(WORKER, environment)
    try:
        yield dispatch
    finally:
        dispatch.close()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0, "the worker left by itself when asked to"


@pytest.fixture(params=["local", "folder", "redis"])
def dispatch(request):
    return request.getfixturevalue(request.param)


def test_what_is_delivered_arrives_once(dispatch, arrivals):
    ids = [f"s{number:02d}" for number in range(12)]
    dispatch.deliver([(step_id, Queue.TRAIN if number % 2 else Queue.QUERY) for number, step_id in enumerate(ids)])
    wait_for(lambda: len(arrivals.all()) >= len(ids))
    assert arrivals.all() == ids


def test_a_step_that_fails_does_not_stop_the_next(dispatch, arrivals):
    dispatch.deliver([("fails", Queue.TRAIN), ("works", Queue.TRAIN)])
    wait_for(lambda: "works" in arrivals.all())
    assert arrivals.all().count("works") == 1


def test_a_step_may_be_delivered_again(dispatch, arrivals):
    dispatch.deliver([("again", Queue.QUERY)])
    dispatch.deliver([("again", Queue.QUERY)])
    wait_for(lambda: arrivals.all() == ["again", "again"])


@pytest.mark.parametrize("broker", ["folder", "redis"])
def test_messages_wait_for_a_worker_that_is_not_there_yet(broker, request, folder_environment, arrivals):
    environment = dict(folder_environment)
    if broker == "redis":
        environment["AUDITOR_BROKER_URL"] = request.getfixturevalue("redis_url")
    early = CeleryDispatch(load(environment))
    early.deliver([("early", Queue.TRAIN)])
    early.close()
    for _ in _with_worker(environment):
        wait_for(lambda: arrivals.all() == ["early"])


def test_beat_sends_ticks_that_a_worker_takes(folder_environment, arrivals):
    environment = {**folder_environment, "AUDITOR_TICK_SECONDS": "0.5"}
    beat = celery(("beat", "--pidfile="), environment)
    try:
        for _ in _with_worker(environment):
            wait_for(lambda: arrivals.all().count("tick") >= 2)
    finally:
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(20) == 0


def test_a_worker_takes_only_from_its_own_queue(folder_environment, arrivals):
    dispatch = CeleryDispatch(load(folder_environment))
    dispatch.deliver([("ask", Queue.QUERY), ("fit", Queue.TRAIN)])
    worker = celery((*WORKER, "--queues", "train"), folder_environment)
    try:
        wait_for(lambda: arrivals.all() == ["fit"])
        waiting = [path.name for path in Path(folder_environment["AUDITOR_HOME"], "queue", "messages").iterdir()]
        assert [name.endswith(".query.msg") for name in waiting] == [True]
    finally:
        dispatch.close()
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)


def test_an_absent_redis_costs_seconds_and_raises_nothing(tmp_path, caplog):
    settings = load({"AUDITOR_HOME": str(tmp_path), "AUDITOR_BROKER_URL": "redis://127.0.0.1:1/0"})
    dispatch = CeleryDispatch(settings)
    started = time.monotonic()
    dispatch.deliver([("lost", Queue.TRAIN)])
    dispatch.close()
    assert time.monotonic() - started < 10
    assert "will be sent again" in caplog.text


def test_the_tasks_of_the_product_are_the_ones_that_are_sent(tmp_path):
    code = "from workers.app import app; app.loader.import_default_modules(); print(*sorted(app.tasks))"
    environment = {**os.environ, "AUDITOR_HOME": str(tmp_path), "PYTHONPATH": str(HERE.parent.parent)}
    names = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert [name for name in names if not name.startswith("celery.")] == ["auditor.run_step", "auditor.tick"]


def test_the_celery_app_refuses_pickled_messages(tmp_path):
    app = make_app(load({"AUDITOR_HOME": str(tmp_path)}))
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_accept_content is None


def test_a_worker_of_one_thread_takes_the_next_message_at_once(folder_environment, arrivals):
    """kombu acknowledges between two waits of two seconds each; twenty messages would take forty."""
    environment = {**folder_environment, "AUDITOR_WORKER_THREADS": "1"}
    ids = [f"s{number:02d}" for number in range(20)]
    for dispatch in _with_worker(environment):
        dispatch.deliver([("first", Queue.TRAIN)])
        wait_for(lambda: arrivals.all() == ["first"])
        started = time.monotonic()
        dispatch.deliver([(step_id, Queue.TRAIN) for step_id in ids])
        wait_for(lambda: arrivals.all() == ["first", *ids])
        assert time.monotonic() - started < 12
