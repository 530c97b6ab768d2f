"""The three faces of READ agree over thousands of people x things."""

import itertools

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.answers import Answer
from forum.domain.assessments import Assessment
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.directive import ArticleStatus
from forum.domain.groups import Group, GroupRole, Seat
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import PaperVersion, Purpose
from forum.domain.register_entries import RegisterEntry
from forum.domain.signatures import Signatory
from forum.domain.threads import Post, Thread
from forum.policy import visible_to
from forum.policy.rules import can_read
from forum.policy.sql import SUBJECT_OF, reader_parameters, visible_to_reader
from forum.services.labels import relabel
from forum.services.sealing import account_key, seat_key
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.staging import catalogue

ASSESSMENT_STATUSES = [Status.RECEIVED, Status.PUBLISHED, Status.HIDDEN]
ANSWER_STATUSES = [
    Status.RECEIVED,
    *(status for status in Status if status not in {Status.DRAFT, Status.RECEIVED}),
]
ENTRY_STATUSES = [Status.PENDING, Status.PUBLISHED, Status.HIDDEN, Status.REJECTED, Status.LOCKED]
STATUSES = [Status.PENDING, Status.PUBLISHED, Status.HIDDEN, Status.REJECTED, Status.WITHDRAWN]


def _populate(build: Builder) -> tuple[list[Account | None], list[Group]]:
    """Four groups of every ceiling, people of every kind, things of every status and label."""
    employer = build.organisation()
    rival = build.organisation()
    groups = [build.group(ceiling) for ceiling in Ceiling]
    people: list[Account | None] = [
        None,
        build.account("outsider"),
        build.account("platform secretariat", platform_role=PlatformRole.SECRETARIAT),
        build.account("administrator", platform_role=PlatformRole.ADMINISTRATOR),
    ]
    suspended = build.member(groups[0], role=GroupRole.MEMBER)
    suspended.suspended_until = build.clock().replace(year=2030)
    people.append(suspended)
    for group in groups:
        seat = build.seat(group, employer)
        author = build.member(group, seat=seat)
        build.mandate(author, employer)
        colleague = build.account("colleague without a seat")
        build.mandate(colleague, employer)
        left = build.member(group, ended_at=build.clock())
        rival_member = build.member(group)
        build.mandate(rival_member, rival)
        moderator = build.member(group, role=GroupRole.MODERATOR)
        people += [author, colleague, left, rival_member, moderator]
        people += [build.member(group, role=role) for role in (GroupRole.OBSERVER, GroupRole.SECRETARIAT)]
        named = build.named_list(group, [author, moderator])
        for status, tlp in itertools.product(STATUSES, Tlp):
            build.thread(group, author, status=status, tlp=tlp, organisation=employer)
            build.paper(group, left, status=status, tlp=tlp)
        for status in STATUSES:
            build.thread(group, author, status=status, tlp=Tlp.RED, named_list=named)
            build.paper(group, rival_member, status=status, tlp=Tlp.RED, organisation=rival)
        build.paper(group, author, status=Status.DRAFT)
        asked = consultation(build, group)
        for status, tlp in itertools.product(ANSWER_STATUSES, Tlp):
            build.answer(asked, author, status=status, tlp=tlp, organisation=employer)
            build.answer(asked, left, status=status, tlp=tlp)
        for status in ANSWER_STATUSES:
            build.answer(asked, rival_member, status=status, tlp=Tlp.RED, named_list=named)
        _assessments(build, group, seat)
        _entries(build, group, author)
        _article_statuses(build, group, author)
        joint = build.paper(group, author, status=Status.DRAFT, purpose=Purpose.JOINT_POSITION)
        people.append(_signatory(build, joint))
    return people, groups


