"""End-to-end tests run on real databases, brokers, servers and browsers."""

from databases import database_url, kind, postgres_url

__all__ = ["database_url", "kind", "postgres_url"]
