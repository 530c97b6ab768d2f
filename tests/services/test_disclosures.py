"""Flags on closed texts: one passage, to one moderator, on record, and nothing else of it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import NamedReader, SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action, Disclosure, Flag, FlagReason
from forum.domain.papers import PaperVersion
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action as May
from forum.policy import can
from forum.services.disclosures import decide_disclosed, disclose, get_passage, list_undisclosed
from forum.services.flags import flag
from forum.services.subjects import subject_of
from tests.builders import Builder
from tests.conftest import StoppedClock


class Closed:
    """A discussion that a few named people read, none of them a moderator."""

    def __init__(self, build: Builder, session: Session, clock: StoppedClock) -> None:
        self.build, self.session, self.clock = build, session, clock
        self.group: Group = build.group()
        self.author, self.reader = (build.member(self.group) for _ in range(2))
        self.moderator, self.other = (build.member(self.group, role=GroupRole.MODERATOR) for _ in range(2))
        self.named = build.named_list(self.group, [self.author, self.reader])
        self.thread = build.thread(
            self.group, self.author, title="A secret title", tlp=Tlp.RED, named_list=self.named
        )
        self.post = build.post(self.thread, self.author, text="The words in question.")

    def flag(self, by: Account | None = None) -> Flag:
        made = flag(
            self.session, self.build.actor(by or self.reader), kind=SubjectKind.POST,
            public_id=self.post.public_id, reason=FlagReason.UNCIVIL, now=self.clock(),
        )  # fmt: skip
        self.session.commit()
        return made


@pytest.fixture
def closed(build: Builder, session: Session, clock: StoppedClock) -> Closed:
    return Closed(build, session, clock)


def test_the_passage_is_disclosed_to_one_on_record(closed: Closed, build: Builder, session: Session) -> None:
    """Before, nothing of it is shown; after, those words alone; to the other moderator nothing."""
    made = closed.flag()
    actor = build.actor(closed.moderator)
    assert [one.public_id for one in list_undisclosed(session, actor)] == [made.public_id]
    assert get_passage(session, actor, made.public_id).html is None
    disclose(session, actor, made.public_id, now=closed.clock())
    session.commit()
    shown = get_passage(session, actor, made.public_id)
    assert shown.html is not None
    assert "The words in question." in shown.html
    assert not can(actor, May.READ, subject_of(session, closed.post))
    assert not can(actor, May.READ, subject_of(session, closed.thread))
    assert list_undisclosed(session, build.actor(closed.other)) == []
    with pytest.raises(NotAllowed, match="another moderator"):
        get_passage(session, build.actor(closed.other), made.public_id)
    with pytest.raises(Conflict):
        disclose(session, actor, made.public_id, now=closed.clock())
    session.commit()
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.DISCLOSED)).one()
    assert (entry.actor, entry.subject, entry.read_facts()["flag"]) == (
        closed.moderator.public_id, closed.post.public_id, made.public_id,
    )  # fmt: skip


def test_the_disclosure_ends_with_the_decision(closed: Closed, build: Builder, session: Session) -> None:
    """Not without it, not for what is no answer; then the flag is closed and the passage gone."""
    made = closed.flag()
    actor = build.actor(closed.moderator)
    with pytest.raises(NotAllowed, match="disclosed to you first"):
        decide_disclosed(session, actor, made.public_id, action=Action.KEEP, now=closed.clock())
    disclose(session, actor, made.public_id, now=closed.clock())
    with pytest.raises(Invalid):
        decide_disclosed(session, actor, made.public_id, action=Action.APPROVE, now=closed.clock())
    decide_disclosed(
        session, actor, made.public_id,
        action=Action.HIDE, reason="It attacks a person and not the point.", now=closed.clock(),
    )  # fmt: skip
    session.commit()
    assert closed.post.status is Status.HIDDEN
    with pytest.raises(NotFound):
        get_passage(session, actor, made.public_id)
    assert list_undisclosed(session, actor) == []


def test_to_whom_nothing_is_disclosed(closed: Closed, build: Builder, session: Session) -> None:
    """Not to members, moderators of other groups, a moderator who flagged or wrote it; nor without a flag."""
    made = closed.flag()
    stranger = build.member(build.group(), role=GroupRole.MODERATOR)
    author_too = build.member(closed.group, closed.author, role=GroupRole.MODERATOR)
    reader_too = build.member(closed.group, closed.reader, role=GroupRole.OBSERVER)
    for person in (build.member(closed.group), stranger, author_too, reader_too):
        with pytest.raises(NotFound):
            disclose(session, build.actor(person), made.public_id, now=closed.clock())
        assert list_undisclosed(session, build.actor(person)) == []
    with pytest.raises(NotFound):
        disclose(session, build.actor(closed.moderator), "absent", now=closed.clock())
    assert session.scalars(sa.select(Disclosure)).all() == []


def test_not_where_a_moderator_reads_it(closed: Closed, build: Builder, session: Session) -> None:
    """Then it waits in that moderator's queue, and is disclosed to nobody."""
    reading = build.member(closed.group, role=GroupRole.MODERATOR)
    session.add(NamedReader(list_id=closed.named.id, account_id=reading.id))
    made = closed.flag()
    assert list_undisclosed(session, build.actor(closed.moderator)) == []
    with pytest.raises(NotFound):
        disclose(session, build.actor(closed.moderator), made.public_id, now=closed.clock())


def test_of_a_paper_one_paragraph(closed: Closed, build: Builder, session: Session) -> None:
    """The flag has to say which; the others are not shown."""
    version: PaperVersion = build.paper(closed.group, closed.author, tlp=Tlp.RED, named_list=closed.named)
    version.html = '<p id="p1">The first.</p><p id="p2">The second.</p>'
    session.commit()
    reader = build.actor(closed.reader)
    for paragraph in ("", "p9"):
        with pytest.raises(Invalid) as caught:
            flag(
                session, reader, kind=SubjectKind.VERSION, public_id=version.public_id,
                reason=FlagReason.SPAM, paragraph=paragraph, now=closed.clock(),
            )  # fmt: skip
        assert caught.value.field == "paragraph"
    made = flag(
        session, reader, kind=SubjectKind.VERSION, public_id=version.public_id,
        reason=FlagReason.SPAM, paragraph="p2", now=closed.clock(),
    )  # fmt: skip
    session.commit()
    disclose(session, build.actor(closed.moderator), made.public_id, now=closed.clock())
    shown = get_passage(session, build.actor(closed.moderator), made.public_id).html
    assert shown is not None
    assert ("The second." in shown, "The first." in shown) == (True, False)
