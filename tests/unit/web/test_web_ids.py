import pytest
from web_house import NO_ID

from auditor.errors import InvalidInput
from auditor.web.ids import is_id, the_id


@pytest.mark.parametrize("text", [NO_ID, NO_ID.upper(), "00000000-0000-0000-0000-000000000000"])
def test_a_uuid_is_an_id(text):
    assert is_id(text)


@pytest.mark.parametrize(
    "text", ["", "members.csv", NO_ID[:-1], NO_ID + "\n", f"{{{NO_ID}}}", NO_ID.replace("-", ""), f"urn:uuid:{NO_ID}"]
)
def test_nothing_else_is(text):
    assert not is_id(text)


def test_an_id_is_returned_in_canonical_form():
    assert the_id(NO_ID.upper(), "target", "target") == NO_ID


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("members.csv", "a path"),
        ("/etc/passwd", "a path"),
        ("..\\secret", "a path"),
        ("file:///etc/passwd", "a URL"),
        ("http://127.0.0.1:8080/v2/models/income/infer", "a URL"),
        ("INCOME_MODEL_TOKEN", "the name of a variable"),
        ("env:TOKEN", "the name of a variable"),
        ("income", "another text"),
        ("", "another text"),
        ({"url": "http://x"}, "a block"),
        (7, "another kind of value"),
        (None, "another kind of value"),
    ],
)
def test_anything_else_is_refused_by_what_it_is(value, kind):
    with pytest.raises(InvalidInput) as refused:
        the_id(value, "data.members", "dataset")
    assert refused.value.field == "data.members"
    assert refused.value.sentence.startswith(f"give a dataset id, not {kind};")


def test_the_article_fits_the_word():
    with pytest.raises(InvalidInput, match="give an audit id"):
        the_id("x", "audit", "audit")


def test_what_was_given_is_not_echoed():
    with pytest.raises(InvalidInput) as refused:
        the_id("<script>", "target", "target")
    assert "script" not in str(refused.value)
