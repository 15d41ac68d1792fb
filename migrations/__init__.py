"""Numbered changes of the tables; each runs both ways on SQLite and PostgreSQL. `Database.migrate` applies them."""
