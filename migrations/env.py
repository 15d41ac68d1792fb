"""Alembic's entry: runs on the connection that auditor.store.schema opened, inside its transaction."""

from alembic import context

from auditor.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
