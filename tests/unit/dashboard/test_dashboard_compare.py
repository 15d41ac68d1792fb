"""Two audits of the same records beside each other."""

import re

import exposed_audit
import pytest
from html_page import Page

from auditor.domain.catalog import Role


@pytest.fixture
def pair(services, ours):
    """An audit of a target that leaks, then one of the same records after a defence."""
    first = exposed_audit.plant(services, ours.workspace_id, leak=2.0)
    return first, exposed_audit.again(services, ours.workspace_id, first, leak=0.0)


def test_the_difference_is_told_with_its_interval(browse, pair):
    page = browse(Role.VIEWER).text(f"/audits/{pair[0].audit_id}/compare/{pair[1].audit_id}")
    text = Page(page).text
    assert "80 members and 80 non-members, the same in both" in text
    (value,) = re.findall(r"Difference in AUC (−0\.\d+) −", text)
    assert -0.6 < float(value.replace("−", "-")) < -0.2
    assert page.count('class="chart intervals"') == 1


def test_the_other_audit_is_chosen_on_the_page_of_the_first_and_the_older_one_is_the_first(browse, pair):
    first, second = pair
    viewer = browse(Role.VIEWER)
    assert f'<option value="{first.audit_id}">' in viewer.text(f"/audits/{second.audit_id}")
    answer = viewer.get(f"/audits/{second.audit_id}/compare?with={first.audit_id}")
    assert (answer.status_code, answer.location) == (303, f"/audits/{first.audit_id}/compare/{second.audit_id}")


def test_only_audits_of_the_same_records_are_offered(browse, services, ours, pair):
    other = exposed_audit.plant(services, ours.workspace_id, seed=8)
    page = browse(Role.VIEWER).text(f"/audits/{pair[0].audit_id}")
    assert f'<option value="{pair[1].audit_id}">' in page
    assert other.audit_id not in page
    assert 'class="compare"' not in browse(Role.VIEWER).text(f"/audits/{other.audit_id}")


def test_audits_of_other_records_are_refused_in_one_sentence(browse, services, ours, pair):
    other = exposed_audit.plant(services, ours.workspace_id, seed=8)
    answer = browse(Role.VIEWER).get(f"/audits/{pair[0].audit_id}/compare/{other.audit_id}")
    assert answer.status_code == 409
    assert "not of the same records" in answer.get_data(as_text=True)


@pytest.mark.parametrize("chosen", ["", "members.csv"])
def test_a_choice_that_is_none_is_told(browse, pair, chosen):
    answer = browse(Role.VIEWER).get(f"/audits/{pair[0].audit_id}/compare?with={chosen}")
    assert answer.status_code == 422
    assert "Traceback" not in answer.get_data(as_text=True)


def test_an_audit_that_runs_offers_no_comparison(browse, ours):
    assert 'class="compare"' not in browse(Role.VIEWER).text(f"/audits/{ours.audits['running']}")
