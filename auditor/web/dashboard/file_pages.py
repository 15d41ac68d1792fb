"""Files of the workspace: records and models, uploaded here; what loading a model would run; a model made a target."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.domain.catalog import Role
from auditor.domain.spec import TargetSpec
from auditor.domain.target import Output
from auditor.errors import InvalidInput
from auditor.report.checked import checked_of
from auditor.store import datasets, model_files
from auditor.web.access import needs, takes_file
from auditor.web.api import upload
from auditor.web.current import services, workspace_id
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import register
from auditor.web.uploads import keep_model, keep_records
from auditor.workflow import model_scan

MANY = 500
RECORDS, MODEL = ["records.name", "records.file"], ["model.name", "model.file"]
TARGET = ["name", "classes", "output"]
NAMELESS = "Give the file a name, such as members-2026-q1."


@blueprint.get("/files")
@needs(Role.VIEWER)
def file_list() -> ResponseReturnValue:
    return _page(Form({}), Form({}))


@blueprint.post("/files/records")
@needs(Role.AUDITOR)
@takes_file
def upload_records() -> ResponseReturnValue:
    form = forms.read(request.form, RECORDS)
    try:
        with upload.received(services().settings.max_upload_mb) as file:
            keep_records(_name(form, "records"), file)
    except InvalidInput as mistake:
        return _page(form.refused(_at("records", mistake), RECORDS), Form({})), 422
    return redirect(url_for("dashboard.file_list"), 303)


@blueprint.post("/files/models")
@needs(Role.AUDITOR)
@takes_file
def upload_model() -> ResponseReturnValue:
    """Taken in only if loading it runs nothing; the next page shows what was looked for in it."""
    form = forms.read(request.form, MODEL)
    try:
        with upload.received(services().settings.max_upload_mb) as file:
            made = keep_model(_name(form, "model"), file)
    except InvalidInput as mistake:
        return _page(Form({}), form.refused(_at("model", mistake), MODEL)), 422
    return redirect(url_for("dashboard.model", model_id=made.id), 303)


@blueprint.get("/files/models/<uuid:model_id>")
@needs(Role.VIEWER)
def model(model_id: UUID) -> ResponseReturnValue:
    return _model_page(model_id, Form({"output": Output.PROBABILITIES}))


@blueprint.post("/files/models/<uuid:model_id>/target")
@needs(Role.AUDITOR)
def model_as_target(model_id: UUID) -> ResponseReturnValue:
    """A target that is asked in a process of this machine; the form of its first audit follows."""
    form = forms.read(request.form, TARGET)
    try:
        forms.required(form, {"name": "Give the target a name, such as income-model."})
        block = TargetSpec(model=str(model_id), classes=tuple(forms.listed(form.value("classes"))), output=_output(form))
        made = register(services(), workspace_id(), form.value("name"), block)
    except InvalidInput as mistake:
        return _model_page(model_id, form.refused(mistake, TARGET)), 422
    return redirect(url_for("dashboard.new_audit", target=made.id), 303)


@blueprint.post("/files/records/<uuid:dataset_id>/delete")
@needs(Role.AUDITOR)
def delete_records(dataset_id: UUID) -> ResponseReturnValue:
    with services().database.begin() as tx:
        datasets.delete_dataset(tx, workspace_id(), str(dataset_id))
    return redirect(url_for("dashboard.file_list"), 303)


@blueprint.post("/files/models/<uuid:model_id>/delete")
@needs(Role.AUDITOR)
def delete_model(model_id: UUID) -> ResponseReturnValue:
    with services().database.begin() as tx:
        model_files.delete_model_file(tx, workspace_id(), str(model_id))
    return redirect(url_for("dashboard.file_list"), 303)


def _name(form: Form, kind: str) -> str:
    forms.required(form, {f"{kind}.name": NAMELESS})
    return form.value(f"{kind}.name")


def _at(kind: str, mistake: InvalidInput) -> InvalidInput:
    """The same at the field of its form."""
    at = mistake.field if mistake.field.startswith(kind) else f"{kind}.{mistake.field}"
    return InvalidInput(at, mistake.sentence)


def _output(form: Form) -> Output:
    try:
        return Output(form.value("output"))
    except ValueError:
        raise InvalidInput("output", "Choose what the model answers.") from None


def _page(records: Form, model_form: Form) -> str:
    with services().database.read() as tx:
        known = datasets.page_datasets(tx, workspace_id(), limit=MANY)[0]
        models = model_files.page_model_files(tx, workspace_id(), limit=MANY)[0]
    limit = services().settings.max_upload_mb
    return render_template(
        "dashboard/files.html", datasets=known, models=models, records=records, model_form=model_form, limit=limit
    )


def _model_page(model_id: UUID, form: Form) -> str:
    with services().database.read() as tx:
        found = model_files.get_model_file(tx, workspace_id(), str(model_id))
    scanned = model_scan.scanned(services(), workspace_id(), found.id)
    looked = checked_of({"checks": [check.as_json() for check in scanned.checks()]})
    return render_template("dashboard/model.html", model=found, looked=looked, outcome=str(scanned.outcome), form=form)
