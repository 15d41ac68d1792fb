"""The dashboard in a real browser: the application behind waitress on loopback, Chromium before it."""

import re
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import chromium
import exposed_audit
import pytest
from dashboard_seed import Seed, result_of, target_block
from model_files import perceptron_file
from waitress.server import create_server
from web_house import empty_database, open_services

from auditor.domain.catalog import Role
from auditor.report import html
from auditor.store import audits, steps, targets
from auditor.web.app import create_app
from auditor.workflow import served_model

CHECKS = (Path(__file__).parents[1] / "fixtures" / "page_checks.js").read_text("utf-8")
WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")


@dataclass
class Site:
    address: str
    seeded: object
    services: object
    planted: object
    later: object
    model_id: str
    far_id: str

    @property
    def paths(self):
        audit, target = self.seeded.audits, self.seeded.targets
        paths = ["/", "/audits", "/audits/new", "/files", "/schedules", "/targets/new", "/nothing-here"]
        paths += [f"/audits/{audit[name]}" for name in ("breach", "pass", "unsettled", "failed", "running")]
        paths += [f"/targets/{target['income']}", f"/targets/{target['labels-only']}", "/score"]
        paths += [f"/files/models/{self.model_id}", f"/targets/{self.far_id}"]
        return [*paths, f"{self.exposed}", f"{self.exposed}/records", f"{self.exposed}/compare/{self.later.audit_id}"]

    @property
    def exposed(self):
        """The page of an audit with everything that an audit can tell."""
        return f"/audits/{self.planted.audit_id}"


