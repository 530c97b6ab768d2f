"""Who was asked, reminders before they go, and the mail that then goes."""

from datetime import timedelta

import pytest
from flask import Flask

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.answering import asking, colleague, send
from tests.support import body_of, deliver, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


def test_chair_and_secretariat_see_who_is_missing_and_the_others_do_not(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """By body; the chair learns that it was received, not what it says."""
    done, missing = build.organisation("Example Done"), build.organisation("Example Missing")
    writer = colleague(build, group, done)
    colleague(build, group, missing)
    row = asking(build, group)
    send(build, writer, group, row)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/respondents/"
    page = client_of(chair).get(path).text
    assert "Example Missing" in page
    assert "/answers/" not in page
    secretariat = client_of(build.member(group, role=GroupRole.SECRETARIAT))
    assert "/answers/" in secretariat.get(path).text
    for person in (writer, build.account(), build.member(group, role=GroupRole.MODERATOR)):
        assert client_of(person).get(path).status_code == 403


def test_the_mail_that_goes_is_the_mail_that_was_shown(
    app: Flask, build: Builder, group: Group, chair: Account, client_of: ClientOf, clock: StoppedClock
) -> None:
    """Word by word but for the link that stops it, which is the reader's alone; who answered gets none."""
    body = build.organisation()
    writer = colleague(build, group, body)
    missing = build.member(group, build.account("Mia Missing"))
    row = asking(build, group, closes_at=clock() + timedelta(days=2), time_zone="Europe/Athens")
    send(build, writer, group, row)
    deliver(app, clock)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/respondents/reminders"
    client = client_of(chair)
    page = client.get(path)
    assert "Mia Missing" in page.text
    assert writer.name not in page.text
    assert "Europe/Athens" in page.text
    before = {mail["Message-ID"] for mail in deliver(app, clock)}
    assert submit(client, path).status_code == 303
    mails = [mail for mail in deliver(app, clock) if mail["Message-ID"] not in before]
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == [missing.email]
    from bs4 import BeautifulSoup

    shown = BeautifulSoup(page.text, "html.parser").select_one("pre")
    assert shown is not None
    sent = mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    pairs = list(zip(shown.text.strip().splitlines(), sent.strip().splitlines(), strict=True))
    assert [one for one, other in pairs if one != other and "/mail/stop/" not in other] == []
    assert row.title in body_of(mails[0])


def test_who_answers_before_the_mail_leaves_gets_none(
    app: Flask, build: Builder, group: Group, chair: Account, client_of: ClientOf, clock: StoppedClock
) -> None:
    """The right to be left alone is asked again when it is sent."""
    person = build.member(group)
    row = asking(build, group, closes_at=clock() + timedelta(days=2))
    path = f"/groups/{group.slug}/consultations/{row.public_id}/respondents/reminders"
    submit(client_of(chair), path)
    send(build, person, group, row)
    subjects = [str(mail["Subject"]) for mail in deliver(app, clock)]
    assert [words for words in subjects if "waits for your answer" in words] == []
    assert len([words for words in subjects if "was received" in words]) == 1


def test_the_receipt_comes_by_mail_with_version_time_and_hash(
    app: Flask, build: Builder, group: Group, clock: StoppedClock
) -> None:
    """To whoever sent it; no word of the answer."""
    person = build.member(group)
    row = asking(build, group)
    answer = send(build, person, group, row).answer
    (mail,) = deliver(app, clock)
    text = body_of(mail)
    assert answer.content_hash in text
    assert "Version 1" in text
    assert "Count complete reports" not in text
