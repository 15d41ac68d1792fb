import re

import exposed_audit
import pytest
from html_page import Page

from auditor.domain.catalog import Role
from auditor.errors import InvalidInput
from auditor.store import audits, schedules
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form

NAMES = ["name", "data.members", "data.sensitive", "attacks", "budget.queries"]


def mistakes(answer):
    """The sentences at the fields of a page, by the id of the field."""
    page = answer.get_data(as_text=True)
    return {
        name: re.sub(r"<[^>]+>", "", words).strip() for name, words in re.findall(r'id="([^"]+)-mistake">(.*?)</p>', page, re.S)
    }


@pytest.fixture
def filled(ours):
    return {
        "target": ours.targets["labels-only"],
        "name": "first",
        "data.members": ours.datasets["members"],
        "data.non_members": ours.datasets["non-members"],
        "data.label": "income",
        "attacks": "quick",
        "learner": "auto",
        "policy": "default",
        "budget.queries": "50,000",
    }


def test_a_mistake_stands_at_the_nearest_field_that_the_form_has():
    form = Form({"name": "x"})
    assert form.refused(InvalidInput("data.sensitive.0.columns", "no such column"), NAMES).mistakes == {
        "data.sensitive": "No such column."
    }
    assert form.refused(InvalidInput("budget.queries", "too few"), NAMES).mistake("budget.queries") == "Too few."


def test_a_question_keeps_its_mark():
    assert Form({}).refused(InvalidInput("name", "did you mean 'x'?"), NAMES).mistake("name") == "Did you mean 'x'?"


def test_a_mistake_without_a_field_stands_above_the_form():
    assert Form({}).refused(InvalidInput("policy.robustness", "unknown"), NAMES).mistake("") == "Unknown."


def test_what_was_typed_stays():
    form = forms.read({"name": "  x ", "unknown": "y"}, NAMES)
    assert form.refused(InvalidInput("name", "s"), NAMES).value("name") == "x"
    assert "unknown" not in form.values


def test_nobody_types_a_megabyte():
    assert len(forms.read({"name": "x" * 1_000_000}, NAMES).value("name")) == forms.LONGEST


@pytest.mark.parametrize(("text", "number"), [("200000", 200_000), ("200,000", 200_000), ("200 000", 200_000)])
def test_whole_numbers_as_people_write_them(text, number):
    assert forms.whole(text, "f") == number


