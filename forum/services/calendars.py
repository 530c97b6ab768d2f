"""Calendars: one meeting for whoever reads it, and the secret feed of all meetings of one person's groups."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.groups import Group
from forum.domain.icalendar import CalendarEvent
from forum.domain.labels import Status
from forum.domain.meetings import Meeting
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.policy.rules import title_may_leave
from forum.policy.subjects import Subject
from forum.services.addresses import meeting_path
from forum.services.meetings import list_points
from forum.services.saved_searches import new_feed_key

MOST_EVENTS = 300
KEPT_DAYS = 366
"""Meetings that are over stay in a feed for so long."""


def event_of(
    meeting: Meeting, group: Group, *, base_url: str, text: str = "", may_leave: bool = True, untitled: str
) -> CalendarEvent:
    """Give what a calendar is told; of a text that stays in the forum nothing but when it is, and where."""
    return CalendarEvent(
        uid=f"{meeting.public_id}@{base_url.partition('//')[2].partition('/')[0].partition(':')[0]}",
        sequence=meeting.sequence,
        changed_at=meeting.changed_at,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        title=f"{group.short_title}: {meeting.title}" if may_leave else untitled,
        place=meeting.place if may_leave else "",
        text=text if may_leave else "",
        url=base_url.rstrip("/") + meeting_path(group.slug, meeting.public_id),
        is_cancelled=meeting.cancelled_at is not None,
    )


def get_event(session: Session, subject: Subject, *, base_url: str, untitled: str) -> CalendarEvent:
    """Give one meeting, with its agenda, for whoever read its page; the caller has asked for it."""
    points = "\n".join(f"{point.position}. {point.title}" for point in list_points(session, subject.row.id))
    return event_of(subject.row, subject.group, base_url=base_url, text=points, untitled=untitled)


def list_events(
    session: Session, actor: Actor, *, base_url: str, untitled: str, now: datetime
) -> list[CalendarEvent]:
    """Give the meetings of the actor's groups that they may read, cancelled ones too. One statement.

    A feed is kept by programs elsewhere: titles that may not leave the forum are left out of it.
    """
    rows = session.execute(
        sa.select(Meeting, Group)
        .join(Group, Group.id == Meeting.group_id)
        .where(
            Meeting.group_id.in_(sorted(actor.group_roles)),
            Meeting.status == Status.PUBLISHED,
            Meeting.ends_at >= now - timedelta(days=KEPT_DAYS),
            visible_to(actor, Meeting),
        )
        .order_by(Meeting.starts_at.desc(), Meeting.id)
        .limit(MOST_EVENTS)
    )
    return [
        event_of(
            meeting,
            group,
            base_url=base_url,
            may_leave=title_may_leave(meeting.tlp, meeting.named_list_id, is_of_survivors=False),
            untitled=untitled,
        )
        for meeting, group in rows
    ]


def make_calendar_key(session: Session, actor: Actor) -> str:
    """Give the secret of the actor's feeds, made now where there is none."""
    account = session.get_one(Account, actor.account_id)
    if account.feed_key is None:
        account.feed_key = new_feed_key()
    return account.feed_key


def find_calendar(session: Session, public_id: str, key: str) -> Account:
    """Give whose calendar is at a secret address; NotFound for any other key."""
    account = session.scalars(
        sa.select(Account).where(Account.public_id == public_id, Account.status == AccountStatus.ACTIVE)
    ).first()
    if account is None or not account.feed_key:
        raise NotFound
    if not secrets.compare_digest(account.feed_key.encode(), key.encode()):
        raise NotFound
    return account
