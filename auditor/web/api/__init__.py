"""The API, one file a resource. `blueprint` holds them all under /api/v1."""

from apiflask import APIBlueprint

from auditor.web.api import (
    attacks,
    audits,
    control,
    datasets,
    events,
    health,
    keys,
    models,
    outcomes,
    queries,
    records,
    reference,
    schedules,
    secrets,
    targets,
    what_if,
)
from auditor.web.api.shapes import check_media_type
from auditor.web.ids import check_path

RESOURCES = (
    health,
    targets,
    control,
    secrets,
    datasets,
    models,
    audits,
    outcomes,
    what_if,
    records,
    queries,
    schedules,
    attacks,
    keys,
    events,
)

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", enable_openapi=False)
for resource in RESOURCES:
    blueprint.register_blueprint(resource.bp)
blueprint.register_blueprint(reference.bp)
blueprint.before_request(check_path)
blueprint.before_request(check_media_type)
