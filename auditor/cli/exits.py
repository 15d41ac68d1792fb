"""What the exit code of a command means; scripts and CI rely on it."""

from auditor.domain.audit import Audit, AuditStatus

PASS, BREACH, ERROR, CANCELLED, INCONCLUSIVE = 0, 1, 2, 3, 4

BY_OUTCOME = {"pass": PASS, "breach": BREACH, "inconclusive": INCONCLUSIVE}
BY_STATUS = {AuditStatus.CANCELLED: CANCELLED, AuditStatus.FAILED: ERROR}


def code_of(audit: Audit) -> int:
    """The exit code of a finished audit."""
    if audit.status is AuditStatus.COMPLETED:
        return BY_OUTCOME.get(audit.outcome or "", INCONCLUSIVE)
    return BY_STATUS.get(audit.status, ERROR)
