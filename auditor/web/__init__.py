"""The API and the dashboard: `auditor.web.app.create_app(services)` makes both in one Flask application."""
