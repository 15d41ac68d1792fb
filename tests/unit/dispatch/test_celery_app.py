import json
import os
import stat
from dataclasses import replace

import pytest
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import ChannelError

from auditor import settings as settings_module
from auditor.dispatch import RUN_STEP, TICK, CeleryDispatch
from auditor.dispatch.celery_app import QUEUES, configuration, make_app
from auditor.domain import audit
from auditor.errors import Unavailable


@pytest.fixture
def settings(tmp_path):
    return settings_module.load(
        {"AUDITOR_HOME": str(tmp_path / "home"), "AUDITOR_WORKER_THREADS": "3", "AUDITOR_TICK_SECONDS": "5"}
    )


@pytest.fixture
def redis_settings(settings):
    return replace(settings, broker_url="redis://:word@broker:6379/0")


@pytest.fixture
def messages(settings):
    return settings.home / "queue" / "messages"


def test_only_json_is_spoken_and_no_result_is_kept(settings):
    conf = make_app(settings).conf
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    assert conf.result_backend is None
    assert conf.task_ignore_result


def test_a_message_is_acknowledged_only_after_its_work(settings):
    conf = make_app(settings).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1


def test_there_is_one_queue_for_training_and_one_for_querying(settings):
    conf = make_app(settings).conf
    assert {queue.name for queue in conf.task_queues} == {"train", "query"} == set(QUEUES)


def test_the_worker_runs_threads_for_fits_release_the_interpreter_lock(settings):
    conf = make_app(settings).conf
    assert conf.worker_pool == "threads"
    assert conf.worker_concurrency == 3


def test_beat_has_one_entry_that_expires_before_the_next(settings):
    schedule = make_app(settings).conf.beat_schedule
    assert list(schedule) == ["tick"]
    assert schedule["tick"]["task"] == TICK
    assert schedule["tick"]["schedule"] == 5
    assert schedule["tick"]["options"] == {"queue": "query", "expires": 5}


def test_beat_keeps_no_file(settings):
    assert make_app(settings).conf.beat_scheduler == "celery.beat:Scheduler"


def test_redis_gets_its_url_and_waits_no_longer_than_a_few_seconds(redis_settings):
    conf = configuration(redis_settings)
    assert conf["broker_url"] == "redis://:word@broker:6379/0"
    assert conf["broker_transport_options"]["socket_connect_timeout"] <= 5
    assert "broker_transport" not in conf


def test_redis_makes_no_folder(redis_settings):
    configuration(redis_settings)
    assert not redis_settings.home.exists()


def test_another_broker_gets_no_redis_options(settings):
    conf = configuration(replace(settings, broker_url="amqp://broker//"))
    assert conf["broker_transport_options"] == {}


def test_the_folder_belongs_to_its_owner_alone(settings, messages):
    make_app(settings)
    assert stat.S_IMODE(messages.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(settings, tmp_path):
    (tmp_path / "home").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable, match="choose another AUDITOR_HOME"):
        make_app(settings)


def test_a_delivered_step_is_one_whole_message_in_its_queue(settings, messages):
    dispatch = CeleryDispatch(settings)
    dispatch.deliver([("0190-a", audit.Queue.TRAIN), ("0190-b", audit.Queue.QUERY)])
    dispatch.close()
    assert sorted(path.name.partition(".")[2] for path in messages.iterdir()) == ["query.msg", "train.msg"]
    train = next(messages.glob("*.train.msg"))
    message = json.loads(train.read_text())
    assert message["headers"]["task"] == RUN_STEP
    assert message["headers"]["argsrepr"] == "['0190-a']"
    assert message["content-type"] == "application/json"


def test_a_message_that_cannot_be_sent_is_logged_and_raises_nothing(settings, messages, caplog):
    dispatch = CeleryDispatch(settings)
    messages.rmdir()
    dispatch.deliver([("a", audit.Queue.TRAIN), ("b", audit.Queue.TRAIN)])
    dispatch.close()
    assert "the queue did not take 2 step(s), which will be sent again" in caplog.text


def test_nothing_to_deliver_sends_nothing(settings, messages):
    dispatch = CeleryDispatch(settings)
    dispatch.deliver([])
    dispatch.close()
    assert list(messages.iterdir()) == []


class TestFolder:
    @pytest.fixture
    def connection(self, settings):
        conf = configuration(settings)
        with Connection(transport=conf["broker_transport"], transport_options=conf["broker_transport_options"]) as connection:
            yield connection

    @pytest.fixture
    def queue(self):
        return Queue("train", Exchange("auditor"), routing_key="train")

    def publish(self, connection, body):
        with connection.channel() as channel:
            Producer(channel).publish(body, exchange="auditor", routing_key="train", serializer="json")

    def test_messages_come_back_in_the_order_they_were_sent(self, connection, queue):
        for number in range(3):
            self.publish(connection, number)
        with connection.channel() as channel:
            bound = queue(channel)
            bound.declare()
            assert [bound.get(no_ack=True).payload for _ in range(3)] == [0, 1, 2]
            assert bound.get() is None

    def test_a_message_of_one_queue_is_not_in_the_other(self, connection):
        self.publish(connection, "for train")
        with connection.channel() as channel:
            assert Queue("query", Exchange("auditor"), routing_key="query")(channel).get() is None

    def test_an_unfinished_message_is_not_read(self, connection, queue, messages):
        (messages / "1_unfinished.part").write_bytes(b"")
        with connection.channel() as channel:
            assert queue(channel).get() is None

    @pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"7", b"{}"])
    def test_a_damaged_message_is_dropped_and_the_next_one_taken(self, connection, queue, messages, damage, caplog):
        (messages / f"{0:020d}_damaged.train.msg").write_bytes(damage)
        self.publish(connection, "sound")
        with connection.channel() as channel:
            bound = queue(channel)
            assert bound.get(no_ack=True).payload == "sound"
            assert bound.get() is None
        assert "damaged message of the queue train" in caplog.text

    def test_the_queue_table_is_never_written(self, connection, queue, settings):
        with connection.channel() as channel:
            queue(channel).declare()
        assert list((settings.home / "queue" / "control").iterdir()) == []

    def test_a_folder_that_went_away_is_an_error_and_leaves_nothing_behind(self, connection, messages):
        os.rmdir(messages)
        with connection.channel() as channel, pytest.raises(ChannelError, match="cannot write a message"):
            channel._put("train", {"body": "x"})
        assert not messages.exists()
