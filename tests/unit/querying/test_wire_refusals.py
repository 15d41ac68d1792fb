import json
from email.utils import formatdate

import pytest

from auditor.errors import TargetBusy, TargetRefused
from auditor.querying.faults import BatchTooLarge, Busy, Denied, Failing
from auditor.querying.refusals import excerpt, refused


def error(status, body=b"", headers=None, secret=""):
    return refused(status, headers or {}, body, (secret,), now=lambda: 1_000_000.0)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_points_to_the_secret(status):
    found = error(status, b'{"error": "token abc"}')
    assert type(found) is Denied
    assert "target.auth" in found.sentence
    assert "abc" not in found.sentence


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_not_echoed(status):
    found = error(status, b"see http://10.0.0.1/", {"Location": "http://10.0.0.1/"})
    assert type(found) is TargetRefused
    assert "final address" in found.sentence
    assert "10.0.0.1" not in found.sentence


@pytest.mark.parametrize("status", [404, 405])
def test_a_wrong_path_points_to_the_url(status):
    assert "target.url" in error(status, b'{"error": "Model with name no does not exist."}').sentence


@pytest.mark.parametrize("status", [400, 402, 409, 422, 451, 501])
def test_any_other_refusal_is_the_configuration(status):
    found = error(status, b'{"error": "wrong dtype"}')
    assert type(found) is TargetRefused
    assert "wrong dtype" in found.sentence


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (413, b""),
        (413, b"<html>"),
        (400, b'{"error": "inference request batch-size must be <= 64 for \'rf\'"}'),
        (400, b'{"error":"batch size 512 exceeds the maximum"}'),
        (422, b'{"detail":"too many instances"}'),
        (400, b"request body too large"),
        (400, b"Batch is larger than the limit"),
    ],
)
def test_a_batch_that_is_too_large_is_told_apart(status, body):
    assert isinstance(error(status, body), BatchTooLarge)


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_what_passes_is_worth_several_tries(status):
    found = error(status)
    assert isinstance(found, TargetBusy)
    assert found.patience > 1


def test_a_500_is_worth_one():
    found = error(500, b"Traceback (most recent call last):\n  File x")
    assert isinstance(found, Failing)
    assert found.patience == 1
    assert "target.rows" in found.sentence


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        (" 3 ", 3.0),
        ("0", 0.0),
        (formatdate(1_000_042, usegmt=True), 42.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("Wed, 99 Foo 2020", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    found = error(503, headers={"Retry-After": value})
    assert isinstance(found, Busy)
    assert found.retry_after == seconds


def test_without_the_header_nothing_is_assumed():
    assert error(503).retry_after is None


def test_an_excerpt_is_short_and_printable():
    text = excerpt(("line one\n\x1b[31mline two\x00 " + "x" * 1_000).encode())
    assert len(text) <= 200
    assert text.startswith("line one [31mline two x")
    assert text.isprintable()


@pytest.mark.parametrize("key", ["error", "message", "detail", "title"])
def test_an_excerpt_is_the_message_of_a_json_error(key):
    assert excerpt(json.dumps({"code": 3, key: "no such column"}).encode()) == "no such column"


def test_an_excerpt_of_a_page_is_not_the_page():
    assert excerpt(b"  <!DOCTYPE html><title>intranet</title>") == "an HTML page"


def test_an_excerpt_never_holds_the_credential():
    body = json.dumps({"error": "bad header Bearer tok-123-secret"}).encode()
    assert "tok-123-secret" not in error(400, body, secret="tok-123-secret").sentence
    assert "***" in error(400, body, secret="tok-123-secret").sentence


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"[" * 100_000, b'{"error": {"nested": 1}}', b"", b"null", b'"text"'])
def test_any_body_makes_one_sentence(body):
    sentence = error(400, body).sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 400