@pytest.mark.parametrize("text", ["", "many", "1.5", "1e6"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(InvalidInput, match="whole number"):
        forms.whole(text, "f")


def test_names_are_separated_by_commas():
    assert forms.listed(" sex, race ,,") == ["sex", "race"]


def test_the_document_of_a_form_is_a_spec(filled):
    document = forms.document(Form({**filled, "data.sensitive": "sex", "data.exclude": "id, row"}))
    assert document["data"]["sensitive"] == ["sex"]
    assert document["data"]["exclude"] == ["id", "row"]
    assert document["budget"] == {"queries": 50_000}
    assert "auxiliary" not in document["data"]


def test_an_audit_is_started_from_the_form(auditor, services, ours, filled):
    answer = auditor.send("/audits", filled)
    with services.database.read() as tx:
        made = audits.page(tx, ours.workspace_id, limit=1)[0][0]
    assert (answer.status_code, answer.location) == (303, f"/audits/{made.id}")
    assert (made.name, made.budget, made.spec["attacks"]) == ("first", 50_000, "quick")


@pytest.mark.parametrize("name", ["target", "name", "data.members", "data.non_members", "data.label"])
def test_an_empty_field_is_told_at_the_field(auditor, filled, name):
    answer = auditor.send("/audits", {**filled, name: ""})
    assert answer.status_code == 422
    assert list(mistakes(answer)) == [name]
    assert re.search(rf'aria-describedby="[^"]*{name}-mistake" aria-invalid="true"', answer.get_data(as_text=True))


def test_every_empty_field_is_told_at_once_and_led_to(auditor, filled):
    answer = auditor.send("/audits", {**filled, "name": "", "data.label": ""})
    assert set(mistakes(answer)) == {"name", "data.label"}
    assert '<a href="#data.label">Name the column that the model predicts.</a>' in answer.get_data(as_text=True)


def test_the_members_are_no_non_members(auditor, filled):
    answer = auditor.send("/audits", {**filled, "data.non_members": filled["data.members"]})
    assert "members&#39; records" in mistakes(answer)["data.non_members"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("data.label", "nothing", "nothing"),
        ("data.members", "members.csv", "path"),
        ("data.sensitive", "nothing", "nothing"),
        ("budget.queries", "many", "whole number"),
        ("budget.queries", "0", "Give a number of at least 1."),
        ("name", "x" * 300, "Give at most 200 characters."),
        ("learner", "magic", "magic"),
        ("policy", "strict", "strict"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_field_in_one_sentence(auditor, filled, name, value, says):
    answer = auditor.send("/audits", {**filled, name: value})
    assert answer.status_code == 422
    (sentence,) = mistakes(answer).values() or [Page(answer.get_data(as_text=True)).text]
    assert says in sentence
    assert "Traceback" not in answer.get_data(as_text=True)


def test_what_was_typed_is_shown_again(auditor, filled):
    page = auditor.send("/audits", {**filled, "name": "my <audit>", "data.label": "nothing"}).get_data(as_text=True)
    assert 'value="my &lt;audit&gt;"' in page
    assert f'value="{filled["data.members"]}" selected' in page
    assert 'value="quick" checked' in page


def test_nothing_is_started_by_a_refused_form(auditor, services, ours, filled):
    auditor.send("/audits", {**filled, "data.label": "nothing"})
    with services.database.read() as tx:
        assert audits.page(tx, ours.workspace_id, limit=1)[0][0].name != "first"


def test_the_target_can_be_chosen_beforehand(auditor, ours):
    assert f'value="{ours.targets["churn"]}" selected' in auditor.text(f"/audits/new?target={ours.targets['churn']}")


def test_known_columns_are_offered_as_the_label(auditor):
    assert '<option value="income">' in auditor.text("/audits/new")


@pytest.fixture
def planned(ours):
    return {"audit": ours.audits["breach"], "name": "nightly", "cron": "0 3 * * *", "zone": "Europe/Berlin"}


def known(services, ours):
    with services.database.read() as tx:
        return {s.name: s for s in schedules.page_schedules(tx, ours.workspace_id, limit=10)[0]}


def test_a_schedule_repeats_an_audit(auditor, services, ours, planned):
    assert auditor.send("/schedules", planned).status_code == 303
    made = known(services, ours)["nightly"]
    assert (made.cron, made.zone, made.target_id, made.paused) == ("0 3 * * *", "Europe/Berlin", ours.targets["income"], False)
    assert made.next_run_at > services.clock()
    assert "nightly" in auditor.text("/schedules")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("audit", "", "Choose the audit"),
        ("audit", "0199b2a4-3c1e-7a40-9d2f-5b7c0e61a001", "Choose one of the audits"),
        ("audit", "../etc", "Choose one of the audits"),
        ("name", "", "Give the schedule a name"),
        ("cron", "", "Write when it runs"),
        ("cron", "every day", "0 3 * * 1"),
        ("cron", "61 * * * *", "0 3 * * 1"),
        ("zone", "Mars/Base", "is not an IANA time zone"),
        ("zone", "../../etc/passwd", "is not an IANA time zone"),
    ],
)
def test_a_schedule_that_cannot_be_is_told_at_its_field(auditor, services, ours, planned, name, value, says):
    answer = auditor.send("/schedules", {**planned, name: value})
    assert answer.status_code == 422
    found = mistakes(answer)
    assert list(found) == [name]
    assert says in found[name]
    assert "nightly" not in known(services, ours)


def test_a_schedule_is_paused_and_goes_on(auditor, services, ours):
    auditor.post(f"/schedules/{ours.schedule_id}/pause")
    assert known(services, ours)["weekly"].paused
    assert "Paused" in auditor.text("/schedules")
    auditor.post(f"/schedules/{ours.schedule_id}/continue")
    assert known(services, ours)["weekly"].next_run_at > services.clock()


def test_a_schedule_is_deleted_after_a_second_look(auditor, services, ours):
    page = auditor.text("/schedules")
    assert page.index("<summary") < page.index("Delete for good")
    auditor.post(f"/schedules/{ours.schedule_id}/delete")
    assert known(services, ours) == {}


def test_a_firing_that_started_nothing_is_told(auditor, services, ours):
    with services.database.begin() as tx:
        schedules.note(tx, ours.schedule_id, "skipped: the audit before was still running")
    assert "skipped: the audit before was still running" in auditor.text("/schedules")


def test_one_choice_for_each_audit_that_can_be_repeated(auditor, ours):
    page = auditor.text("/schedules")
    assert page.count("income-model-safe of income") == 1
    assert "income-model-q3 of income" in page


def test_a_viewer_sees_schedules_without_their_forms(browse):
    page = browse(Role.VIEWER).text("/schedules")
    assert "weekly" in page
    assert "New schedule" not in page
    assert "Delete" not in page


@pytest.fixture
def real(services, ours, filled):
    """Over records that really are there, so that their cost can be told."""
    planted = exposed_audit.plant(services, ours.workspace_id)
    with services.database.read() as tx:
        data = audits.get(tx, ours.workspace_id, planted.audit_id).spec["data"]
    return {**filled, "data.members": data["members"], "data.non_members": data["non_members"], "learner": "xgboost"}


def test_the_cost_is_shown_before_anything_starts(auditor, services, ours, real):
    answer = auditor.send("/audits", {**real, "do": "estimate", "budget.price_per_1000": "2.5"})
    text = Page(answer.get_data(as_text=True)).text.replace("\u00a0", " ")
    assert answer.status_code == 200
    assert "Before the start: what it will cost" in text
    assert re.search(r"Records asked [\d,]+ to [\d,]+ Shadow models fitted \d+ Time .* Price [\d.]+ to [\d.]+", text)
    with services.database.read() as tx:
        assert audits.page(tx, ours.workspace_id, limit=1)[0][0].name != "first"


def test_what_is_kept_for_each_attack_is_shown_with_the_cost(auditor, real):
    asking = {"attacks": "full", "data.auxiliary": real["data.members"], "data.sensitive": "work"}
    text = Page(auditor.send("/audits", {**real, **asking, "do": "estimate"}).get_data(as_text=True)).text
    assert "Records that attacks may ask of their own Attack Fewest Kept of the budget attribute[work] 100 3,200" in text
    quick = Page(auditor.send("/audits", {**real, "do": "estimate"}).get_data(as_text=True)).text
    assert "of their own" not in quick


def test_the_form_starts_with_the_cost_and_ends_with_the_start(auditor, real):
    assert "Start the audit" not in auditor.text("/audits/new")
    page = auditor.send("/audits", {**real, "do": "estimate"}).get_data(as_text=True)
    assert "Start the audit" in page
    assert 'value="first"' in page
    assert auditor.send("/audits", real).status_code == 303


def test_a_claim_and_subgroups_go_into_the_spec(auditor, services, ours, real):
    claim = {
        "claimed_epsilon.epsilon": "3",
        "claimed_epsilon.delta": "1e-6",
        "data.subgroups": "work",
        "budget.price_per_1000": "1",
    }
    assert auditor.send("/audits", {**real, **claim}).status_code == 303
    with services.database.read() as tx:
        spec = audits.page(tx, ours.workspace_id, limit=1)[0][0].spec
    assert spec["claimed_epsilon"] == {"epsilon": 3.0, "delta": 1e-6}
    assert spec["data"]["subgroups"] == ["work"]
    assert spec["budget"]["price_per_1000"] == 1.0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("claimed_epsilon.epsilon", "much", "Write a number"),
        ("claimed_epsilon.epsilon", "-1", "above 0"),
        ("claimed_epsilon.delta", "2", "below 1"),
        ("budget.price_per_1000", "inf", "Write a number"),
        ("budget.queries", "100", "takes 160 queries"),
    ],
)
def test_a_number_that_cannot_be_is_told_at_its_field_before_the_cost(auditor, real, name, value, says):
    claim = {"claimed_epsilon.epsilon": "3"} if name == "claimed_epsilon.delta" else {}
    answer = auditor.send("/audits", {**real, **claim, name: value, "do": "estimate"})
    assert answer.status_code == 422
    assert says in mistakes(answer)[name]


def test_a_delta_without_its_epsilon_is_refused():
    with pytest.raises(InvalidInput, match="give the epsilon"):
        forms.document(Form({"budget.queries": "5", "claimed_epsilon.delta": "1e-5"}))