def _assessments(build: Builder, group: Group, seat: Seat) -> None:
    """Of a seat, in every status that an assessment has: blind, published, removed from view."""
    row = catalogue(build, group)
    build.member(group, seat=seat, is_alternate=True)
    for number, (status, tlp) in enumerate(itertools.product(ASSESSMENT_STATUSES, Tlp), 1):
        assessment = Assessment(
            catalogue_id=row.id,
            group_id=group.id,
            round=1,
            writer_key=seat_key(seat.id),
            number=number,
            title="Assessment",
            received_at=build.clock(),
            created_at=build.clock(),
            edited_at=build.clock(),
            status=status,
            tlp=tlp,
            audience="",
            own="",
        )
        build.session.add(assessment)
        build.session.flush()
        kind = SubjectKind.ASSESSMENT
        build.session.add(
            Authorship(subject_kind=kind, subject_id=assessment.id, writer_key=seat_key(seat.id))
        )
        relabel(build.session, group, assessment, now=build.clock())
    build.session.commit()


def _entries(build: Builder, group: Group, author: Account) -> None:
    """Of a register, in every status and with every label."""
    now = build.clock()
    for status, tlp in itertools.product(ENTRY_STATUSES, Tlp):
        entry = RegisterEntry(
            group_id=group.id,
            register="gaps",
            state="raised",
            title="Gap",
            created_at=now,
            edited_at=now,
            changed_at=now,
            status=status,
            tlp=tlp,
            audience="",
            own="",
        )
        build.session.add(entry)
        build.session.flush()
        key = account_key(author.id)
        build.session.add(Authorship(subject_kind=SubjectKind.ENTRY, subject_id=entry.id, writer_key=key))
        relabel(build.session, group, entry, now=now)
    build.session.commit()


def _article_statuses(build: Builder, group: Group, contact: Account) -> None:
    """Of the board: proposed, published, withdrawn; each State's contact is its only writer."""
    now = build.clock()
    for status in (Status.RECEIVED, Status.PUBLISHED, Status.WITHDRAWN):
        row = ArticleStatus(
            group_id=group.id,
            country="MT",
            article="15",
            state="in-part",
            confidence="low",
            as_of=now.date(),
            source="A made-up report",
            note="",
            proposed_at=now,
            due_at=now,
            contact_id=contact.id,
            status=status,
            tlp=Tlp.AMBER,
            audience="",
            own="",
        )
        build.session.add(row)
        build.session.flush()
        kind, key = SubjectKind.ARTICLE_STATUS, account_key(contact.id)
        build.session.add(Authorship(subject_kind=kind, subject_id=row.id, writer_key=key))
        relabel(build.session, group, row, now=now)
    build.session.commit()


def _signatory(build: Builder, version: PaperVersion) -> Account:
    """Somebody outside the group whose body is asked to sign a draft."""
    body, person = build.organisation(), build.account("signatory")
    build.mandate(person, body)
    now = build.clock()
    build.session.add(
        Signatory(paper_id=version.paper_id, organisation_id=body.id, invited_at=now, asked_at=now)
    )
    build.session.commit()
    return person


def test_a_signatory_reads_one_draft_more_than_a_stranger(build: Builder, session: Session) -> None:
    """Whatever else there is in the groups."""
    people, _ = _populate(build)
    for person in people:
        if person is None or person.name != "signatory":
            continue
        actor, stranger = build.actor(person), build.actor(build.account())
        for model, more in ((Thread, 0), (Post, 0), (PaperVersion, 1), (Group, 0)):
            if model is Group:
                mine, theirs = (
                    set(session.scalars(sa.select(Group.id).where(Group.audience.in_(reader.clearances))))
                    for reader in (actor, stranger)
                )
            else:
                mine, theirs = (
                    set(session.scalars(sa.select(model.id).where(visible_to(reader, model))))
                    for reader in (actor, stranger)
                )
            assert (len(mine - theirs), len(theirs - mine)) == (more, 0)


