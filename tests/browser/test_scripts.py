"""Nothing that people write is ever run: the corpus, in every field, on every page, in a real browser.

The site's Content-Security-Policy is switched off for this, so that only what the pages are made of protects:
a script that got into one would run. That it is switched on is seen by the other tests of this folder.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.datastructures import MultiDict

from forum import create_app
from forum.delivery.indexing import rebuild_index
from forum.extensions import db, search_engine
from tests.browser.checks import listen
from tests.browser.conftest import cookies_of, serving
from tests.browser.poison import poison, portions
from tests.browser.states import STATES
from tests.browser.world import World, build_world
from tests.builders import Builder
from tests.conftest import Client, StoppedClock, copy_instance, test_settings
from tests.support import deliver
from tests.xss_generated import CORPUS

pytestmark = pytest.mark.browser

TEMPLATES = Path(__file__).parent.parent.parent / "forum" / "templates"


@dataclass(frozen=True)
class Poisoned:
    """A running site whose every field holds attempts."""

    app: Flask
    address: str
    world: World
    cookies: Mapping[str, str]
    used: set[str]
    letters: list[str]
    """The HTML of each mail that it sent."""

    def client(self, persona: str) -> FlaskClient:
        """A client that is signed in as somebody."""
        client = self.app.test_client()
        if persona in self.cookies:
            client.set_cookie("forum", self.cookies[persona])
        return client


@pytest.fixture(scope="module")
def poisoned(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poisoned]:
    """The small world of the browser, with the corpus typed into it."""
    instance = tmp_path_factory.mktemp("poisoned")
    copy_instance(empty_database, instance)
    clock = StoppedClock()
    app = create_app(test_settings(instance) | {"DEMONSTRATION": True, "MAIL_BATCH": 1000}, clock=clock)
    app.test_client_class = Client
    with app.app_context():
        session = db.session()
        world = build_world(Builder(session, clock))
        cookies = cookies_of(app, session, world, clock)
        session.commit()
        used = poison(session)
        rebuild_index(session, search_engine(app), clock)
        session.commit()
        db.session.remove()
    clock.advance(minutes=10)
    letters = [
        part.get_content() for mail in deliver(app, clock) for part in mail.walk()
        if part.get_content_type() == "text/html"
    ]  # fmt: skip
    with serving(app) as address:
        yield Poisoned(app, address, world, cookies, used, letters)
    with app.app_context():
        db.engine.dispose()


LOOK = """
allowed => {
  const wrong = [];
  const is_ours = /^\\/(static|bootstrap)\\//;
  const runs = /^[^a-z]*[a-z]*script\\s*:|^\\s*data:/i;
  const leads = /^(href|src|action|formaction|data|poster|background|xlink:href|cite)$/;
  for (const element of document.querySelectorAll("*")) {
    const tag = element.localName;
    if (!allowed.includes(tag)) wrong.push("<" + tag + ">");
    if (tag === "script" && !is_ours.test(element.getAttribute("src") || "")) wrong.push("a script");
    const schemes = ["http:", "https:", "mailto:"];
    if (!element.closest(".prose")) schemes.push("tel:");
    if (element.protocol !== undefined && element.href && !schemes.includes(element.protocol))
      wrong.push(tag + " leads to " + element.protocol);
    for (const {name, value} of element.attributes) {
      if (/^on|^(style|srcdoc|ping|http-equiv)$/i.test(name)) wrong.push(tag + " " + name);
      if (leads.test(name) && runs.test(value)) wrong.push(tag + " " + name);
    }
  }
  return wrong;
}
"""
"""Everything in a page that none of our templates writes."""

LISTEN = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"])
  window[name] = words => { window.ran.push(name); window.itRan && window.itRan(name + " " + words); };
"""


