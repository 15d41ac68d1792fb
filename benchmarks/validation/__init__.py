"""Are the promises kept? Simulated audits, whole audits and real models, counted against what docs/score.md says."""
