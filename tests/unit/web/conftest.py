import pytest
from web_house import House, empty_database, open_services


@pytest.fixture(scope="session")
def template_database(tmp_path_factory):
    return empty_database(tmp_path_factory.mktemp("web") / "empty.sqlite")


@pytest.fixture
def services(tmp_path, template_database):
    opened = open_services(tmp_path, template_database)
    yield opened
    opened.close()


@pytest.fixture
def house(services):
    return House(services)


@pytest.fixture
def production(tmp_path, template_database):
    """A service for others: a broker of its own, so that nothing private may be asked."""
    opened = open_services(tmp_path, template_database, broker_url="redis://broker:6379/0")
    yield House(opened)
    opened.close()
