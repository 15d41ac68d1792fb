"""Artifacts in an S3-compatible store, over HTTP on loopback: kept, found again, damaged, gone, away."""

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
from databases import fresh_sqlite
from store_world import World

from auditor.errors import NotFound, Unavailable
from auditor.processes import free_port
from auditor.store import artifacts as artifacts_module
from auditor.store.artifacts import Artifacts
from auditor.store.engine import open_database

BUCKET = "artifacts"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of our own; the variables are those that every AWS client reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port())
        server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _environment(url).items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket=BUCKET)
        yield url
    server.stop()


def _environment(url: str) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    return keys | {"AWS_ENDPOINT_URL_S3": url, "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fresh_sqlite(tmp_path) as url:
        database = open_database(url)
        database.migrate()
        yield World(database)
        database.dispose()


@pytest.fixture
def artifacts(endpoint: str) -> Artifacts:
    return Artifacts(f"s3://{BUCKET}/audits")


def objects(endpoint: str) -> dict[str, int]:
    listed = boto3.client("s3", endpoint_url=endpoint).list_objects_v2(Bucket=BUCKET)
    return {item["Key"]: item["Size"] for item in listed.get("Contents", ())}


def stored_at(endpoint: str, digest: str) -> str:
    (key,) = (key for key in objects(endpoint) if f"/{digest}." in key)
    return key


def put(world: World, artifacts: Artifacts, data: bytes) -> str:
    with world.database.begin() as tx:
        return artifacts.put(tx, world.ours.id, data, kind="shadow", key=hashlib.md5(data).hexdigest())


def get(world: World, artifacts: Artifacts, digest: str) -> bytes:
    with world.database.read() as tx:
        return artifacts.get(tx, world.ours.id, digest)


def discard(world: World, *digests: str) -> None:
    with world.database.begin() as tx:
        artifacts_module.discard(tx, world.ours.id, digests)


def test_bytes_lie_in_the_bucket_under_their_workspace_and_come_back(endpoint: str, world: World, artifacts: Artifacts) -> None:
    digest = put(world, artifacts, b"shadow")
    assert objects(endpoint)[stored_at(endpoint, digest)] == 6
    assert stored_at(endpoint, digest).startswith(f"audits/{world.ours.id}/{digest[:2]}/")
    assert get(world, artifacts, digest) == b"shadow"
    assert put(world, artifacts, b"shadow") == digest
    with world.database.read() as tx:
        assert tx.exec_driver_sql("SELECT count(data) FROM artifact").scalar_one() == 0


def test_arrays_of_some_megabytes_come_back_bit_for_bit(world: World, artifacts: Artifacts) -> None:
    log_odds = np.random.default_rng(0).standard_normal((500_000, 2)).astype(np.float32)
    with world.database.begin() as tx:
        digest = artifacts.put_arrays(tx, world.ours.id, {"log_odds": log_odds}, kind="shadow")
        found = artifacts.get_arrays(tx, world.ours.id, digest)
    assert found["log_odds"].tobytes() == log_odds.tobytes()


def test_what_is_forgotten_leaves_the_bucket(endpoint: str, world: World, artifacts: Artifacts) -> None:
    before = objects(endpoint)
    discard(world, put(world, artifacts, b"to be forgotten"))
    assert objects(endpoint) == before


def test_an_object_that_is_gone_or_damaged_is_said(endpoint: str, world: World, artifacts: Artifacts) -> None:
    digest = put(world, artifacts, b"fragile")
    client, key = boto3.client("s3", endpoint_url=endpoint), stored_at(endpoint, digest)
    client.put_object(Bucket=BUCKET, Key=key, Body=b"changed")
    with pytest.raises(Unavailable, match="damaged"):
        get(world, artifacts, digest)
    client.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(NotFound, match="gone"):
        get(world, artifacts, digest)


def test_a_bucket_that_does_not_exist_is_one_sentence(endpoint: str, world: World) -> None:
    with pytest.raises(Unavailable, match="cannot be written to s3://no-such-bucket/x") as caught:
        put(world, Artifacts("s3://no-such-bucket/x"), b"lost")
    assert "\n" not in str(caught.value)


def test_a_store_that_is_away_is_one_sentence(
    endpoint: str, world: World, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    digest = put(world, artifacts, b"far away")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="cannot be read from s3://artifacts"):
        get(world, artifacts, digest)
    with pytest.raises(Unavailable, match="cannot be written to s3://artifacts"):
        put(world, artifacts, b"nowhere")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
