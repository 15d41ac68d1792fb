"""What the file of an audited model would run when it is loaded: read off the stored bytes, as often as one asks."""

import tempfile
from dataclasses import replace
from pathlib import Path

from auditor.domain.finding import Finding
from auditor.intake.scan import ScanReport, finding, scan
from auditor.store import model_files
from auditor.workflow.material import Material
from auditor.workflow.services import Services


def scanned(services: Services, workspace_id: str, model_id: str, declared: str = "") -> ScanReport:
    """The scan of a submitted file under the name that it was given. Raises NotFound for a model of another workspace."""
    with services.database.read() as tx:
        record = model_files.get_model_file(tx, workspace_id, model_id)
        data = services.artifacts.get(tx, workspace_id, record.digest)
    with tempfile.NamedTemporaryFile(prefix="scan-") as copy:
        copy.write(data)
        copy.flush()
        return replace(scan(Path(copy.name), declared=declared), name=record.name)


def file_findings(services: Services, material: Material) -> list[Finding]:
    """The finding on the file of an audit that has one; the same bytes give the same finding."""
    block = material.spec.target_block
    return [finding(scanned(services, material.audit.workspace_id, block.model, block.sha256))] if block.model else []
