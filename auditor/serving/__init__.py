"""A submitted model file, read and asked only in a child process that can reach nothing: `served.open_model`, `shelf.Shelf`.

Nothing is imported here: the child enters its namespaces before any library can start a thread.
"""
