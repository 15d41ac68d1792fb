"""Is the target what the audit takes it for? Read from recorded answers, once for all findings of a look."""

import numpy as np
from numpy.typing import NDArray

from auditor.domain.target import Output, Profile
from auditor.scoring.mismatch import constant_answers, inverted_answers, random_answers, shadow_match
from auditor.workflow.look import Look, TargetChecks
from auditor.workflow.privacy import is_canary
from auditor.workflow.recorded import answers_of, profile_of, shadows_of
from auditor.workflow.shadow_signals import logits_of, signals_of


def checks_of(look: Look) -> TargetChecks:
    """Nothing where the target was asked about no candidate."""
    services, material = look.services, look.material
    answers = answers_of(services, material)
    if answers is None:
        return TargetChecks()
    data, profile = material.data, profile_of(material)
    shadows = shadows_of(services, material, look.shadows)
    told = _completed(answers, profile)
    found = {"random_answers": random_answers(told, data.candidates, shadows, profile.deterministic)}
    if not is_canary(material):  # canaries have wrong labels by design, and a good model speaks against those
        found["inverted_answers"] = inverted_answers(told, data.candidates)
    of_all = {name: control for name, control in found.items() if control is not None}
    if shadows is None:
        return TargetChecks(of_all)
    signals = signals_of(shadows, data.candidates, profile)
    match = shadow_match(logits_of(answers, data.candidates, profile), signals, data.is_member)
    caveats = [caveat for caveat in (constant_answers(told), match.caveat) if caveat is not None]
    return TargetChecks(of_all, {"shadow_match": match.control}, tuple(caveats), signals)


def _completed(answers: NDArray[np.float64], profile: Profile) -> NDArray[np.float64]:
    return np.nan_to_num(answers) if profile.output is Output.TOP_K else answers
