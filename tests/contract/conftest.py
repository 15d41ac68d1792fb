"""Contract tests run on every database the product promises."""

from databases import database, database_url, kind, migrated_url, postgres_url

__all__ = ["database", "database_url", "kind", "migrated_url", "postgres_url"]
