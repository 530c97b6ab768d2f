"""The application on a real socket, and a real Chromium that visits it."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from forum import create_app
from forum.delivery.indexing import rebuild_index
from forum.extensions import db, search_engine
from forum.services.login_sessions import start_session
from tests.browser.world import World, build_world
from tests.builders import Builder
from tests.conftest import StoppedClock, copy_instance, test_settings
from tests.support import deliver

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Site:
    """A running forum with a small world in it."""

    address: str
    world: World
    cookies: dict[str, str]
    """The session cookie of each persona; a visitor has none."""
    work: Callable[[], object]
    """Lets the worker do what is due."""


@pytest.fixture(scope="session")
def site(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The real application, served from a thread on a free port, as a demonstration."""
    instance = tmp_path_factory.mktemp("browser")
    copy_instance(empty_database, instance)
    clock = StoppedClock()
    app = create_app(test_settings(instance) | {"DEMONSTRATION": True}, clock=clock)
    with app.app_context():
        session = db.session()
        world = build_world(Builder(session, clock))
        cookies = cookies_of(app, session, world, clock)
        session.commit()
        rebuild_index(session, search_engine(app), clock)
        db.session.remove()
    with serving(app) as address:
        yield Site(address, world, cookies, lambda: deliver(app, clock))
    with app.app_context():
        db.engine.dispose()


def cookies_of(app: Flask, session: Session, world: World, clock: StoppedClock) -> dict[str, str]:
    """Sign every persona in; gives their session cookies."""
    signing = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return {
        persona: signing.dumps(
            {"_user_id": start_session(session, account, now=clock(), hours=12), "_fresh": True}
        )
        for persona, account in world.people.items()
    }


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application from a thread on a free port; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed Chromium, without a window."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(QUIET), env={**os.environ, "HOME": os.environ.get("HOME", "/tmp")}
        )
        yield browser
        browser.close()


@pytest.fixture
def context_of(site: Site, chromium: Browser) -> Iterator["ContextOf"]:
    """Open browser contexts as a persona; closed after the test."""
    opened = ContextOf(site, chromium)
    yield opened
    for context in opened.contexts:
        context.close()


class ContextOf:
    """Callable: context_of("member", width=390, dark=True, scripts=False)."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site = site
        self.browser = browser
        self.contexts: list[BrowserContext] = []

    def __call__(
        self, persona: str = "visitor", *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> BrowserContext:
        context = self.browser.new_context(
            base_url=self.site.address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="en-GB",
        )
        context.set_default_timeout(15_000)
        if persona != "visitor":
            context.add_cookies(
                [{"name": "forum", "value": self.site.cookies[persona], "url": self.site.address}]
            )
        self.contexts.append(context)
        return context
