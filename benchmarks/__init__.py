"""What is measured, re-runnable: `python -m benchmarks <name>`."""
