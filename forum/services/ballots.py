"""Formal decisions: prepared, opened with the seats that have a vote, closed in one transaction, stated."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.ballots import (
    Ballot,
    BallotState,
    EntitledSeat,
    Procedure,
    Vote,
    find_outcome,
    tally_votes,
)
from forum.domain.groups import Group, Seat
from forum.domain.labels import Status, Tlp
from forum.domain.meetings import Meeting
from forum.domain.notices import NoticeKind
from forum.domain.outbox import Topic
from forum.domain.papers import Paper, PaperVersion
from forum.domain.practice import read_practice
from forum.domain.text import checked_title
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require, visible_to
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.attendance import list_attending
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.labels import relabel
from forum.services.meetings import find_stage, get_meeting
from forum.services.outbox import enqueue, enqueue_index, enqueue_notice
from forum.services.seat_names import load_seat_names
from forum.services.subjects import get_subject
from forum.services.threads import default_tlp, tlp_choices


@dataclass(frozen=True, slots=True)
class BallotText:
    """What a decision's form holds."""

    title: str
    rendered: Rendered
    procedure: Procedure = Procedure.WRITTEN
    closes_at: datetime | None = None
    time_zone: str = "Europe/Brussels"
    tlp: Tlp | None = None
    version: str = ""
    """The address of a paper's version, of this site."""
    meeting_id: str = ""
    stage_key: str = ""
    language: str = "en"


def get_ballot(
    session: Session, actor: Actor, slug: str, public_id: str, action: Action = Action.READ
) -> Subject:
    """Give a decision of this group; NotFound where it is another group's or not to be read."""
    subject = get_subject(session, actor, SubjectKind.BALLOT, public_id)
    if subject.group.slug != slug:
        raise NotFound
    if action is Action.MANAGE_MEETINGS:
        require(actor, action, subject.group)
    return subject


