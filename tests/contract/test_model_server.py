"""The server that other tests lean on is itself held to its word, by a client that is not ours."""

import json
import time

import numpy as np
import pandas as pd
import pytest
import urllib3

from auditor.testing.servers import Fault, ModelServer, Script

FRAME = pd.DataFrame({"age": [30.0, 50.0], "work": pd.Series(["a", None], dtype=object)})


def score(frame):
    p = frame["age"].to_numpy(dtype=float) / 100
    return np.column_stack([1 - p, p])


def tensors(frame=FRAME):
    columns = [("age", "FP64", frame["age"].tolist()), ("work", "BYTES", frame["work"].tolist())]
    return {"inputs": [{"name": n, "datatype": t, "shape": [len(frame), 1], "data": d} for n, t, d in columns]}


INSTANCES = {"instances": [{"age": 30.0, "work": "a"}, {"age": 50.0, "work": None}]}


@pytest.fixture
def http():
    with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
        yield pool


def post(http, url, document):
    answer = http.request("POST", url, json=document)
    return answer.status, answer.json()


def test_it_speaks_open_inference(http):
    with ModelServer(score) as server:
        status, answer = post(http, server.open_inference, tensors())
    assert status == 200
    output = answer["outputs"][0]
    assert (output["name"], output["shape"], output["datatype"]) == ("predict_proba", [2, 2], "FP64")
    assert output["data"] == pytest.approx([0.7, 0.3, 0.5, 0.5])
    assert (server.seen.requests, server.seen.rows, server.seen.batches) == (1, 2, [2])


def test_it_speaks_v1(http):
    with ModelServer(score) as server:
        status, answer = post(http, server.kserve_v1, INSTANCES)
    assert status == 200
    assert np.array(answer["predictions"]).ravel() == pytest.approx([0.7, 0.3, 0.5, 0.5])


def test_it_takes_a_matrix_under_given_names(http):
    with ModelServer(score, columns=("age", "hours")) as server:
        tensor = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [30, 1, 50, 2]}
        assert post(http, server.open_inference, {"inputs": [tensor]})[0] == 200
        assert post(http, server.kserve_v1, {"instances": [[30, 1], [50, 2]]})[0] == 200
    assert server.seen.rows == 4


@pytest.mark.parametrize(
    ("labels", "datatype"), [(np.array(["a", "b"]), "BYTES"), (np.array([0, 1]), "INT64"), (np.array([True, False]), "BOOL")]
)
def test_it_answers_labels_with_their_type(http, labels, datatype):
    with ModelServer(lambda frame: labels) as server:
        output = post(http, server.open_inference, tensors())[1]["outputs"][0]
    assert (output["name"], output["datatype"], output["shape"]) == ("predict", datatype, [2])
    assert output["data"] == labels.tolist()


def test_the_asked_output_is_named(http):
    with ModelServer(score) as server:
        answer = post(http, server.open_inference, {**tensors(), "outputs": [{"name": "mine"}]})[1]
    assert answer["outputs"][0]["name"] == "mine"


def test_missing_cells_reach_the_model(http):
    seen = []

    def watch(frame):
        seen.append(frame)
        return score(frame.fillna({"age": 0.0}))

    with ModelServer(watch) as server:
        document = tensors()
        document["inputs"][0]["data"][1] = None
        post(http, server.open_inference, document)
    assert np.isnan(seen[0]["age"][1])
    assert seen[0]["work"][1] is None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/models/model/infer", b"{", 400),
        ("/v2/models/model/infer", b'{"inputs": [{"name": "age", "shape": [3, 1], "datatype": "FP64", "data": [1]}]}', 400),
        ("/v3/else", b"{}", 404),
    ],
)
def test_a_request_that_is_none_is_answered_as_such(http, path, body, status):
    with ModelServer(score) as server:
        answer = http.request("POST", server.origin + path, body=body)
        assert answer.status == status
        assert "error" in answer.json()
        assert server.seen.rows == 0


def test_the_script_is_followed_in_order_and_then_always(http):
    script = Script([Fault(503), None, Fault(429, (("Retry-After", "7"),))], always=Fault(418))
    with ModelServer(score, script) as server:
        answers = [http.request("POST", server.open_inference, json=tensors()) for _ in range(5)]
    assert [a.status for a in answers] == [503, 200, 429, 418, 418]
    assert answers[2].headers["Retry-After"] == "7"
    assert answers[0].json() == {"error": "scripted"}
    assert server.seen.rows == 10


def test_an_answer_can_be_changed_replaced_or_delayed(http):
    script = Script([Fault(change=lambda d: {**d, "outputs": []}), Fault(body=b"<p>", content_type="text/html"), Fault(delay=0.2)])
    with ModelServer(score, script) as server:
        assert post(http, server.open_inference, tensors())[1]["outputs"] == []
        page = http.request("POST", server.open_inference, json=tensors())
        assert (page.data, page.headers["Content-Type"]) == (b"<p>", "text/html")
        start = time.monotonic()
        assert post(http, server.open_inference, tensors())[0] == 200
        assert time.monotonic() - start >= 0.2


def test_a_reset_breaks_the_connection(http):
    with ModelServer(score, Script([Fault(reset=True), None])) as server:
        with pytest.raises(urllib3.exceptions.ProtocolError):
            http.request("POST", server.open_inference, json=tensors())
        assert post(http, server.open_inference, tensors())[0] == 200
    assert server.seen.requests == 2


def test_it_refuses_more_rows_than_allowed_and_a_wrong_token(http):
    with ModelServer(score, Script(max_rows=1, token="tok")) as server:
        assert http.request("POST", server.kserve_v1, json=INSTANCES).status == 401
        headers = {"Authorization": "Bearer tok"}
        refusal = http.request("POST", server.kserve_v1, json=INSTANCES, headers=headers)
        assert refusal.status == 400
        assert "batch-size" in refusal.json()["error"]
        one = {"instances": INSTANCES["instances"][:1]}
        assert http.request("POST", server.kserve_v1, json=one, headers=headers).status == 200


def test_it_remembers_the_last_request(http):
    with ModelServer(score) as server:
        http.request("POST", server.kserve_v1 + "?tenant=1", body=json.dumps(INSTANCES), headers={"X-Note": "seen"})
    assert server.seen.path == "/v1/models/model:predict?tenant=1"
    assert server.seen.headers["X-Note"] == "seen"
    assert server.seen.document == INSTANCES


def test_it_says_that_it_lives_and_closes_for_good(http):
    with ModelServer(score) as server:
        assert http.request("GET", server.origin + "/v2/health/live").status == 200
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False, timeout=1.0).request("GET", server.origin)
