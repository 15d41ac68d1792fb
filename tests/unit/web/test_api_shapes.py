import pytest
from flask import Flask
from pydantic import Field

from auditor.errors import InvalidInput
from auditor.web.api.shapes import Checked, Name, PageQuery, Shown, nothing, page


class Small(Checked):
    name: Name
    size: int = Field(3, ge=1)


class Item(Shown):
    id: str


class Holder:
    id, workspace_id = "a", "not to be shown"


def refusal(document, model=Small):
    with pytest.raises(InvalidInput) as refused:
        model.model_validate(document)
    return refused.value


def test_input_that_fits_is_a_value():
    assert Small.model_validate({"name": " x "}) == Small(name="x", size=3)


def test_input_cannot_be_changed_later():
    with pytest.raises(ValueError, match="frozen"):
        Small(name="x").name = "y"


@pytest.mark.parametrize(
    ("document", "field", "says"),
    [
        ({}, "name", "add the key 'name'"),
        ({"name": "x", "sise": 1}, "sise", "did you mean 'size'"),
        ({"name": "x", "size": 0}, "size", "of at least 1"),
        ({"name": "x", "size": "many"}, "size", "integer"),
        ({"name": ""}, "name", "at least 1"),
        ([], "", "send a JSON object"),
        ("text", "", "send a JSON object"),
        (None, "", "send a JSON object"),
    ],
)
def test_the_first_mistake_is_told(document, field, says):
    refused = refusal(document)
    assert refused.field == field
    assert says in refused.sentence


def test_what_was_sent_is_not_in_the_sentence():
    assert "s3cr3t" not in str(refusal({"name": "x", "size": "s3cr3t"}))


def test_only_what_a_shape_names_is_shown():
    assert Item.of(Holder()).model_dump() == {"id": "a"}


@pytest.mark.parametrize(("query", "limit"), [({}, 50), ({"limit": "1"}, 1), ({"limit": "200"}, 200)])
def test_a_page_has_a_size_within_bounds(query, limit):
    assert PageQuery.model_validate(query).limit == limit


@pytest.mark.parametrize("limit", ["0", "201", "-5", "1.5", "", "1e2", "\u0663x"])
def test_another_size_is_refused(limit):
    assert refusal({"limit": limit}, PageQuery).field == "limit"


@pytest.fixture
def asked():
    """Inside a request for a filtered page."""
    with Flask(__name__).test_request_context("/api/v1/things?limit=2&target=a%26b"):
        yield


@pytest.mark.usefixtures("asked")
def test_a_page_with_a_successor_links_to_it():
    answer = page([Item(id="a"), Item(id="b")], "after b")
    assert answer.json == {"items": [{"id": "a"}, {"id": "b"}], "next": "after b"}
    assert answer.headers["Link"] == '</api/v1/things?limit=2&target=a%26b&cursor=after+b>; rel="next"'


@pytest.mark.usefixtures("asked")
def test_the_last_page_links_nowhere():
    answer = page([Item(id="a")], None)
    assert answer.json == {"items": [{"id": "a"}], "next": None}
    assert "Link" not in answer.headers


@pytest.mark.usefixtures("asked")
def test_an_empty_page_is_a_page():
    assert page([], None).json == {"items": [], "next": None}


def test_nothing_is_204_without_a_body():
    answer = nothing()
    assert (answer.status_code, answer.get_data()) == (204, b"")
