"""An audit that does not fit into the memory of this machine is refused at the door."""

from dataclasses import replace

from web_house import House, assert_problem


def test_an_audit_that_does_not_fit_is_refused_with_both_numbers_and_leaves_nothing(services):
    house = House(replace(services, free_memory=lambda: 1_000))
    problem = assert_problem(house.post("/audits", json=house.spec()), 422, field="data")
    assert "takes at least about" in problem["detail"]
    assert "0.0 GiB are free" in problem["detail"]
    assert house.get("/audits").json["items"] == []
    assert services.dispatch.delivered == []


def test_memory_of_workers_elsewhere_is_not_judged_by_that_of_the_api(services):
    settings = replace(services.settings, broker_url="redis://broker:6379/0", allow_private_targets=True, require_control=False)
    house = House(replace(services, settings=settings, free_memory=lambda: 1_000))
    assert house.post("/audits", json=house.spec()).status_code == 202
