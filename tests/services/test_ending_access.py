"""Leaving, suspension and switching off act at once everywhere: all that a person had is tried afterwards."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.delivery.indexing import rebuild_index
from forum.domain.accounts import Account, Invitation, PlatformRole
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import SubjectKind
from forum.domain.erasures import TextsChoice
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.saved_searches import Frequency, SavedSearch
from forum.domain.search_exports import ExportFormat, ExportState, SearchExport
from forum.domain.second_factors import OneTimeCode
from forum.domain.threads import Post, Thread
from forum.extensions import db, passwords, search_engine, storage
from forum.search.protocol import Hit
from forum.services.access_tokens import Scope, create_token
from forum.services.account_links import ask_for_address
from forum.services.accounts import disable_account
from forum.services.erasing import erase as erase_person
from forum.services.erasing import person_of
from forum.services.further_decisions import suspend_account
from forum.services.indexing import document_id
from forum.services.invitations import invitation_token, invite
from forum.services.labels import relabel
from forum.services.memberships import remove_person
from forum.services.search_exports import digest_of, load_all
from forum.services.storage import new_key
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
CANARY = "zinc-lantern-forty"
ClientOf = Callable[[Account | None], FlaskClient]


@dataclass
class Belongings:
    """What somebody in a closed group has at hand."""

    app: Flask
    build: Builder
    clock: StoppedClock
    ada: Account
    group: Group
    client: FlaskClient
    second: FlaskClient
    token: str
    feed: str
    invitation: str
    thread: str
    draft: str
    saved: str
    file: str
    export: str

    def doors(self) -> dict[str, str]:
        """Everything that shows the closed group's text, tried as Ada; what each shows."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        outside = self.app.test_client()
        return {
            "page": self.client.get(self.thread, follow_redirects=True).text,
            "another browser": self.second.get(self.thread, follow_redirects=True).text,
            "search": self.client.get("/search?q=quarry", follow_redirects=True).text,
            "token": outside.get(f"/api/v1/threads/{self.thread.split('/')[-2]}", headers=bearer).text,
            "token, search": outside.get("/api/v1/search?q=quarry", headers=bearer).text,
            "feed": outside.get(self.feed).text.replace("<entry>", CANARY),
            "draft": self.client.get(self.draft, follow_redirects=True).text,
            "saved search": self.client.get(self.saved, follow_redirects=True).text,
            "download": self.client.get(self.file, follow_redirects=True).text,
            "text of a file": self.client.get(f"{self.file}/pages/1", follow_redirects=True).text,
            "export": self.client.get(self.export, follow_redirects=True).text,
            "home": self.client.get("/", follow_redirects=True).text,
        }


@pytest.fixture
def ada(app: Flask, build: Builder, session: Session, client_of: ClientOf, clock: StoppedClock) -> Belongings:
    """A chair of a closed group, with everything that outlives a page."""
    group = build.group(Ceiling.MEMBERS, slug="closed", title="Closed works")
    account = build.account("Ada", email="ada@members.example", password_hash=passwords().hash(PASSWORD))
    build.member(group, account, role=GroupRole.CHAIR)
    build.member(group, role=GroupRole.CHAIR)
    thread = build.thread(group, build.member(group), title=f"About {CANARY}", text=f"The quarry {CANARY}.")
    draft = build.paper(group, account, title=f"Draft {CANARY}", text=CANARY, status=Status.DRAFT)
    _, token = create_token(session, account, name="x", scopes=[Scope.READ], now=clock())
    account.feed_key = "k" * 43
    saved = SavedSearch(
        account_id=account.id, name="Mine", text="quarry", created_at=clock(),
        looked_until=clock() - timedelta(days=1), frequency=Frequency.AT_ONCE, next_look_at=clock(),
    )  # fmt: skip
    file, export = add_file(session, build, group), add_export(session, build, account, thread)
    session.add_all([saved, OneTimeCode(account_id=account.id, secret="x", last_step=0)])
    secret = str(app.config["SECRET_KEY"]).encode()
    made = invite(
        session,
        build.actor(account),
        email="guest@body.example",
        group=group,
        role=GroupRole.MEMBER,
        secret=secret,
        now=clock(),
        days=3,
    )
    ask_for_address(session, build.actor(account), "ada@elsewhere.example", secret=secret, now=clock())
    session.commit()
    rebuild_index(session, search_engine(), clock)
    return Belongings(
        app,
        build,
        clock,
        account,
        group,
        client_of(account),
        client_of(account),
        token,
        f"/feeds/searches/{saved.public_id}.atom?key={'k' * 43}",
        f"/accounts/invitations/{invitation_token(secret, made)}",
        f"/groups/closed/threads/{thread.public_id}/",
        f"/groups/closed/papers/drafts/{draft.public_id}",
        f"/me/searches/{saved.public_id}/",
        f"/attachments/{file.public_id}",
        f"/search/exports/{export.public_id}/file",
    )