def written_elements() -> list[str]:
    """Give the names of elements that templates and richtext write."""
    found = {"html", "head", "body", "tbody", "thead"}
    for path in TEMPLATES.rglob("*.html"):
        found |= set(re.findall(r"<([a-z][a-z0-9-]*)", path.read_text(encoding="utf-8")))
    return sorted(found | _OF_RICHTEXT)


_OF_RICHTEXT = frozenset(
    {"a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "mark", "ol"}
    | {"pre", "strong", "sup", "ul"}
)


class Watched:
    """A page of a browser that tells of every script that ran and of everything that should not be there."""

    def __init__(self, context: BrowserContext) -> None:
        self.ran: list[str] = []
        self.allowed = written_elements()
        context.expose_binding("itRan", lambda _source, what: self.ran.append(str(what)))
        context.add_init_script(LISTEN)
        self.page: Page = context.new_page()
        self.page.on("dialog", lambda dialog: (self.ran.append(dialog.message), dialog.dismiss()))

    def visit(self, address: str) -> int:
        """Open an address; gives the status."""
        answer = self.page.goto(address)
        assert answer is not None
        return answer.status

    def show(self, address: str, source: str) -> None:
        """Show HTML at an address of the site, in place of what there is."""
        self.page.route(
            address, lambda route: route.fulfill(body=source, content_type="text/html; charset=utf-8")
        )
        self.page.goto(address)
        self.page.unroute(address)

    def found(self) -> list[str]:
        """Give what is wrong with the page that is open."""
        wrong = [*self.ran, *self.page.evaluate("window.ran || []"), *self.page.evaluate(LOOK, self.allowed)]
        self.ran.clear()
        return wrong


@pytest.fixture
def watched(poisoned: Poisoned, chromium: Browser) -> Iterator["WatchedAs"]:
    made = WatchedAs(poisoned, chromium)
    yield made
    for context in made.contexts:
        context.close()


class WatchedAs:
    """Callable: a watched page of a persona, without the site's policy for content."""

    def __init__(self, site: Poisoned, browser: Browser) -> None:
        self.site, self.browser = site, browser
        self.contexts: list[BrowserContext] = []

    def __call__(self, persona: str) -> Watched:
        context = self.browser.new_context(base_url=self.site.address, bypass_csp=True, locale="en-GB")
        context.set_default_timeout(30_000)
        if persona in self.site.cookies:
            context.add_cookies(
                [{"name": "forum", "value": self.site.cookies[persona], "url": self.site.address}]
            )
        self.contexts.append(context)
        return Watched(context)


def test_the_corpus_is_large_and_all_of_it_is_typed_somewhere(poisoned: Poisoned) -> None:
    """Over a thousand attempts."""
    assert len(CORPUS) > 1000
    assert poisoned.used == set(CORPUS)


def test_the_look_would_notice(watched: WatchedAs) -> None:
    """Shown as they are, attempts run, and their elements are seen."""
    page = watched("visitor")
    for source in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>"):
        page.show("/help/words", source)
        page.page.wait_for_function("window.ran.length > 0")
        assert "alert" in page.found()
    page.show("/help/words", "<a href='java\tscript:alert(1)'>x</a><iframe></iframe><p style='color:red'>")
    assert len(page.found()) == 3


PERSONAS = sorted({state.who for state in STATES})


def paths_of(site: Poisoned, persona: str) -> list[str]:
    """Give the addresses of a persona's page states."""
    return sorted({state.path.format(**site.world.words) for state in STATES if state.who == persona})


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_page_runs_what_was_written(poisoned: Poisoned, watched: WatchedAs, persona: str) -> None:
    """Every page state of the other browser tests."""
    page, found = watched(persona), {}
    for path in paths_of(poisoned, persona):
        assert page.visit(path) < 500, path
        if wrong := page.found():
            found[path] = wrong[:5]
    assert found == {}


@pytest.mark.parametrize(
    "persona", [name for name in PERSONAS if name not in {"visitor", "signer", "outsider"}]
)
def test_no_form_runs_what_is_typed(poisoned: Poisoned, watched: WatchedAs, persona: str) -> None:
    """Every form of those pages, filled with attempts: what comes back as a preview or a complaint."""
    client, page, found, shown = poisoned.client(persona), watched(persona), {}, 0
    attempts = itertools.cycle(portions())
    for path in paths_of(poisoned, persona):
        for action, fields in forms_of(client.get(path).text, path, attempts):
            answer = client.post(action, data=fields)
            assert answer.status_code < 500, action
            if answer.mimetype == "text/html" and answer.status_code in {200, 409, 422}:
                shown += 1
                page.show(path, answer.text)
                if wrong := page.found():
                    found[action] = wrong[:5]
    assert found == {}
    assert shown > 0


TYPED = "textarea, input[type=text], input[type=search], input[type=email], input:not([type])"
ENDS = ("/sign-out", "/sessions/", "/revoke", "/remove")


def forms_of(
    source: str, path: str, attempts: Iterator[tuple[str, ...]]
) -> Iterator[tuple[str, MultiDict[str, str]]]:
    """Give the forms of a page in which something can be typed: where each leads, filled with attempts."""
    for form in BeautifulSoup(source, "html.parser").select("main form[method=post]"):
        typed = form.select(TYPED)
        action = str(form.get("action") or path)
        if not typed or any(end in action for end in ENDS):
            continue
        fields = MultiDict(
            (str(field["name"]), str(field.get("value", "")))
            for field in form.select("input[type=hidden][name], input[checked][name]")
        )
        for select in form.select("select[name]"):
            chosen = select.select_one("option[selected]") or select.select("option")[-1]
            fields.add(str(select["name"]), str(chosen.get("value", "")))
        portion = next(attempts)
        for number, field in enumerate(one for one in typed if one.get("name")):
            words = "\n\n".join(portion) if field.name == "textarea" else portion[number % len(portion)]
            fields.add(str(field["name"]), words)
        if form.select_one("button[value=preview]"):
            fields.setlist(str(form.select("button[value=preview]")[0]["name"]), ["preview"])
        yield action, fields


def test_no_page_runs_what_is_asked_for(poisoned: Poisoned, watched: WatchedAs) -> None:
    """The search box, filters and addresses, alone and too long, as a visitor and as a secretariat."""
    asked = [*CORPUS[::40], *(" ".join(portion) for portion in portions(40)[::6])]
    found = {}
    for persona, doors in (
        (
            "visitor",
            ("/search?q=", "/organisations/?q=", "/moderation/log?group=", "/nothing/", "/library/?q="),
        ),
        ("secretariat", ("/administration/people/?q=", "/secretariat/positions/new?q=")),
    ):
        page, client = watched(persona), poisoned.client(persona)
        for number, attempt in enumerate(asked):
            door = doors[number % len(doors)]
            page.show("/search", client.get(door + quote(attempt, safe="")).text)
            if wrong := page.found():
                found[persona, door, attempt] = wrong[:5]
    assert found == {}


def test_no_mail_runs_what_was_written(poisoned: Poisoned, watched: WatchedAs) -> None:
    """The HTML half of every mail, in a program that would run it."""
    page, found = watched("visitor"), []
    for letter in sorted(set(poisoned.letters)):
        page.show("/search", letter)
        found += [wrong for wrong in page.found() if not wrong.endswith(" style")]
    assert found == []
    assert poisoned.letters


def test_the_policy_has_nothing_to_refuse(poisoned: Poisoned, chromium: Browser) -> None:
    """With it switched on, nothing that was written even tries."""
    context = chromium.new_context(base_url=poisoned.address)
    context.add_cookies([{"name": "forum", "value": poisoned.cookies["member"], "url": poisoned.address}])
    page = context.new_page()
    listen(page)
    for path in paths_of(poisoned, "member")[::6]:
        page.goto(path)
        assert page.evaluate("window.__refused") == [], path
    context.close()
