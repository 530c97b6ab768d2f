"""Every form that takes something of or about a person says for what, and links to the privacy page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

import forum
from forum.blueprints.collection import PURPOSES
from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from tests.builders import Builder

TEMPLATES = Path(forum.__file__).parent / "templates"
ClientOf = Callable[[Account | None], FlaskClient]

WITHOUT = {
    # What the group, a procedure or the library is: nothing of or about a person.
    "ballots/form.html", "consultations/form.html", "consultations/synopsis.html", "library/form.html",
    "meetings/form.html", "meetings/minutes.html", "meetings/terms.html", "members/settings.html",
    "moderation/holding.html", "positions/form.html", "positions/passage.html", "questionnaires/index.html",
    "questionnaires/question.html", "questionnaires/section.html", "registers/entry.html",
    "registers/state.html", "seat_calls/call.html", "seat_calls/form.html", "stages/manage.html",
    "stages/plan.html", "threads/tend.html", "administration/_fields.html",
    "administration/new_organisation.html", "administration/system.html", "assessments/edit.html",
    "comments/place.html", "saved_searches/show.html", "search_exports/new.html",
    # Acts of office: decided by somebody about others, on record as the privacy page says.
    "administration/erasure.html", "administration/organisation.html", "administration/person.html",
    "administration/requests.html", "administration/suspension.html", "comments/answer.html",
    "comments/suggestions.html", "declarations/versions.html", "directive/contacts.html",
    "directive/propose.html", "directive/status.html", "meetings/tell.html", "members/index.html",
    "moderation/absence.html", "moderation/appeal.html", "moderation/case.html", "moderation/disclosure.html",
    "moderation/further.html", "moderation/locked.html", "organisations/mine.html", "registers/owner.html",
    "respondents/index.html", "signing/board.html", "unsealing/ask.html", "unsealing/show.html",
    # Proof of who one is, checked and never kept; the notice stood where the account was made.
    "accounts/codes.html", "accounts/forgotten.html", "accounts/new_passkey.html", "accounts/prove.html",
    "accounts/reset_password.html", "accounts/second_factor.html", "accounts/sign_in.html",
    # The second half of a form whose first half has the notice.
    "accounts/_carried.html", "assessing/preview.html", "errors/error.html", "comments/new.html",
    "papers/_conflict.html", "papers/attachments.html", "threads/show.html", "_navigation.html",
}  # fmt: skip
"""Templates with fields for which somebody has decided that no notice is needed, and why."""


def templates_with_fields() -> set[str]:
    """Every template with a field, or with a form that is sent and takes more than a button."""
    field = re.compile(r"form_field\(|<textarea|<input class|type=\"(?:text|email)\"")
    return {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if path.name != "_macros.html"
        and field.search(text := path.read_text())
        and ('method="post"' in text or "form_field(" in text)
    }


def test_every_form_has_a_notice_or_a_reason_for_none() -> None:
    """A new form is a decision; a name in the list that needs none any more goes."""
    with_notice = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if "{{ collected(" in path.read_text()
    }
    found = templates_with_fields()
    assert found - with_notice - WITHOUT == set(), "say `collected(purpose)`, or why not"
    assert with_notice & WITHOUT == set()
    for name in WITHOUT:
        assert (TEMPLATES / name).exists(), name


def test_every_purpose_is_said_somewhere() -> None:
    """And no template names one that is not there."""
    used = {
        purpose
        for path in TEMPLATES.rglob("*.html")
        for purpose in re.findall(r"{{ collected\(\"(\w+)\"\) }}", path.read_text())
    }
    assert used == set(PURPOSES)


@pytest.fixture
def pages(build: Builder) -> dict[str, tuple[Account | None, str]]:
    """A page of each kind that is easily reached, who looks, and what it says."""
    group = build.group(Ceiling.PUBLIC, slug="open")
    member = build.member(group)
    chair = build.member(group, role=GroupRole.CHAIR)
    boss = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    thread = build.thread(group, member)
    post = build.post(thread, build.member(group))
    return {
        "account": (None, "/accounts/request"),
        "profile": (member, "/accounts/settings"),
        "seat": (build.account(), "/groups/open/request-seat"),
        "writing": (member, f"/groups/open/threads/{thread.public_id}/"),
        "draft": (member, "/groups/open/papers/new"),
        "flag": (member, f"/posts/{post.public_id}/flag"),
        "declaration": (chair, "/groups/open/declarations/file"),
        "invitation": (boss, "/administration/people/invite"),
    }


def test_the_notice_names_controller_law_and_the_privacy_page(
    app: Flask, client_of: ClientOf, pages: dict[str, tuple[Account | None, str]]
) -> None:
    """From the settings, inside the form that it is about."""
    app.config.update(CONTROLLER="Example Controller", LEGAL_REGIME="eu-institutions")
    for purpose, (who, path) in pages.items():
        answer = client_of(who).get(path)
        assert answer.status_code == 200, path
        notice = BeautifulSoup(answer.text, "html.parser").find(attrs={"data-collected": purpose})
        assert notice is not None, path
        assert notice.find_parent("form", method="post") is not None
        assert "Example Controller uses what you enter here" in notice.text
        assert "(EU) 2018/1725" in notice.text
        assert notice.find("a", href="/privacy") is not None
