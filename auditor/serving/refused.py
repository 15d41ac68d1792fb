"""How code in the process of a model says no."""


class Refused(Exception):
    """The sentence reaches the user: why this file, or these records, cannot be used, and what to change."""
