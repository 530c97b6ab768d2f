"""The browser's world: restrictions with their statements, appeals in their states, flags on closed texts."""

from datetime import timedelta

import sqlalchemy as sa

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Tlp
from forum.domain.moderation import Action, FlagReason, ModerationDecision
from forum.domain.statements import Statement
from forum.domain.threads import Post, Thread
from forum.services.appeals import file_appeal, reject_appeal, take_appeal
from forum.services.disclosures import disclose
from forum.services.flags import flag
from forum.services.moderation import decide
from tests.builders import SEALING, Builder

TEXT = "A text that a moderator has decided on, in a sentence that is long enough to break on a telephone."
REASON = "It repeats a claim without any source, which the rules of this group ask for."


def build_appeals(build: Builder, group: Group, thread: Thread, people: dict[str, Account]) -> dict[str, str]:
    """Build statements, appeals that wait, are taken, are answered, and closed flags; gives words."""
    member, moderator = people["member"], people["moderator"]
    first = build.member(group, build.account("Finn Firstly"), role=GroupRole.MODERATOR)
    yesterday = build.clock() - timedelta(days=1)

    def decided(action: Action = Action.HIDE) -> tuple[Post, ModerationDecision]:
        post = build.post(thread, member, text=TEXT)
        if action is Action.KEEP:
            flag(
                build.session, build.actor(people["chair"]), kind=SubjectKind.POST,
                public_id=post.public_id, reason=FlagReason.SPAM, now=yesterday,
            )  # fmt: skip
        return post, decide(
            build.session, build.actor(first), kind=SubjectKind.POST, public_id=post.public_id,
            action=action, rule="civil", reason=REASON, now=yesterday,
        )  # fmt: skip

    def appealed() -> str:
        return file_appeal(
            build.session, build.actor(member), decided()[1].public_id,
            reason="The source stands in the second paragraph.", sealing_secret=SEALING, now=build.clock(),
        ).public_id  # fmt: skip

    contested = decided()[1]
    kept = decided(Action.KEEP)[1]
    waiting, taken, answered = appealed(), appealed(), appealed()
    for one in (taken, answered):
        take_appeal(build.session, build.actor(moderator), one, sealing_secret=SEALING, now=build.clock())
    reject_appeal(
        build.session, build.actor(moderator), answered,
        answer="The second paragraph names no source either.", sealing_secret=SEALING, now=build.clock(),
    )  # fmt: skip
    statement = build.session.scalars(
        sa.select(Statement.public_id).where(Statement.decision_id == contested.id)
    ).one()
    build.session.commit()
    return {
        "statement": statement,
        "contested": contested.public_id,
        "kept": kept.public_id,
        "appeal": waiting,
        "appeal_taken": taken,
        "appeal_answered": answered,
        **_closed(build, group, people),
    }


def _closed(build: Builder, group: Group, people: dict[str, Account]) -> dict[str, str]:
    """Two flagged posts of a discussion that no moderator reads; one passage is disclosed."""
    member, chair = people["member"], people["chair"]
    named = build.named_list(group, [member, chair])
    thread = build.thread(group, chair, tlp=Tlp.RED, named_list=named)
    flags = [
        flag(
            build.session, build.actor(member), kind=SubjectKind.POST,
            public_id=build.post(thread, chair, text=TEXT).public_id, reason=FlagReason.UNCIVIL,
            explanation="It speaks about a person.", now=build.clock(),
        ).public_id
        for _ in range(2)
    ]  # fmt: skip
    disclose(build.session, build.actor(people["moderator"]), flags[1], now=build.clock())
    build.session.commit()
    return {"undisclosed": flags[0], "disclosed": flags[1]}
