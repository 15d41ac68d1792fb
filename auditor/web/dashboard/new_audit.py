"""Starting an audit from a form, once its cost was seen."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import workflow
from auditor.domain.catalog import Role
from auditor.domain.spec import parse
from auditor.errors import Conflict, InvalidInput
from auditor.learners import LEARNERS
from auditor.report.costs import cost_of
from auditor.store import datasets, targets
from auditor.store.engine import Transaction
from auditor.web.access import needs
from auditor.web.current import services, workspace_id
from auditor.web.dashboard import forms
from auditor.web.dashboard.forms import Form
from auditor.web.dashboard.pages import blueprint
from auditor.web.specs import resolved
from auditor.workflow.estimate import Cost

DATA = ["data.members", "data.non_members", "data.auxiliary", "data.label", "data.sensitive", "data.subgroups", "data.exclude"]
NUMBERS = ["budget.queries", "budget.price_per_1000", "claimed_epsilon.epsilon", "claimed_epsilon.delta"]
NAMES = ["target", "name", *DATA, "attacks", "learner", "policy", *NUMBERS]
ESTIMATE = "estimate"
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
    """Starts the audit; asked to estimate, says what it would cost and starts nothing."""
    form = forms.read(request.form, NAMES).lacking(NEEDED)
    if form.mistakes:
        return _page(form), 422
    try:
        proposal = _proposal(form)
        if request.form.get("do") == ESTIMATE:
            return _page(form, workflow.foretell(services(), workspace_id(), proposal))
        started = workflow.submit(services(), workspace_id(), proposal.spec, workflow.Origin(target_id=proposal.target_id))
    except InvalidInput as mistake:
        return _page(form.refused(mistake, NAMES)), 422
    except Conflict as refusal:  # nobody has shown control over the endpoint; the page of the target says how it is done
        return _page(form.refused(InvalidInput("target", refusal.sentence), NAMES)), 409
    return redirect(url_for("dashboard.audit", audit_id=started.id), 303)


def _proposal(form: Form) -> workflow.Proposal:
    if form.value("data.members") == form.value("data.non_members"):
        raise InvalidInput("data.non_members", "These are the members' records; choose some that were not in the training data.")
    with services().database.read() as tx:
        return workflow.Proposal(*resolved(tx, workspace_id(), parse(forms.document(form))))


def _page(form: Form, foretold: Cost | None = None) -> str:
    with services().database.read() as tx:
        choices = _choices(tx)
    cost = None if foretold is None else cost_of({"estimated": foretold.as_json()})
    shares = () if foretold is None else foretold.attacks
    shown = {"form": form, "names": NAMES, "learners": ["auto", *LEARNERS], "cost": cost, "shares": shares}
    return render_template("dashboard/new_audit.html", **shown, **choices)


def _choices(tx: Transaction) -> dict[str, Any]:
    known = datasets.page_datasets(tx, workspace_id(), limit=MANY)[0]
    columns = sorted({column for dataset in known for column in dataset.columns})
    return {"targets": targets.page_targets(tx, workspace_id(), limit=MANY)[0], "datasets": known, "columns": columns}
