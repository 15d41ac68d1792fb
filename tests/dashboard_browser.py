"""A browser before the dashboard, without a screen."""

import re

SITE = {"Origin": "http://localhost", "Accept": "text/html"}


class Browser:
    """A browser before the dashboard: it keeps its cookie and sends forms with their token."""

    def __init__(self, app, key=None):
        self.client = app.test_client()
        if key is not None:
            self.post("/sign-in", key=key)

    def get(self, path, **headers):
        return self.client.get(path, headers={"Accept": "text/html", **headers}, buffered=True)

    def post(self, path, token=None, **form):
        """Sends a form; the token is read from a page of this site as a browser would have it."""
        return self.client.post(path, headers=SITE, data={"csrf_token": self.token() if token is None else token, **form})

    def send(self, path, form):
        return self.post(path, **form)

    def token(self):
        page = self.get("/schedules", **{"HX-Request": ""})
        source = page.get_data(as_text=True) if page.status_code == 200 else self.get("/sign-in").get_data(as_text=True)
        return re.findall(r'name="csrf_token" value="([^"]+)"', source)[0]

    def text(self, path):
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.get_data(as_text=True)[:400])
        return answer.get_data(as_text=True)
