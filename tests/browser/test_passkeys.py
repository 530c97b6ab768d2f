"""Passkeys in a real Chromium, with an authenticator that it plays: adding, second factor, signing in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from bench.ports import free_port
from forum import create_app
from forum.domain.accounts import Account
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.extensions import db, passwords
from forum.services.invitations import invitation_token, invite
from tests.browser.checks import assert_well_made, listen
from tests.builders import Builder
from tests.conftest import copy_instance, test_settings

PASSWORD = "gravel tulip orbit canteen"


@pytest.fixture
def door(empty_database: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A forum under a name, with a closed group and Ada in it; gives its address and an invitation's path."""
    instance = tmp_path / "instance"
    copy_instance(empty_database, instance)
    port = free_port()
    address = f"http://localhost:{port}"
    app = create_app(test_settings(instance) | {"BASE_URL": address})
    with app.app_context():
        clock = app.extensions["forum_clock"]
        build = Builder(db.session(), clock)
        group = build.group(Ceiling.MEMBERS, slug="closed", title="Closed group")
        ada: Account = build.account("Ada", email="ada@m.example", password_hash=passwords().hash(PASSWORD))
        build.member(group, ada)
        chair = build.actor(build.member(group, role=GroupRole.CHAIR))
        secret = str(app.config["SECRET_KEY"]).encode()
        invitation = invite(
            db.session(),
            chair,
            email="new@m.example",
            secret=secret,
            now=clock(),
            days=3,
            group=group,
            role=GroupRole.MEMBER,
        )
        path = f"/accounts/invitations/{invitation_token(secret, invitation)}"
        db.session.commit()
        db.session.remove()
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address, path
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def browse(door: tuple[str, str], chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Open pages of the forum in contexts of their own."""
    contexts = []

    def open_page() -> Page:
        context = chromium.new_context(base_url=door[0], locale="en-GB")
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


class Authenticator:
    """A device that keeps passkeys, played by the browser."""

    def __init__(self, page: Page, *, is_verifying: bool = True) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": is_verifying,
            "isUserVerified": is_verifying,
            "automaticPresenceSimulation": True,
        }
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """The keys on the device."""
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])


def type_password(page: Page) -> None:
    page.goto("/accounts/sign-in")
    page.get_by_label("E-mail address").fill("ada@m.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page) -> None:
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of this passkey").fill("Work laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()


def test_led_to_a_passkey_then_in_with_it(browse: Callable[[], Page]) -> None:
    """After the password a member of a closed group adds one; next time it is asked, or signs in alone."""
    page = browse()
    device = Authenticator(page)
    complaints = listen(page)
    type_password(page)
    assert page.get_by_text("Your role asks for more than a password").is_visible()
    add_passkey(page)
    page.get_by_role("link", name="I have kept them").click()
    page.goto("/groups/closed/")
    assert page.get_by_role("heading", name="Closed group").first.is_visible()

    page.goto("/accounts/second-factor/")
    assert page.get_by_text("Work laptop").is_visible()
    assert_well_made(page)
    page.context.clear_cookies()
    type_password(page)
    page.get_by_role("heading", name="One more step").wait_for()
    assert_well_made(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("Ada").first.wait_for()
    page.goto("/groups/closed/")
    assert page.get_by_role("heading", name="Closed group").first.is_visible()

    page.context.clear_cookies()
    page.goto("/accounts/sign-in?next=/groups/closed/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/groups/closed/")
    assert len(device.credentials()) == 1
    assert complaints == []


def test_without_a_finger_no_passkey_signs_in_alone(browse: Callable[[], Page]) -> None:
    """A device that asks for nothing is a second factor, and no more."""
    page = browse()
    device = Authenticator(page, is_verifying=False)
    type_password(page)
    add_passkey(page)
    assert len(device.credentials()) == 1
    page.context.clear_cookies()
    page.goto("/accounts/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The device gave no passkey").wait_for()
    type_password(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("Ada").first.wait_for()
    page.goto("/groups/closed/")
    assert page.get_by_role("heading", name="Closed group").first.is_visible()


def test_an_answer_sent_twice_is_refused(browse: Callable[[], Page]) -> None:
    """What was seen on the way once opens nothing again."""
    page = browse()
    Authenticator(page)
    type_password(page)
    add_passkey(page)
    page.context.clear_cookies()
    page.goto("/accounts/sign-in")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Ada").first.wait_for()
    fields = next(text for text in sent if "answer=" in text)
    page.context.clear_cookies()
    page.goto("/accounts/sign-in")
    token = page.locator("[name=csrf_token]").first.get_attribute("value") or ""
    kept = "&".join(part for part in fields.split("&") if not part.startswith("csrf_token="))
    answer = page.request.post(
        "/accounts/sign-in/passkey",
        data=f"csrf_token={token}&{kept}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 422
    assert "took too long" in answer.text()


def test_from_the_invitation_to_the_group(browse: Callable[[], Page], door: tuple[str, str]) -> None:
    """Invitation, name and password, passkey, recovery codes, and there one is: with the keyboard alone."""
    page = browse()
    Authenticator(page)
    page.goto(door[1])
    page.get_by_label("Your name").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Nova New")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("Your role asks for more than a password").wait_for()
    page.get_by_role("link", name="Add a passkey").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name of this passkey").focus()
    page.keyboard.type("Telephone")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    assert page.locator(".recovery-codes code").count() == 10
    page.get_by_role("link", name="I have kept them").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/groups/closed/")
    assert page.get_by_role("heading", name="Closed group").first.is_visible()
