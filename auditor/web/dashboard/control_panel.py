"""What the page of a target says of control over its endpoint: what was shown, and where a token goes that shows it."""

from dataclasses import dataclass

from auditor.store.engine import Transaction
from auditor.web.current import services, workspace_id
from auditor.workflow.control import is_local, is_required, of_endpoint
from auditor.workflow.showing import Place, place_of


@dataclass(frozen=True)
class ControlPanel:
    """`proofs`: (sentence, does it still count), newest first. `mistake`: why a check that was just made found nothing."""

    is_required: bool
    place: Place
    proofs: tuple[tuple[str, bool], ...]
    mistake: str = ""


def panel_of(tx: Transaction, url: str, mistake: str = "") -> ControlPanel | None:
    """None where there is nobody to ask: a model file, or an endpoint on this machine."""
    if is_local(url):
        return None
    here, now = services(), services().clock()
    known = tuple((proof.sentence, proof.starts <= now < proof.ends) for proof in of_endpoint(tx, workspace_id(), url))
    return ControlPanel(is_required(here, url), place_of(here, workspace_id(), url), known, mistake)