def prepare_ballot(session: Session, actor: Actor, slug: str, text: BallotText, *, now: datetime) -> Ballot:
    """Prepare a decision: until it is opened chair and secretariat alone read it."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    ballot = Ballot(
        group_id=group.id,
        status=Status.DRAFT,
        state=BallotState.DRAFT,
        tlp=default_tlp(group),
        created_by_id=actor.account_id,
        created_at=now,
        audience="",
        own="",
    )
    _write_text(session, actor, group, ballot, text)
    session.add(ballot)
    session.flush()
    relabel(session, group, ballot, now=now)
    return ballot


def get_ballot_to_change(session: Session, actor: Actor, slug: str, public_id: str) -> Subject:
    """Give a decision that can still be changed; NotAllowed once it was put to the vote."""
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    if subject.row.state is not BallotState.DRAFT:
        raise NotAllowed("It was put to the vote: what is asked stays as it is. Withdraw it to ask anew.")
    return subject


def change_ballot(
    session: Session, actor: Actor, slug: str, public_id: str, text: BallotText, *, now: datetime
) -> Ballot:
    """Change a decision that was not opened yet: what seats vote on stays as it was put to them."""
    subject = get_ballot_to_change(session, actor, slug, public_id)
    ballot: Ballot = subject.row
    _write_text(session, actor, subject.group, ballot, text)
    session.flush()
    relabel(session, subject.group, ballot, now=now)
    return ballot


def open_ballot(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> Ballot:
    """Put a decision to the vote: the seats with a member on them now have one vote each."""
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    ballot: Ballot = subject.row
    group = subject.group
    if ballot.state is not BallotState.DRAFT:
        raise Invalid("It was put to the vote already.")
    if ballot.procedure is Procedure.WRITTEN and (ballot.closes_at is None or ballot.closes_at <= now):
        raise Invalid("A written procedure needs a closing time that is yet to come.", field="closes_at")
    names = load_seat_names(session, actor, group)
    entitled = [seat.seat_id for seat in names.seats.values() if seat.members and not seat.is_ended]
    if not entitled:
        raise Invalid("No seat of this group has a member: nobody could vote.")
    session.add_all(EntitledSeat(ballot_id=ballot.id, seat_id=seat_id) for seat_id in entitled)
    ballot.state, ballot.status, ballot.opened_at = BallotState.OPEN, Status.PUBLISHED, now
    ballot.quorum_percent = read_practice(group.practice).quorum_percent
    session.flush()
    relabel(session, group, ballot, now=now)
    if ballot.closes_at is not None:
        payload = {"ballot_id": ballot.id}
        enqueue(session, Topic.DEADLINE, payload, now=now, at=ballot.closes_at + timedelta(seconds=1))
    _tell(session, ballot, NoticeKind.BALLOT_OPENED, now)
    _put_on_record(session, actor, group, ballot, AuditAction.BALLOT_OPENED, now, seats=len(entitled))
    return ballot


def close_ballot(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> Ballot:
    """Count now, by the decision of chair or secretariat; a written procedure not before its time.

    Before that only where every seat has voted: nobody's time to object is cut short.
    """
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    ballot: Ballot = subject.row
    lock_ballot(session, ballot)
    if ballot.state is not BallotState.OPEN:
        raise Invalid("This decision is not open.")
    is_early = ballot.closes_at is not None and now <= ballot.closes_at
    if ballot.procedure is Procedure.WRITTEN and is_early and not _have_all_voted(session, ballot):
        raise Invalid("Seats have until the closing time to object: it closes by itself then.")
    end_ballot(session, subject.group, ballot, now=now, by=actor)
    return ballot


def withdraw_ballot(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> Ballot:
    """Give a decision up without an outcome; what was put to the vote stays readable as withdrawn."""
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    ballot: Ballot = subject.row
    lock_ballot(session, ballot)
    if ballot.state in {BallotState.CLOSED, BallotState.WITHDRAWN}:
        raise Invalid("This decision is over already.")
    was_open = ballot.state is BallotState.OPEN
    # What was never put to the vote stays a draft: nobody but chair and secretariat ever knew of it.
    ballot.state, ballot.closed_at = BallotState.WITHDRAWN, now
    if was_open:
        _put_on_record(session, actor, subject.group, ballot, AuditAction.BALLOT_WITHDRAWN, now)
    return ballot


def keep_closing(session: Session, ballot_id: int, *, now: datetime) -> None:
    """Close an open decision whose time has come; safe to repeat."""
    ballot = session.get(Ballot, ballot_id)
    if ballot is None:
        return
    lock_ballot(session, ballot)
    is_over = ballot.closes_at is not None and ballot.closes_at < now
    if ballot.state is BallotState.OPEN and is_over:
        end_ballot(session, session.get_one(Group, ballot.group_id), ballot, now=now)


def end_ballot(
    session: Session, group: Group, ballot: Ballot, *, now: datetime, by: Actor | None = None
) -> None:
    """Count and close, for whoever decided or for the clock; the result is read by who reads the text.

    A seat that ended meanwhile has no vote any more; one that merely lost its representative still counts,
    and what was said for it stands.
    """
    entitled = frozenset(
        session.scalars(
            sa.select(EntitledSeat.seat_id)
            .join(Seat, Seat.id == EntitledSeat.seat_id)
            .where(EntitledSeat.ballot_id == ballot.id, Seat.ended_at.is_(None))
        )
    )
    votes = {
        row.seat_id: row.choice
        for row in session.execute(sa.select(Vote.seat_id, Vote.choice).where(Vote.ballot_id == ballot.id))
    }
    present: frozenset[int] = frozenset()
    if ballot.procedure is Procedure.MEETING and ballot.meeting_id is not None:
        present = list_attending(session, ballot.meeting_id)
    tally = tally_votes(votes, entitled, present)
    ballot.state, ballot.closed_at = BallotState.CLOSED, now
    ballot.outcome, ballot.tally = find_outcome(tally, ballot.quorum_percent), tally.to_json()
    version = session.get(PaperVersion, ballot.version_id) if ballot.version_id is not None else None
    if version is not None:
        ballot.tlp, ballot.named_list_id = version.tlp, version.named_list_id
    session.flush()
    relabel(session, group, ballot, now=now)
    _tell(session, ballot, NoticeKind.BALLOT_CLOSED, now)
    figures = {name: value for name, value in ballot.tally.items() if value}
    _put_on_record(
        session, by, group, ballot, AuditAction.BALLOT_CLOSED, now, outcome=ballot.outcome.value, **figures
    )


def state_outcome(
    session: Session, actor: Actor, slug: str, public_id: str, rendered: Rendered, *, now: datetime
) -> None:
    """Say in words what came of a closed decision; for chair and secretariat."""
    subject = get_ballot(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    ballot: Ballot = subject.row
    if ballot.state is not BallotState.CLOSED:
        raise Invalid("Say what came of it once it has closed.")
    if not rendered.text.strip():
        raise Invalid("Write a sentence or two.", field="body")
    ballot.outcome_source, ballot.outcome_html = rendered.source, rendered.html
    ballot.outcome_text = rendered.text
    enqueue_index(session, SubjectKind.BALLOT, ballot.id, now=now)


def lock_ballot(session: Session, ballot: Ballot) -> None:
    """Let those who vote and whoever counts go one after the other, and see what the one before left."""
    session.refresh(ballot, with_for_update=True)


def _have_all_voted(session: Session, ballot: Ballot) -> bool:
    missing = sa.select(EntitledSeat.seat_id).where(
        EntitledSeat.ballot_id == ballot.id,
        ~sa.exists().where(Vote.ballot_id == ballot.id, Vote.seat_id == EntitledSeat.seat_id),
    )
    return session.scalars(missing.limit(1)).first() is None


def _tell(session: Session, ballot: Ballot, kind: NoticeKind, now: datetime) -> None:
    enqueue_notice(
        session,
        kind,
        now=now,
        subject_kind=SubjectKind.BALLOT,
        subject_id=ballot.id,
        occasion=f"ballot:{ballot.state.value}",
    )


def _put_on_record(
    session: Session,
    by: Actor | None,
    group: Group,
    ballot: Ballot,
    action: AuditAction,
    now: datetime,
    **facts: str | int,
) -> None:
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="ballot",
        subject=ballot.public_id,
        group=group,
        procedure=ballot.procedure.value,
        **facts,
    )


def _write_text(session: Session, actor: Actor, group: Group, ballot: Ballot, text: BallotText) -> None:
    ballot.title = checked_title(text.title)
    if not text.rendered.text.strip():
        raise Invalid("Say what is to be decided.", field="body")
    try:
        ZoneInfo(text.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("Choose a time zone of the list.", field="time_zone") from None
    tlp = text.tlp or default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("This group does not allow that label.", field="label")
    if text.procedure is Procedure.WRITTEN and text.closes_at is None:
        raise Invalid("Say until when seats can vote.", field="closes_at")
    ballot.source, ballot.html, ballot.text = text.rendered.source, text.rendered.html, text.rendered.text
    ballot.procedure, ballot.tlp, ballot.language = text.procedure, tlp, text.language
    ballot.closes_at, ballot.time_zone = text.closes_at, text.time_zone
    ballot.stage_id = find_stage(session, group, text.stage_key)
    ballot.meeting_id = None
    if text.meeting_id:
        try:
            meeting: Meeting = get_meeting(session, actor, group.slug, text.meeting_id).row
        except NotFound:
            raise Invalid("This group has no such meeting.", field="meeting") from None
        ballot.meeting_id = meeting.id
    if text.procedure is Procedure.MEETING and ballot.meeting_id is None:
        raise Invalid("Choose the meeting at which it is decided.", field="meeting")
    ballot.version_id = _find_version(session, actor, group, text.version)


def _find_version(session: Session, actor: Actor, group: Group, address: str) -> int | None:
    """Give the version of this group's papers at an address: the newest where it names none."""
    if not address.strip():
        return None
    found = _VERSION.search(address)
    statement = (
        sa.select(PaperVersion.id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            Paper.public_id == (found[1] if found else ""),
            PaperVersion.group_id == group.id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.number.desc())
    )
    if found and found[2]:
        statement = statement.where(PaperVersion.number == int(found[2]))
    version_id = session.scalars(statement.limit(1)).first()
    if version_id is None:
        raise Invalid("This group has no published paper at that address.", field="version")
    return version_id


_VERSION = re.compile(r"papers/([a-z2-7]{13})(?:/(?:v|versions)/([0-9]{1,6}))?")
