from dataclasses import replace

import pytest
from web_house import START

from auditor.domain.catalog import ApiKey, Role
from auditor.web.principal import GRANTS, Principal, of_key

KEY = ApiKey("key", "workspace", "ci", Role.AUDITOR, "pat_ci", START)


def test_every_role_has_its_grants():
    assert set(GRANTS) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_every_role_may_do_what_it_is_named_for_and_read(role):
    somebody = Principal("w", role, "k", "n")
    assert somebody.may(role)
    assert somebody.may(Role.VIEWER)


@pytest.mark.parametrize(
    ("role", "needed"),
    [
        (Role.VIEWER, Role.AUDITOR),
        (Role.VIEWER, Role.RECORD_READER),
        (Role.VIEWER, Role.ADMIN),
        (Role.AUDITOR, Role.ADMIN),
        (Role.AUDITOR, Role.RECORD_READER),
        (Role.RECORD_READER, Role.AUDITOR),
        (Role.RECORD_READER, Role.ADMIN),
    ],
)
def test_no_role_may_do_more(role, needed):
    assert not Principal("w", role, "k", "n").may(needed)


@pytest.mark.parametrize("needed", Role)
def test_an_admin_may_do_everything(needed):
    assert Principal("w", Role.ADMIN, "k", "n").may(needed)


def test_a_key_speaks_for_its_workspace_with_its_role():
    assert of_key(KEY) == Principal("workspace", Role.AUDITOR, "key", "ci", by_cookie=False)


def test_a_session_remembers_that_it_is_one():
    assert of_key(replace(KEY, role=Role.VIEWER), by_cookie=True).by_cookie
