"""The API behind a real server on loopback: what only a socket shows."""

import json
import socket
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest
import waitress
from web_house import URL, House, empty_database, open_services, records

from auditor.domain.catalog import Role
from auditor.web.wsgi import limits

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("served")
    services = open_services(home, empty_database(home / "empty.sqlite"))
    house = House(services)
    server = waitress.create_server(house.app, host="127.0.0.1", port=0, threads=4, ident=None, **limits(services.settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield house, server.effective_port
    server.trigger.pull_trigger(server.close)  # by its own thread: what it waits for may not be closed by another
    thread.join(5)
    services.close()


@pytest.fixture
def house(served):
    return served[0]


@pytest.fixture
def line(served):
    connection = HTTPConnection("127.0.0.1", served[1], timeout=20)
    yield connection
    connection.close()


def ask(line, house, method, path, body=None, **headers):
    """(status, document) over this connection, as an admin."""
    bearer = {"Authorization": f"Bearer {house.keys['ours', Role.ADMIN]}"}
    line.request(method, f"/api/v1{path}", body=body, headers={**bearer, **headers}, encode_chunked="Transfer-Encoding" in headers)
    answer = line.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else None


def as_json(document):
    return json.dumps(document).encode()


def test_one_connection_serves_many_requests(line, house):
    for _ in range(3):
        assert ask(line, house, "GET", "/health") == (200, {"status": "ok"})
        assert ask(line, house, "GET", "/nothing")[0] == 404
    made = ask(
        line, house, "POST", "/targets", as_json({"name": "x", "target": {"url": URL}}), **{"Content-Type": "application/json"}
    )
    assert made[0] == 201
    assert ask(line, house, "DELETE", f"/targets/{made[1]['id']}") == (204, None)
    assert ask(line, house, "GET", f"/targets/{made[1]['id']}")[0] == 404


def test_an_upload_in_chunks_of_unknown_length(line, house):
    chunks = iter([b"age,work,", b"income\n30,a", b",b\n31,c,d\n"])
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "text/csv"}
    status, made = ask(line, house, "POST", "/datasets?name=chunked", chunks, **headers)
    assert (status, made["rows"]) == (201, 2)


def test_an_upload_in_chunks_that_never_end_is_cut_off(line, house):
    chunks = (b"1" * 65_536 for _ in range(64))
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "text/csv"}
    status, problem = ask(line, house, "POST", "/datasets?name=endless", chunks, **headers)
    assert (status, problem["status"]) == (413, 413)


def test_an_upload_over_the_limit_is_told_and_the_service_goes_on(line, house):
    status, problem = ask(line, house, "POST", "/datasets?name=large", b"1" * 2_000_000, **{"Content-Type": "text/csv"})
    assert (status, problem["title"]) == (413, "Too large")
    line.close()
    assert ask(line, house, "GET", "/health")[0] == 200


def test_a_head_has_headers_and_no_body(line, house):
    status, document = ask(line, house, "HEAD", "/targets")
    assert (status, document) == (200, None)


def test_those_who_say_nothing_keep_nobody_out(served, house):
    """Half a request on each of more connections than waitress takes by default."""
    silent = [socket.create_connection(("127.0.0.1", served[1]), 5) for _ in range(120)]
    for each in silent:
        each.sendall(b"POST /api/v1/targets HTTP/1.1\r\nHost: here\r\nContent-Le")
    line = HTTPConnection("127.0.0.1", served[1], timeout=10)
    assert ask(line, house, "GET", "/targets")[0] == 200
    for each in (line, *silent):
        each.close()


def test_a_body_that_no_upload_may_have_is_refused_before_it_is_kept(served):
    with socket.create_connection(("127.0.0.1", served[1]), 5) as stranger:
        stranger.sendall(b"POST /api/v1/datasets HTTP/1.1\r\nHost: here\r\nContent-Length: 900000000\r\n\r\n")
        assert stranger.recv(64).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("path", ["/targets/..%2f..%2fetc%2fpasswd", "/targets/%2e%2e", "/%00", "/targets?limit=%ff", "/%ff%fe"])
def test_addresses_that_were_bent_are_refused(line, house, path):
    status, problem = ask(line, house, "GET", path)
    assert status in (404, 422)
    assert problem["detail"]


def test_nothing_says_what_the_server_is_made_of(line, house):
    line.request("GET", "/api/v1/health")
    answer = line.getresponse()
    answer.read()
    assert answer.getheader("Server") is None or "Werkzeug" not in answer.getheader("Server")


def test_many_clients_at_once_on_one_file(served):
    house, port = served
    answers = []

    def client(number):
        line = HTTPConnection("127.0.0.1", port, timeout=30)
        for turn in range(5):
            body = as_json({"name": f"{number}-{turn}", "target": {"url": URL}})
            answers.append(ask(line, house, "POST", "/targets", body, **{"Content-Type": "application/json"})[0])
            answers.append(ask(line, house, "GET", "/targets")[0])
        line.close()

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert sorted(set(answers)) == [200, 201]
    assert len(answers) == 40


def test_the_requests_of_the_guide_are_accepted(line, house):
    """Every --json of docs/api.md, with the ids that came back in place of their names."""
    files = [
        ask(line, house, "POST", f"/datasets?name={name}", records().encode(), **{"Content-Type": "text/csv"})[1]["id"]
        for name in ("members", "non-members")
    ]
    bodies = [part.split("'", 1)[0] for part in GUIDE.split("--json '")[1:]]
    assert len(bodies) == 2
    target = ask(line, house, "POST", "/targets", bodies[0].encode(), **{"Content-Type": "application/json"})
    assert target[0] == 201
    body = bodies[1].replace("<target id>", target[1]["id"])
    for file in files:
        body = body.replace("<dataset id>", file, 1)
    assert ask(line, house, "POST", "/audits", body.encode(), **{"Content-Type": "application/json"})[0] == 202
