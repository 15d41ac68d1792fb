import pytest
from dashboard_browser import Browser
from dashboard_seed import Seed, Seeded
from web_house import empty_database, open_services

from auditor.domain.catalog import Role
from auditor.web.app import create_app


@pytest.fixture(scope="session")
def template_database(tmp_path_factory):
    return empty_database(tmp_path_factory.mktemp("dashboard") / "empty.sqlite")


@pytest.fixture
def services(tmp_path, template_database):
    opened = open_services(tmp_path, template_database)
    yield opened
    opened.close()


@pytest.fixture
def app(services):
    return create_app(services)


@pytest.fixture
def ours(services) -> Seeded:
    return Seed(services).plant("ours")


@pytest.fixture
def browse(app, ours):
    """A browser signed in with a key of the named role; None for one that is not."""
    return lambda role=Role.AUDITOR: Browser(app, None if role is None else ours.keys[role])


@pytest.fixture
def auditor(browse):
    return browse(Role.AUDITOR)
