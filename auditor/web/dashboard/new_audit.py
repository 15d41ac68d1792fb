"""Starting an audit from a form."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import workflow
from auditor.domain.audit import Audit
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.errors import InvalidInput
from auditor.learners import LEARNERS
from auditor.store import datasets, targets
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import resolved

DATA = ["data.members", "data.non_members", "data.auxiliary", "data.label", "data.sensitive", "data.exclude"]
NAMES = ["target", "name", *DATA, "attacks", "learner", "policy", "budget.queries"]
DEFAULTS = {"attacks": "standard", "learner": "auto", "policy": "default", "budget.queries": "200000"}
NEEDED = {
    "target": "Choose the target to audit.",
    "name": "Give the audit a name, such as income-model-q3.",
    "data.members": "Choose the records that were in the training data.",
    "data.non_members": "Choose records of the same population that were not in the training data.",
    "data.label": "Name the column that the model predicts.",
}
MANY = 500


@blueprint.get("/audits/new")
@needs(Role.AUDITOR)
def new_audit() -> ResponseReturnValue:
    return _page(Form({**DEFAULTS, "target": request.args.get("target", "")}))


@blueprint.post("/audits")
@needs(Role.AUDITOR)
def start_audit() -> ResponseReturnValue:
    form = forms.read(request.form, NAMES)
    try:
        started = _submit(form)
    except InvalidInput as mistake:
        return _page(form.refused(mistake, NAMES)), 422
    return redirect(url_for("dashboard.audit", audit_id=started.id), 303)


def _submit(form: Form) -> Audit:
    forms.required(form, NEEDED)
    with services().database.read() as tx:
        spec, target_id = resolved(tx, workspace_id(), parse(forms.document(form)))
    return workflow.submit(services(), workspace_id(), spec, workflow.Origin(target_id=target_id))


def _page(form: Form) -> str:
    with services().database.read() as tx:
        choices = _choices(tx)
    return render_template("dashboard/new_audit.html", form=form, names=NAMES, learners=["auto", *LEARNERS], **choices)


def _choices(tx: Transaction) -> dict[str, Any]:
    known = datasets.page_datasets(tx, workspace_id(), limit=MANY)[0]
    columns = sorted({column for dataset in known for column in dataset.columns})
    return {"targets": targets.page_targets(tx, workspace_id(), limit=MANY)[0], "datasets": known, "columns": columns}
