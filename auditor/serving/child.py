"""Where the process that holds a model begins: in namespaces of its own, before a library that may start threads is imported."""

from auditor.serving.isolation import enter_namespaces


def main(kind: str, memory_mb: str, seconds: str) -> None:
    report = enter_namespaces()
    from auditor.serving.recognise import FileKind
    from auditor.serving.session import run

    run(report, FileKind(kind), int(memory_mb), float(seconds))
