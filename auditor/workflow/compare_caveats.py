"""Why two audits of the same records may differ although their targets do not."""

from auditor.workflow.material import Material
from auditor.workflow.recorded import learner_of

OTHERWISE = "A difference may come from that, not from the targets"


def caveats(first: Material, second: Material) -> tuple[str, ...]:
    """One sentence a reason; none where both audits attacked with as many shadow models of one kind and every check held."""
    return (*_shadows(first, second), *_checks("first", first), *_checks("second", second))


def looked(material: Material) -> int:
    """How many shadow models the result rests on."""
    return max(int(r["shadows"]) for key, r in material.results.items() if key.startswith("grade@"))


def _shadows(first: Material, second: Material) -> list[str]:
    sentences = []
    if looked(first) != looked(second):
        numbers = f"{looked(first)} and {looked(second)} shadow models"
        sentences.append(f"The audits attacked with {numbers}. {OTHERWISE}; audit both with the same number.")
    if learner_of(first) != learner_of(second):
        sentences.append(f"The shadow models were trained in two ways. {OTHERWISE}, unless both targets were trained as stated.")
    return sentences


def _checks(which: str, material: Material) -> list[str]:
    """Figures of a finding that failed a check say little; the reasons are in its report."""
    findings = (material.audit.result or {}).get("findings", ())
    failed = [
        finding["attack"]
        for finding in findings
        if finding["family"] == "membership" and any(c and c["passed"] is False for c in finding["controls"].values())
    ]
    names = ", ".join(dict.fromkeys(failed))
    return [f"In the {which} audit a check failed for {names}: differences from it say little; see its report."] if failed else []
