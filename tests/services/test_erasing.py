"""Erasing a person: no row, index document, file or export holds the name any more, and the record stays."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.database import writing
from forum.domain.accounts import (
    AccessRequest,
    Account,
    AccountStatus,
    Invitation,
    InvitationPurpose,
    PlatformRole,
    RequestKind,
)
from forum.domain.answers import AnswerDraft, LateEntry
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.declarations import Declaration
from forum.domain.erasures import FORMER_MEMBER, Erasure, FormerTexts, TextsChoice
from forum.domain.groups import Group, Membership, SeatKind
from forum.domain.labels import Ceiling, Status
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import Mandate
from forum.domain.papers import Paper, PaperVersion
from forum.domain.saved_searches import SavedSearch
from forum.domain.search_exports import ExportFormat, SearchExport
from forum.domain.tables import metadata
from forum.domain.threads import Post, PostRevision, ReadMarker, StaffNote
from forum.errors import Conflict, Invalid, NotAllowed
from forum.extensions import passwords, search_engine
from forum.policy import Actor
from forum.search.query import Filters
from forum.services.access_tokens import Scope, create_token
from forum.services.audit import verify
from forum.services.erasing import Fate, count_erasure, erase, fates, person_of
from forum.services.erasures import (
    ask_erasure,
    grant_erasure,
    list_erased,
    refuse_erasure,
    replay_erasures,
    take_back,
)
from forum.services.sealing import account_key, sealed_key
from forum.services.search_exports import ask_export
from forum.services.subjects import record_authorship
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.consulting import consultation
from tests.support import body_of, deliver

CANARY = "quoinstone"
NAME = f"Ada {CANARY.title()}"
EMAIL = f"ada.{CANARY}@members.example"
ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def boss(build: Builder) -> Account:
    return build.account("Boss", platform_role=PlatformRole.ADMINISTRATOR)


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account(
        NAME,
        email=EMAIL,
        latin_name=f"Ada {CANARY} Latin",
        handle=f"ada-{CANARY}",
        source_key=f"imported {CANARY}",
        about=f"About {CANARY}",
        feed_key=f"{CANARY}-feed",
        password_hash=passwords().hash("gravel tulip orbit canteen"),
        name_is_public=True,
    )


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def traces(
    build: Builder, session: Session, ada: Account, boss: Account, group: Group, clock: StoppedClock
) -> Post:
    """Everything that a person leaves behind, with the name in it wherever a name can stand; gives a post."""
    now = clock()
    seat = build.seat(group, title=NAME)
    assert seat.kind is SeatKind.PERSONAL
    build.member(group, ada, seat=seat)
    build.mandate(ada, build.organisation(), title=f"Head of {CANARY}")
    thread = build.thread(group, ada, title="What she asked", text="Opening of hers.")
    post = build.post(thread, ada, text="A reply that stays.")
    build.post(thread, ada, text=f"Held by {CANARY}", status=Status.PENDING)
    build.paper(group, ada, title=f"Draft of {CANARY}", text=f"Words of {CANARY}", status=Status.DRAFT)
    build.paper(group, ada, title="A published position", text="Published words.")
    asked = consultation(build, group)
    build.answer(asked, ada, text="Her answer.")
    key = account_key(ada.id)
    session.add_all(
        [
            AnswerDraft(
                consultation_id=asked.id, writer_key=key, entries={"q1": {"value": CANARY}},
                created_at=now, edited_at=now,
            ),
            LateEntry(
                consultation_id=asked.id, writer_key=key, name=NAME, message=f"Late, {CANARY}",
                asked_by_id=ada.id, asked_at=now,
            ),
            AccessRequest(
                kind=RequestKind.ACCOUNT, email=EMAIL, name=NAME, message=CANARY, created_at=now
            ),
            Invitation(
                purpose=InvitationPurpose.ACCOUNT, token_hash="0" * 64, email=EMAIL, name=NAME,
                created_at=now, expires_at=now,
            ),
            SavedSearch(
                account_id=ada.id, name=f"About {CANARY}", text=CANARY, created_at=now, looked_until=now
            ),
            StaffNote(
                thread_id=thread.id, group_id=group.id, author_id=ada.id, text=f"Note of {CANARY}",
                created_at=now,
            ),
            ReadMarker(account_id=ada.id, thread_id=thread.id, read_at=now),
            Notice(account_id=ada.id, kind=NoticeKind.REPLIED, key=f"{CANARY}:1", created_at=now),
            Declaration(
                group_id=group.id, account_id=ada.id, number=1, has_interests=True,
                source=f"I, {CANARY}", html=f"<p>I, {CANARY}</p>", filed_at=now,
            ),
        ]
    )  # fmt: skip
    create_token(session, ada, name=f"Token of {CANARY}", scopes=[Scope.READ], now=now)
    session.commit()
    return post


def granted(
    session: Session,
    build: Builder,
    boss: Account,
    person: Account,
    texts: TextsChoice = TextsChoice.TERMS,
) -> dict[str, int]:
    """Ask and grant, as the two would."""
    with writing(session):
        asked = ask_erasure(session, build.actor(person), now=build.clock()).public_id
    actor = build.actor(boss)
    with writing(session):
        return grant_erasure(
            session, actor, asked, "As the law says.", texts, sealing_secret=SEALING, now=build.clock()
        )


def places(session: Session) -> list[str]:
    """Every table and column in which the canary stands."""
    found = []
    for table in metadata.sorted_tables:
        for row in session.execute(sa.select(table)).mappings():
            found += [
                f"{table.name}.{name}" for name, value in row.items() if CANARY in str(value).casefold()
            ]
    return found


def test_no_row_document_file_or_export_holds_the_name_any_more(
    app: Flask, session: Session, build: Builder, traces: Post, ada: Account, boss: Account,
    clock: StoppedClock, client_of: ClientOf,
) -> None:  # fmt: skip
    """Tables, index, stored files and the files of the database, once the worker has done its part."""
    reader = build.member(session.get_one(Group, traces.group_id))
    with writing(session):
        for who in (ada, reader):
            ask_export(
                session, build.actor(who), text="stays", filters=Filters(), sort="relevance",
                form=ExportFormat.CSV, base_url="http://forum.example", now=clock(),
            )  # fmt: skip
    deliver(app, clock)
    before = places(session)
    assert {"account.email", "account.name", "post.text", "declaration.source", "seat.title"} <= set(before)
    stored = Path(app.config["INSTANCE"]) / "attachments"
    assert any(CANARY in path.read_text("utf-8").casefold() for path in stored.rglob("*") if path.is_file())
    client = client_of(reader)
    assert NAME in client.get(f"/posts/{traces.public_id}", follow_redirects=True).text

    granted(session, build, boss, ada)
    session.rollback()
    assert set(places(session)) == {"erasure.name", "erasure.email"}, "until the letter has gone"
    mails = deliver(app, clock)
    assert [mail["To"] for mail in mails if mail["To"] == f"{NAME} <{EMAIL}>"], "told at the last address"
    session.rollback()
    assert places(session) == []
    clock.advance(hours=2)
    deliver(app, clock)
    search_engine(app).tidy(thorough=True)
    if session.get_bind().dialect.name == "sqlite":
        session.rollback()
        session.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    folder = Path(app.config["INSTANCE"])
    holding = [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes().lower()
    ]
    assert [path for path in holding if not path.startswith("mail/")] == []
    assert session.scalars(sa.select(SearchExport)).all() == []


def test_everybody_sees_a_former_member(
    app: Flask, session: Session, build: Builder, traces: Post, ada: Account, boss: Account,
    client_of: ClientOf, clock: StoppedClock,
) -> None:  # fmt: skip
    """On pages, in feeds, exports, search and through the API; there is no profile any more."""
    group = session.get_one(Group, traces.group_id)
    reader = build.member(group)
    profile = f"/people/{ada.public_id}/"
    reader.feed_key = "k" * 43
    saved = SavedSearch(
        account_id=reader.id, name="Stays", text="stays", created_at=clock(), looked_until=clock()
    )
    session.add(saved)
    session.commit()
    granted(session, build, boss, ada)
    deliver(app, clock)
    for who in (None, reader, boss):
        client = client_of(who)
        for path in (
            f"/posts/{traces.public_id}",
            f"/groups/{group.slug}/threads/",
            "/search?q=stays",
        ):
            page = client.get(path, follow_redirects=True)
            assert page.status_code == 200, path
            assert CANARY not in page.text.casefold(), path
            assert FORMER_MEMBER in page.text, path
        assert client.get(profile).status_code == 404
    outside = client_of(None)
    for path in ("/api/v1/search?q=stays", f"/feeds/searches/{saved.public_id}.atom?key={'k' * 43}"):
        answer = outside.get(path)
        assert answer.status_code == 200, path
        assert CANARY not in answer.text.casefold(), path
    done = app.test_cli_runner().invoke(cli, ["export", "--group", group.slug, "--format", "jsonl"])
    assert done.exit_code == 0
    assert CANARY not in done.output.casefold()
    assert FORMER_MEMBER in done.output


def test_the_preview_says_what_happens_and_changes_nothing(
    session: Session, build: Builder, traces: Post, ada: Account, boss: Account
) -> None:
    """The same numbers before, in the answer, and on record."""
    person = person_of(ada, SEALING)
    told = count_erasure(session, person, TextsChoice.TERMS)
    before = places(session)
    assert places(session) == before
    assert told["held"] == 1
    assert told["withdrawn"] == 0
    assert told["kept"] == 4, "opening, reply, paper, answer"
    assert told["drafts"] == 2
    done = granted(session, build, boss, ada)
    assert done == told | {"notices": done["notices"], "sessions": done["sessions"]}
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "privacy.erased")).one()
    assert entry.read_facts() == {"texts": "terms"} | done
    assert verify(session).fault is None


def test_texts_go_where_the_terms_or_the_decision_say_so(
    session: Session, build: Builder, ada: Account, boss: Account
) -> None:
    """Own texts alone: what was written for a body stays, and so does what is sealed."""
    strict = build.group(Ceiling.PUBLIC, former_texts=FormerTexts.WITHDRAWN)
    usual = build.group(Ceiling.PUBLIC)
    sealed = build.group(attribution=Attribution.CHATHAM_HOUSE, former_texts=FormerTexts.WITHDRAWN)
    body = build.organisation()
    own = build.thread(strict, ada, text="Own words.")
    first = session.scalars(sa.select(Post).where(Post.thread_id == own.id)).one()
    session.add(PostRevision(post_id=first.id, number=1, source="Older.", html="<p>Older.</p>",
                             replaced_at=build.clock()))  # fmt: skip
    of_body = build.post(own, ada, text="For the body.", organisation=body)
    elsewhere = build.post(build.thread(usual), ada, text="Elsewhere.")
    under_rule = build.post(build.thread(sealed), text="Under the rule.", alias="NGO A")
    record_authorship(session, SubjectKind.POST, under_rule.id, [sealed_key(SEALING, account_key(ada.id))])
    rejected = build.post(own, ada, text="Rejected.", status=Status.REJECTED)
    paper = build.paper(strict, ada, text="A paper.")
    session.commit()
    counts = granted(session, build, boss, ada)
    assert (counts["withdrawn"], counts["kept"], counts["of_bodies"]) == (2, 2, 1)
    session.expire_all()
    assert (first.text, first.status, own.status) == ("", Status.WITHDRAWN, Status.WITHDRAWN)
    assert session.scalars(sa.select(PostRevision)).all() == []
    assert (paper.text, paper.status) == ("", Status.WITHDRAWN)
    kept = (of_body, elsewhere, under_rule, rejected)
    assert [post.text for post in kept] == ["For the body.", "Elsewhere.", "Under the rule.", "Rejected."]


def test_the_law_can_ask_for_all_own_texts(
    session: Session, build: Builder, ada: Account, boss: Account
) -> None:
    """Whatever the terms of the group say."""
    post = build.post(build.thread(build.group()), ada, text="Own words.")
    assert granted(session, build, boss, ada, TextsChoice.WITHDRAWN)["withdrawn"] == 1
    session.expire_all()
    assert post.status is Status.WITHDRAWN


def test_a_draft_of_several_or_of_a_body_stays(
    session: Session, build: Builder, ada: Account, boss: Account, group: Group
) -> None:
    """Only what nobody else writes is thrown away."""
    build.member(group, ada)
    alone = build.paper(group, ada, text="Mine.", status=Status.DRAFT)
    of_body = build.paper(group, ada, text="Ours.", status=Status.DRAFT, organisation=build.organisation())
    alone_id, body_id = alone.id, of_body.id
    granted(session, build, boss, ada)
    assert session.scalars(sa.select(PaperVersion.id)).all() == [body_id]
    assert session.get(PaperVersion, alone_id) is None
    assert session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 1


def test_the_account_is_empty_and_nobody_comes_back_by_it(
    session: Session, build: Builder, traces: Post, ada: Account, boss: Account
) -> None:
    """No role, no mandate, no way in, and nobody changes it."""
    granted(session, build, boss, ada)
    session.expire_all()
    assert (ada.name, ada.email, ada.password_hash, ada.feed_key) == (FORMER_MEMBER, None, None, None)
    assert ada.status is AccountStatus.FORMER
    assert not build.actor(ada).is_signed_in
    assert session.scalars(sa.select(Membership).where(Membership.ended_at.is_(None))).all() == []
    assert session.scalars(sa.select(Mandate.title)).all() == [""]
    with pytest.raises(NotAllowed):
        granted(session, build, boss, ada)


def test_nobody_decides_on_their_own_request_and_one_administrator_stays(
    session: Session, build: Builder, boss: Account
) -> None:
    """Somebody else has to, and somebody has to be left."""
    other = build.account("Other", platform_role=PlatformRole.ADMINISTRATOR)
    with pytest.raises(Invalid, match="Somebody else"):
        granted(session, build, boss, boss)
    session.rollback()
    with writing(session):
        other_actor: Actor = build.actor(other)
        asked = ask_erasure(session, build.actor(other), now=build.clock()).public_id
    other.status = AccountStatus.DISABLED
    session.commit()
    granted_by = build.actor(boss)
    with pytest.raises(NotAllowed), writing(session):
        refuse_erasure(session, build.actor(build.account()), asked, "No.", now=build.clock())
    with writing(session):
        refuse_erasure(session, granted_by, asked, "Not yet.", now=build.clock())
    with pytest.raises(Conflict), writing(session):
        take_back(session, other_actor, now=build.clock())


def test_a_refusal_is_told_with_its_reason(
    app: Flask, session: Session, build: Builder, ada: Account, boss: Account, clock: StoppedClock
) -> None:
    """By mail, to the address that stays."""
    with writing(session):
        asked = ask_erasure(session, build.actor(ada), now=clock()).public_id
    with writing(session):
        refuse_erasure(session, build.actor(boss), asked, "A court needs the record.", now=clock())
    (mail,) = [mail for mail in deliver(app, clock) if EMAIL in str(mail["To"])]
    assert "A court needs the record." in body_of(mail)
    session.rollback()
    assert session.scalars(sa.select(Erasure)).one().email is None
    assert ada.email == EMAIL


def test_whoever_a_restored_backup_brings_back_is_erased_again(
    app: Flask, session: Session, build: Builder, traces: Post, ada: Account, boss: Account
) -> None:
    """From the list of random ids, as often as one likes, with the choice that was made."""
    granted(session, build, boss, ada, TextsChoice.WITHDRAWN)
    deliver(app, build.clock)
    session.rollback()
    (line,) = list_erased(session)
    assert line[:2] == (ada.public_id, TextsChoice.WITHDRAWN)
    ada.name, ada.email, ada.status = NAME, EMAIL, AccountStatus.ACTIVE
    session.commit()
    for expected in (1, 0):
        with writing(session):
            done = replay_erasures(
                session, [line[:2], ("nobody0000000", TextsChoice.TERMS)], sealing_secret=SEALING,
                now=build.clock(),
            )  # fmt: skip
        assert done == expected
    assert places(session) == []


def test_every_column_that_refers_to_a_person_has_a_fate() -> None:
    """A new one is a decision, not an accident."""
    referring = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in {"writer_key", "appellant_key"}
        or any(key.column.table.name == "account" for key in column.foreign_keys)
    }
    known = dict(fates())
    assert referring - known.keys() == set(), "say in forum/services/erasing.py what becomes of it"
    assert known.keys() - referring == set()
    assert set(known.values()) == set(Fate)


def test_others_keep_everything(
    session: Session, build: Builder, ada: Account, boss: Account, group: Group, clock: StoppedClock
) -> None:
    """Not a row of anybody else's is touched."""
    other = build.member(group, build.account("Somebody Else", email="else@members.example"))
    post = build.post(build.thread(group, other), other, text="Theirs.")
    session.add(ReadMarker(account_id=other.id, thread_id=post.thread_id, read_at=clock()))
    create_token(session, other, name="Theirs", scopes=[Scope.READ], now=clock())
    session.commit()
    tables = [t for t in metadata.sorted_tables if t.name not in {"account", "audit_entry", "outbox_entry"}]
    before = {t.name: session.execute(sa.select(t)).all() for t in tables}
    with writing(session):
        erase(session, person_of(ada, SEALING), TextsChoice.WITHDRAWN, now=clock())
    assert {t.name: session.execute(sa.select(t)).all() for t in tables} == before
    assert session.scalar(sa.select(Account.name).where(Account.id == other.id)) == "Somebody Else"