@dataclass
class Tab:
    """A page of the browser that remembers what the console said."""

    page: object
    site: Site
    said: list = field(default_factory=list)

    def open(self, path):
        return self.page.goto(self.site.address + path)

    def ask(self, question):
        """An answer of tests/fixtures/page_checks.js."""
        return self.page.evaluate(f"() => {{ {CHECKS}; return {question} }}")

    def unfold(self):
        self.page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")

    def sign_in(self, role=Role.ADMIN, path="/sign-in"):
        self.open(path)
        self.page.fill("#key", self.site.seeded.keys[role])
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("nav")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages")
    services = open_services(home, empty_database(home / "empty.sqlite"))
    seeded = Seed(services).plant()
    planted = exposed_audit.plant(services, seeded.workspace_id)
    later = exposed_audit.again(services, seeded.workspace_id, planted, leak=0.0)
    server = create_server(create_app(services), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    model_id, far_id = submitted(services, seeded.workspace_id, home), far_away(services, seeded.workspace_id)
    yield Site(f"http://127.0.0.1:{server.effective_port}", seeded, services, planted, later, model_id, far_id)
    server.trigger.pull_trigger(server.close)  # by its own thread: what it waits for may not be closed by another
    thread.join(10)
    services.close()


def submitted(services, workspace_id, home):
    """The id of a model that was submitted as a file."""
    path = home / "net.safetensors"
    path.write_bytes(perceptron_file().data)
    taken = served_model.take(services.settings, path)
    with services.database.begin() as tx:
        return served_model.keep(tx, services, workspace_id, path.name, taken).id


def far_away(services, workspace_id):
    """The id of a target whose page says how control over it is shown."""
    block = {**target_block(), "url": "https://models.example.com/v2/models/income/infer"}
    with services.database.begin() as tx:
        return targets.create_target(tx, workspace_id, "far", block, services.clock()).id


@pytest.fixture(scope="module")
def browser():
    with chromium.browser() as running:
        yield running


@pytest.fixture
def tab(browser, site):
    """Opens tabs by width and scheme; at the end the console must have been silent."""
    contexts, tabs = [], []

    def open_tab(width=1280, scheme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        tab = Tab(context.new_page(), site)
        tab.page.on("console", lambda message: tab.said.append(message.text))
        tab.page.on("pageerror", lambda error: tab.said.append(str(error)))
        contexts.append(context)
        tabs.append(tab)
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    harmless = "the server responded with a status of 404"
    assert [words for tab in tabs for words in tab.said if harmless not in words] == []


def test_one_signs_in_looks_around_and_signs_out(tab, site):
    here = tab()
    here.open("/")
    assert here.page.title() == "Sign in · Privacy-attack auditor"
    here.sign_in()
    assert here.page.locator("h1").inner_text() == "Overview"
    here.page.click("tbody th a >> text=income")
    assert here.page.locator("h1").inner_text() == "income"
    here.page.click("tbody tr:first-child a")
    assert here.page.locator("#verdict-title").inner_text().startswith("An adversary can")
    here.page.click("text=Sign out")
    assert here.page.locator("h1").inner_text() == "Sign in"


def test_a_key_that_does_not_fit_is_told_beside_the_field(tab):
    here = tab()
    here.open("/sign-in")
    here.page.fill("#key", "pat_wrong")
    here.page.keyboard.press("Enter")
    assert "not known" in here.page.locator("#key-mistake").inner_text()
    assert here.page.locator("#key").get_attribute("aria-invalid") == "true"
    here.said.clear()  # the browser itself notes the answer 422


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways_or_breaks_the_policy(tab, site, width, scheme):
    here = tab(width, scheme)
    here.sign_in()
    for path in site.paths:
        here.open(path)
        here.unfold()
        wide = here.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)


def test_everything_that_can_be_used_or_seen_has_a_name(tab, site):
    here = tab()
    here.sign_in()
    for path in site.paths:
        here.open(path)
        here.unfold()
        assert here.ask("nameless()") == [], path


def test_every_page_has_its_landmarks_and_its_language(tab, site):
    here = tab()
    here.sign_in()
    for path in site.paths:
        here.open(path)
        assert here.page.evaluate("document.documentElement.lang") == "en"
        counts = [here.page.locator(landmark).count() for landmark in ("main", "body > header", "nav", "h1")]
        assert counts == [1, 1, 1, 1], path


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_has_contrast_on_its_ground(tab, site, scheme):
    here = tab(scheme=scheme)
    here.sign_in()
    for path in site.paths:
        here.open(path)
        here.unfold()
        assert here.ask("faint()") == [], path


def test_the_keyboard_reaches_the_content_first_and_its_focus_is_seen(tab):
    here = tab()
    here.sign_in()
    here.open("/")
    here.page.keyboard.press("Tab")
    skip = here.page.locator(":focus")
    assert skip.inner_text() == "Skip to the content"
    assert skip.bounding_box()["y"] >= 0
    here.page.keyboard.press("Enter")
    assert here.page.evaluate("document.activeElement.id") == "main"
    seen = "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
    for _ in range(6):
        here.page.keyboard.press("Tab")
        assert here.page.evaluate(seen) == "solid3px"


def test_progress_is_live_and_gives_way_to_the_end(tab, site):
    here = tab()
    here.sign_in()
    audit_id = site.seeded.audits["running"]
    here.open(f"/audits/{audit_id}")
    assert "8 of 24 steps done" in here.page.locator(".progress").inner_text()
    finish_one(site.services, audit_id)
    here.page.wait_for_selector(".progress:has-text('9 of 24 steps done')", timeout=8_000)
    here.page.click("text=Cancel the audit")
    here.page.wait_for_selector("text=The audit was cancelled")
    here.page.click("text=Resume the audit")
    here.page.wait_for_selector(".progress")


def test_a_page_left_open_is_loaded_anew_when_the_audit_ends(tab, site):
    here = tab()
    here.sign_in()
    audit_id = site.seeded.audits["running"]
    here.open(f"/audits/{audit_id}")
    with site.services.database.begin() as tx:
        audits.request_cancel(tx, site.seeded.workspace_id, audit_id, site.services.clock())
        audits.close(tx, audit_id, status="cancelled", now=site.services.clock(), reason="Stopped elsewhere.")
    here.page.wait_for_selector("text=Stopped elsewhere.", timeout=8_000)
    with site.services.database.begin() as tx:
        audits.reopen(tx, site.seeded.workspace_id, audit_id, site.services.clock())


def test_a_schedule_is_made_and_deleted_by_hand(tab):
    here = tab(400)
    here.sign_in()
    here.open("/schedules")
    here.page.select_option("#audit", index=1)
    here.page.fill("#name", "by hand")
    here.page.fill("#cron", "whenever")
    here.page.click("text=Create the schedule")
    assert "0 3 * * 1" in here.page.locator("#cron-mistake").inner_text()
    here.said.clear()  # the browser itself notes the answer 422
    assert here.page.locator("#name").input_value() == "by hand"
    here.page.fill("#cron", "0 3 * * 1")
    here.page.click("text=Create the schedule")
    row = here.page.locator("tr", has_text="by hand")
    row.get_by_role("button", name="Pause").click()
    assert "Paused" in here.page.locator("tr", has_text="by hand").inner_text()
    row.locator("summary").click()
    row.get_by_role("button", name="Delete for good").click()
    assert here.page.locator("tr", has_text="by hand").count() == 0


def test_without_scripts_everything_is_still_there(tab, site):
    here = tab(java_script_enabled=False)
    here.sign_in()
    here.open(f"/audits/{site.seeded.audits['breach']}")
    assert here.page.locator("article.finding").count() == 6
    here.open(f"/audits/{site.seeded.audits['running']}")
    assert re.search(r"\d+ %", here.page.locator(".progress").inner_text())


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_as_a_file_fits_the_screen_and_fetches_nothing(tab, tmp_path, width):
    path = tmp_path / "report.html"
    path.write_text(html(result_of("breach")), "utf-8")
    here, asked = tab(width), []
    here.page.on("request", lambda request: asked.append(request.url))
    here.page.goto(path.as_uri())
    assert here.page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [path.as_uri()]


def test_an_attack_unfolds_by_hand_and_by_its_link(tab, site):
    here = tab()
    here.sign_in()
    here.open(site.exposed)
    article = here.page.locator("article.finding", has=here.page.locator("text=Estimates of gap"))
    assert not article.is_visible()
    here.page.locator("summary", has_text=re.compile(r"^\s*gap\b")).press("Enter")
    assert article.is_visible()
    here.open(site.exposed + "#finding-2")
    assert here.page.locator("#finding-2").is_visible()


def test_a_score_leads_to_its_meaning(tab, site):
    here = tab(reduced_motion="reduce")  # at once, not smoothly
    here.sign_in()
    here.open(site.exposed)
    here.page.click("text=Audit score")
    title = here.page.locator("#score-definition-title")
    assert title.bounding_box()["y"] < 800
    here.open("/audits")
    here.page.click("th >> text=Score")
    assert here.page.locator("h1").inner_text() == "What a score means"


def test_the_cost_is_seen_before_the_start(tab, site):
    here = tab(400, reduced_motion="reduce")
    here.sign_in()
    here.open("/audits/new")
    with site.services.database.read() as tx:
        data = audits.get(tx, site.seeded.workspace_id, site.planted.audit_id).spec["data"]
    here.page.select_option("#target", site.planted.target_id)
    for name in ("members", "non_members"):
        here.page.select_option(f"[id='data.{name}']", data[name])
    here.page.fill("#name", "by hand")
    here.page.fill("[id='data.label']", "income")
    here.page.select_option("#learner", "logistic-regression")  # there are no auxiliary records to choose one by
    assert here.page.locator("text=Start the audit").count() == 0
    here.page.click("text=Check and see the cost")
    estimate = here.page.locator("#estimate")
    assert "Records asked" in estimate.inner_text()
    assert 0 <= estimate.bounding_box()["y"] < 800
    here.page.click("text=Start the audit")
    assert here.page.locator("h1").inner_text() == "by hand"


def test_reports_are_downloaded(tab, site):
    here = tab()
    here.sign_in()
    here.open(f"/audits/{site.seeded.audits['breach']}")
    for label, ending in (("HTML", ".html"), ("PDF", ".pdf"), ("JSON", ".json")):
        with here.page.expect_download() as waiting:
            here.page.locator(".downloads a", has_text=label).click()
        assert waiting.value.suggested_filename == f"audit-{site.seeded.audits['breach']}{ending}"


def finish_one(services, audit_id):
    """A worker elsewhere finishes the step that is running."""
    with services.database.begin() as tx:
        step = next(s for s in steps.steps(tx, audit_id) if s.status == "running")
        now = services.clock() + timedelta(seconds=1)
        steps.finish(tx, step.id, step.attempt, status="done", result={}, reason=None, now=now)