def stored(text: str) -> str:
    """Keep a file and give its key."""
    key = new_key()
    storage().put(key, io.BytesIO(text.encode()))
    return key


def add_file(session: Session, build: Builder, group: Group) -> Attachment:
    """A checked file of a paper in the group."""
    version = build.paper(group, title="With a file")
    file = Attachment(
        paper_id=version.paper_id, version_id=version.id, group_id=group.id, filename="works.txt",
        state=AttachmentState.CLEAN, storage_key=stored(CANARY), size=len(CANARY), sha256="0" * 64,
        status=Status.PUBLISHED, tlp=version.tlp, audience="", own="", created_at=build.clock(),
    )  # fmt: skip
    session.add(file)
    session.flush()
    session.add(AttachmentPage(attachment_id=file.id, number=1, text=CANARY))
    relabel(session, group, file, now=build.clock())
    session.commit()
    return file


def add_export(session: Session, build: Builder, account: Account, thread: Thread) -> SearchExport:
    """A file of a search, made while its owner read what is in it."""
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    documents = [document_id(SubjectKind.POST, opening.public_id)]
    hits = load_all(session, build.actor(account), [Hit(documents[0], "", "", 0.0, None, False)])
    assert hits
    export = SearchExport(
        account_id=account.id, text="quarry", sort="relevance", form=ExportFormat.CSV,
        state=ExportState.DONE, storage_key=stored(CANARY), documents=documents, digest=digest_of(hits),
        done=1, total=1, found=1,
        created_at=build.clock(), expires_at=build.clock() + timedelta(days=5),
    )  # fmt: skip
    session.add(export)
    session.commit()
    return export


def leave(session: Session, boss: Account, ada: Belongings) -> None:
    """Removed from the group by who manages it."""
    remove_person(session, ada.group, ada.ada, now=ada.clock(), by=ada.build.actor(boss))


def suspend(session: Session, boss: Account, ada: Belongings) -> None:
    """Suspended from the whole forum."""
    until = (ada.clock() + timedelta(days=9)).date()
    suspend_account(
        session,
        ada.build.actor(boss),
        ada.ada.public_id,
        until=until,
        reason="Flooded the works with the same text, again and again.",
        now=ada.clock(),
    )


def switch_off(session: Session, boss: Account, ada: Belongings) -> None:
    """Switched off."""
    disable_account(session, ada.build.actor(boss), ada.ada.public_id, now=ada.clock())


def erase(session: Session, boss: Account, ada: Belongings) -> None:
    """Erased."""
    erase_person(session, person_of(ada.ada, SEALING), TextsChoice.TERMS, now=ada.clock())


@pytest.mark.parametrize("end", [leave, suspend, switch_off, erase])
def test_everything_a_person_had_is_worth_nothing_at_once(
    app: Flask, session: Session, build: Builder, ada: Belongings, end: Callable[..., None]
) -> None:
    """Sessions, token, feed, invitation, search, draft, files, export, alert and mail: none is of use."""
    before = ada.doors()
    assert [name for name, text in before.items() if CANARY not in text] == []
    look_again(session)
    boss = build.member(
        ada.group, build.account(platform_role=PlatformRole.ADMINISTRATOR), role=GroupRole.SECRETARIAT
    )
    end(session, boss, ada)
    session.commit()
    after = ada.doors()
    assert [name for name, text in after.items() if CANARY in text] == []
    assert app.test_client().get(ada.invitation).status_code == 410
    build.post(session.scalars(sa.select(Thread).where(Thread.title.contains(CANARY))).one(), boss)
    look_again(session)
    mails = deliver(app, ada.clock)
    assert not any(CANARY in body_of(mail) for mail in mails)
    assert not any("guest@body.example" in str(mail["To"]) for mail in mails)
    assert session.scalar(sa.select(Invitation.accepted_at)) is None


def test_switching_off_ends_what_waits(
    app: Flask, session: Session, build: Builder, ada: Belongings, client_of: ClientOf
) -> None:
    """No mail reaches them, no link works, no password signs in; switched on again, no session lives."""
    boss = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    waiting = session.scalars(sa.select(OutboxEntry.topic).where(OutboxEntry.topic == Topic.MAIL)).all()
    assert len(waiting) == 2
    switch_off(session, boss, ada)
    session.commit()
    assert deliver(app, ada.clock) == []
    data = {"email": "ada@members.example", "password": PASSWORD}
    assert submit(app.test_client(), "/accounts/sign-in", data).status_code == 422
    look_again(session)
    assert ada.ada.feed_key is None
    submit(client_of(boss), f"/administration/people/{ada.ada.public_id}/enable")
    assert ada.client.get("/accounts/settings").status_code == 302
    assert (
        app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {ada.token}"}).status_code
        == 401
    )
    db.session.rollback()
