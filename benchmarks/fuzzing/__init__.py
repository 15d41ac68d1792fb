"""Random changes to valid answers, and what may come of them."""
