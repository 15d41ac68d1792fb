import errno

import pytest
from apiflask import APIFlask
from flask import Response, abort, request
from web_house import assert_problem

from auditor import errors
from auditor.web import problems

RAISED = [
    (errors.InvalidInput("data.label", "name a column"), 422),
    (errors.NotFound("There is no such audit."), 404),
    (errors.Conflict("It is still running."), 409),
    (errors.NotAllowed("Ask an admin."), 403),
    (errors.NotSignedIn("Send a key."), 401),
    (errors.Unavailable("The disk is full."), 503),
    (errors.AddressBlocked("This address is private."), 422),
    (errors.TargetUnreachable("Nobody answers."), 502),
    (errors.BudgetExhausted("Raise the budget."), 409),
    (errors.Cancelled("It was cancelled."), 409),
]


@pytest.fixture
def app():
    app = APIFlask(__name__, json_errors=False, enable_openapi=False)
    problems.handle_with_problems(app)

    @app.route("/api/raise", methods=["GET", "POST"])
    @app.route("/page", methods=["GET"])
    def fail():
        raise app.config["ERROR"]

    @app.get("/api/abort/<int:status>")
    def stop(status):
        abort(status)

    @app.post("/api/read")
    def read():
        return {"read": len(request.get_data())}

    return app


def raised(app, error, method="GET", path="/api/raise"):
    app.config["ERROR"] = error
    return app.test_client().open(path, method=method)


@pytest.mark.parametrize(("error", "status"), RAISED, ids=lambda value: type(value).__name__)
def test_each_error_of_the_product_has_its_status_and_keeps_its_sentence(app, error, status):
    body = assert_problem(raised(app, error), status, says=error.sentence)
    assert body["type"].endswith(f"#problem-{status}")


def test_every_error_of_the_product_is_mapped_or_internal():
    def tree(kind):
        return [kind, *(deeper for below in kind.__subclasses__() for deeper in tree(below))]

    known = (*(kind for kind, _ in problems.STATUSES), errors.AttackFailed)  # an attack that fails is told in the result
    assert [kind for kind in tree(errors.AuditorError) if not issubclass(kind, known)] == [errors.AuditorError]


def test_a_mistake_names_field_pointer_and_sentence(app):
    body = raised(app, errors.InvalidInput("data.members", "give a dataset id, not a path"), "POST").json
    assert body["errors"] == [{"pointer": "#/data/members", "field": "data.members", "sentence": "give a dataset id, not a path"}]
    assert body["detail"] == "data.members: give a dataset id, not a path"


def test_a_pointer_escapes_as_rfc_6901_says(app):
    body = raised(app, errors.InvalidInput("types.a/b~c", "x"), "POST").json
    assert body["errors"][0]["pointer"] == "#/types/a~1b~0c"


def test_a_mistake_in_a_query_points_nowhere(app):
    assert raised(app, errors.InvalidInput("limit", "x"), "GET").json["errors"][0]["pointer"] is None


def test_other_problems_have_an_empty_list_of_mistakes(app):
    assert raised(app, errors.NotFound("No.")).json["errors"] == []


def test_a_sentence_that_quotes_a_lot_is_clipped(app):
    body = raised(app, errors.InvalidInput("f" * 10_000, "s" * 10_000), "POST").json
    assert len(body["detail"]) == problems.LONGEST
    assert len(body["errors"][0]["field"]) == problems.LONGEST
    assert body["errors"][0]["sentence"].endswith("...")


def test_no_disk_space_is_told_as_such(app):
    assert_problem(raised(app, OSError(errno.ENOSPC, "No space left on device", "/secret/path")), 503, says="disk space")


def test_what_nobody_foresaw_shows_an_incident_number_and_is_logged_with_it(app, caplog):
    answer = raised(app, KeyError("password=hunter2"))
    body = assert_problem(answer, 500, says="incident number")
    incident = body["instance"].removeprefix("urn:uuid:")
    assert incident in body["detail"]
    assert "hunter2" not in answer.get_data(as_text=True)
    assert incident in caplog.text
    assert "hunter2" in caplog.text


def test_another_error_of_the_system_is_unforeseen(app):
    answer = raised(app, OSError(errno.EACCES, "Permission denied", "/secret/path"))
    assert_problem(answer, 500)
    assert "secret" not in answer.get_data(as_text=True)


def test_an_address_that_nothing_answers(app):
    assert_problem(app.test_client().get("/api/<script>"), 404, says="/api/v1/docs")


def test_what_was_asked_is_not_echoed(app):
    assert "script" not in app.test_client().get("/api/<script>").get_data(as_text=True)


def test_a_method_that_is_not_answered_lists_those_that_are(app):
    answer = app.test_client().delete("/api/raise")
    assert_problem(answer, 405, says="Allow")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("status", [400, 413, 415])
def test_refusals_of_http_have_a_sentence_of_ours(app, status):
    assert_problem(app.test_client().get(f"/api/abort/{status}"), status, says=problems.SENTENCES[status])


def test_another_refusal_of_http_has_a_sentence_too(app):
    assert_problem(app.test_client().get("/api/abort/418"), 418, says="reference")


def test_a_failure_told_as_http_is_an_incident(app):
    assert_problem(app.test_client().get("/api/abort/500"), 500, says="incident number")


def test_not_signed_in_says_how_to_sign_in(app):
    assert raised(app, errors.NotSignedIn("Send a key.")).headers["WWW-Authenticate"] == "Bearer"


def test_unavailable_says_when_to_come_back(app):
    assert raised(app, errors.Unavailable("Busy.")).headers["Retry-After"] == "5"


def test_people_get_a_page_where_there_is_one(app):
    app.extensions["error_page"] = lambda problem: Response(f"<h1>{problem.title}</h1>", problem.status)
    answer = raised(app, errors.NotFound("No."), path="/page")
    assert (answer.status_code, answer.get_data(as_text=True)) == (404, "<h1>Not found</h1>")


def test_programs_get_a_problem_even_where_there_is_a_page(app):
    app.extensions["error_page"] = lambda problem: Response("page", problem.status)
    assert_problem(raised(app, errors.NotFound("No.")), 404)


def test_what_cannot_be_printed_is_not_quoted():
    assert (
        problems.clip("unknown key '\x00\ud800\n'")
        == "unknown key '\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}'"
    )
