"""Audits of models that were trained with differential privacy by other people's libraries: diffprivlib and Opacus."""
