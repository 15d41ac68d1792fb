"""What a process can do to itself so that a model in it reaches nothing: each wall in a file of its own."""

from auditor.serving.isolation.files import can_restrict_files
from auditor.serving.isolation.walls import Report, allow_seconds, enter_namespaces, lock

__all__ = ["Report", "allow_seconds", "can_restrict_files", "enter_namespaces", "lock"]