def test_page_list_and_index_agree(build: Builder, session: Session) -> None:
    """can(), visible_to() and the label on a search document say the same, cell by cell."""
    people, _ = _populate(build)
    keys: dict[tuple[SubjectKind, int], set[str]] = {}
    for row in session.scalars(sa.select(Authorship)):
        keys.setdefault((row.subject_kind, row.subject_id), set()).add(row.writer_key)
    cells = readable = 0
    for person in people:
        actor = build.actor(person)
        for model in (Thread, Post, PaperVersion, Answer, Assessment, RegisterEntry, ArticleStatus):
            listed = set(session.scalars(sa.select(model.id).where(visible_to(actor, model))))
            kept = sa.select(model.id).where(visible_to_reader(model, is_signed_in=actor.is_signed_in))
            assert listed == set(session.scalars(kept, reader_parameters(actor)))
            for row in session.scalars(sa.select(model)):
                written = frozenset(keys.get((SUBJECT_OF[model], row.id), ()))
                allowed = can_read(actor, row, written)
                assert allowed == (row.id in listed), (person and person.name, row.status, row.audience)
                if row.status is Status.PUBLISHED:
                    assert allowed == (row.audience in actor.clearances), "the index says otherwise"
                cells += 1
                readable += allowed
    assert cells > 5000
    assert 0.1 < readable / cells < 0.9


def test_platform_roles_read_no_more_than_any_account(build: Builder) -> None:
    """Secretariat and administrator of the platform have the clearances of an outsider."""
    outsider = build.actor(build.account())
    for role in (PlatformRole.SECRETARIAT, PlatformRole.ADMINISTRATOR):
        assert build.actor(build.account(platform_role=role)).clearances == outsider.clearances


def test_a_suspended_person_reads_as_a_visitor(build: Builder) -> None:
    """Suspension takes every clearance but the public one, until it ends."""
    group = build.group(Ceiling.MEMBERS)
    person = build.member(group)
    person.suspended_until = build.clock().replace(year=2027)
    build.session.commit()
    assert build.actor(person).clearances == {"public"}
    assert build.actor(person).is_suspended


def test_a_blind_assessment_is_read_by_whoever_holds_its_seat_and_by_nobody_else(
    build: Builder, session: Session
) -> None:
    """Of all people: no chair, secretariat, moderator, administrator, member of another seat or colleague."""
    people, groups = _populate(build)
    people += [build.member(group, role=role) for group in groups for role in GroupRole]
    blind = session.scalars(sa.select(Assessment).where(Assessment.status == Status.RECEIVED)).all()
    readers = 0
    for person in people:
        actor = build.actor(person)
        readable = set(
            session.scalars(
                sa.select(Assessment.id).where(
                    visible_to(actor, Assessment), Assessment.status == Status.RECEIVED
                )
            )
        )
        for assessment in blind:
            holds = assessment.writer_key in actor.writer_keys
            assert (assessment.id in readable) == holds
            assert can_read(actor, assessment, frozenset({assessment.writer_key})) == holds
            readers += holds
    assert readers == len(groups) * len(Tlp), "the representatives; the alternates are not among the people"


def test_what_a_consultation_received_is_read_by_its_secretariat_and_its_writers_alone(
    build: Builder, session: Session
) -> None:
    """Of all people and received answers, no third reader: no chair, moderator or administrator."""
    people, _ = _populate(build)
    answers = session.scalars(sa.select(Answer).where(Answer.status == Status.RECEIVED)).all()
    keys: dict[int, set[str]] = {}
    for row in session.scalars(sa.select(Authorship).where(Authorship.subject_kind == SubjectKind.ANSWER)):
        keys.setdefault(row.subject_id, set()).add(row.writer_key)
    readers = 0
    for person in people:
        actor = build.actor(person)
        for answer in answers:
            written = frozenset(keys[answer.id])
            if can_read(actor, answer, written):
                readers += 1
                is_secretariat = GroupRole.SECRETARIAT in actor.roles_in(answer.group_id)
                assert is_secretariat or written & actor.writer_keys
    assert readers > 20
