"""The browser's world: what is held, flagged, decided on and told."""

from datetime import timedelta

import sqlalchemy as sa

from config.testing import SECRET_KEY
from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.moderation import Action, FlagReason
from forum.domain.notices import Notice, NoticeKind
from forum.domain.notices_of_illegality import LegalNotice
from forum.domain.organisations import Organisation
from forum.domain.protected import ProtectedCase
from forum.domain.threads import Post, Thread
from forum.services.flags import flag
from forum.services.mail_preferences import stop_token
from forum.services.moderation import decide
from tests.builders import Builder

TEXT = "A text that waits for somebody to look at it, and says what it has to say in one sentence."


def build_moderation(
    build: Builder, group: Group, thread: Thread, people: dict[str, Account], body: Organisation
) -> dict[str, str]:
    """Build one of each state of a case, and notices of each kind; gives words for paths."""
    now, member = build.clock(), people["member"]
    held = build.post(
        thread, member, text=TEXT, status=Status.PENDING, organisation=body, held_because="newcomer"
    )
    late = build.post(thread, people["chair"], text=TEXT, status=Status.PENDING, held_because="everything")
    late.created_at = now - timedelta(days=9)
    paper = build.paper(group, member, title="A position that waits", text=TEXT, status=Status.PENDING)
    flagged = build.post(thread, member, text=TEXT, organisation=body)
    for name, reason in (("chair", FlagReason.ILLEGAL), ("secretariat", FlagReason.UNCIVIL)):
        flag(
            build.session,
            build.actor(people[name]),
            kind=SubjectKind.POST,
            public_id=flagged.public_id,
            reason=reason,
            explanation="It seems to name a private individual.",
            notice=LegalNotice("/posts/x", "A Reader", "reader@members.example", is_in_good_faith=True),
            now=now,
        )
    removed = build.post(thread, member, text=TEXT)
    decision = decide(
        build.session,
        build.actor(people["moderator"]),
        kind=SubjectKind.POST,
        public_id=removed.public_id,
        action=Action.HIDE,
        rule="civil",
        reason="This speaks about the person rather than about the point.",
        now=now - timedelta(minutes=5),  # its letter has gone
    )
    told: list[tuple[NoticeKind, Post | None]] = [
        (NoticeKind.HELD, held),
        (NoticeKind.REPLIED, late),
        (NoticeKind.MENTIONED, flagged),
        (NoticeKind.DECIDED, removed),
        (NoticeKind.INVITED, None),
    ]
    for number, (kind, about) in enumerate(told):
        notice = Notice(
            account_id=member.id,
            kind=kind,
            subject_kind=SubjectKind.POST if about else None,
            subject_id=about.id if about else None,
            decision_id=decision.id if kind is NoticeKind.DECIDED else None,
            group_id=group.id,
            key=f"notice-{number}",
            created_at=now,
            read_at=now if number > 3 else None,
        )
        build.session.add(notice)
    build.session.commit()
    locked = build.post(thread, member, text=TEXT, organisation=body)
    flag(
        build.session,
        build.actor(people["chair"]),
        kind=SubjectKind.POST,
        public_id=locked.public_id,
        reason=FlagReason.VICTIM,
        now=now,
    )
    case = build.session.scalars(sa.select(ProtectedCase.public_id)).one()
    return {
        "locked": case,
        "held": held.public_id,
        "held_paper": paper.public_id,
        "flagged": flagged.public_id,
        "removed": removed.public_id,
        "stop": stop_token(SECRET_KEY, member.public_id, NoticeKind.REPLIED),
    }
