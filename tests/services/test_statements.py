"""Statements of reasons: one with every restriction, who reads it, and what is given out."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import RESTRICTIONS, Action, FlagReason, ModerationDecision
from forum.domain.notices_of_illegality import LegalNotice
from forum.domain.statement_schema import find_faults
from forum.domain.statements import Statement
from forum.domain.threads import Post
from forum.errors import Invalid, NotAllowed, NotFound
from forum.services.flags import flag
from forum.services.further_decisions import Terms, suspend_account
from forum.services.moderation import decide, undo_decision
from forum.services.statements import get_fields, get_statement, list_statements
from tests.builders import Builder
from tests.conftest import StoppedClock

REASON = "It repeats a claim without any source."
RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, rules=RULES)


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Mona Exampleton"), role=GroupRole.MODERATOR)


@pytest.fixture
def secretary(build: Builder) -> Account:
    return build.account(platform_role=PlatformRole.SECRETARIAT)


def hide(
    session: Session, build: Builder, moderator: Account, post: Post, **changes: Any
) -> ModerationDecision:
    values: dict[str, Any] = {"action": Action.HIDE, "rule": "civil", "reason": REASON, "now": build.clock()}
    decision = decide(
        session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id, **(values | changes)
    )
    session.commit()
    return decision


def statement_of(session: Session, decision: ModerationDecision) -> Statement:
    return session.scalars(sa.select(Statement).where(Statement.decision_id == decision.id)).one()


@pytest.mark.parametrize("action", sorted(RESTRICTIONS))
@pytest.mark.parametrize("rule", ["civil", "law-hatred"])
def test_every_restriction_has_a_valid_statement(
    build: Builder, session: Session, group: Group, moderator: Account, action: Action, rule: str
) -> None:
    """Whichever restriction, on a rule of the group or on a law: the schema takes it."""
    other = build.group(Ceiling.PUBLIC)
    build.member(other, moderator, role=GroupRole.MODERATOR)
    status = Status.PENDING if action is Action.REJECT else Status.PUBLISHED
    thread = build.thread(group, build.member(group), status=status)
    post = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    terms = Terms(tlp=Tlp.AMBER, until=build.clock().date() + timedelta(days=7), target=other.slug)
    decision = hide(session, build, moderator, post, action=action, rule=rule, terms=terms)
    fields = statement_of(session, decision).fields
    assert find_faults(fields) == []
    assert fields["puid"] == statement_of(session, decision).public_id
    law = fields["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert law == (rule == "law-hatred")
    assert fields["illegal_content_explanation" if law else "incompatible_content_explanation"] == REASON
    if action is Action.SUSPEND:
        assert fields["end_date_service_restriction"] == terms.until.isoformat()  # type: ignore[union-attr]


def test_what_restricts_nothing_has_none(
    build: Builder, session: Session, group: Group, moderator: Account
) -> None:
    """A warning, a request and a publication are no restrictions."""
    thread = build.thread(group)
    for action in (Action.WARN, Action.ASK_CHANGE):
        hide(session, build, moderator, build.post(thread), action=action)
    hide(session, build, moderator, build.post(thread, status=Status.PENDING), action=Action.APPROVE)
    assert session.scalars(sa.select(Statement)).all() == []


@pytest.mark.parametrize(
    ("reasons", "source"),
    [
        ([], "SOURCE_VOLUNTARY"),
        ([FlagReason.SPAM], "SOURCE_TYPE_OTHER_NOTIFICATION"),
        ([FlagReason.SPAM, FlagReason.ILLEGAL], "SOURCE_ARTICLE_16"),
    ],
    ids=["unasked", "flagged", "illegal"],
)
def test_it_says_what_led_to_it(
    build: Builder, session: Session, group: Group, moderator: Account,
    reasons: list[FlagReason], source: str,
) -> None:  # fmt: skip
    """Moderators themselves, a flag, or a notice of something illegal; never by whom."""
    post = build.post(build.thread(group), build.member(group))
    for reason in reasons:
        flag(
            session, build.actor(build.account()), kind=SubjectKind.POST, public_id=post.public_id,
            reason=reason, explanation="This is why I think so.", now=build.clock(), **NOTICE,
        )  # fmt: skip
    fields = statement_of(session, hide(session, build, moderator, post)).fields
    assert fields["source_type"] == source
    assert "source_identity" not in fields


NOTICE: dict[str, Any] = {
    "notice": LegalNotice("https://forum.example/posts/x", "A Reader", "reader@members.example", True)
}


@pytest.mark.parametrize(
    "reason",
    [
        "As Ann Authorly wrote before, this is no argument.",
        "The claims of Memberson are repeated without a source.",
        "Far Stranger has said the same thing before.",
    ],
    ids=["author", "a member's surname", "anybody's full name"],
)
@pytest.mark.parametrize("action", [Action.HIDE, Action.WARN])
def test_a_reason_names_nobody(
    build: Builder, session: Session, group: Group, moderator: Account, reason: str, action: Action
) -> None:
    """Not the author, no member, nobody with an account; the complaint is at the field."""
    author = build.member(group, build.account("Ann Authorly"))
    build.member(group, build.account("Max Memberson"))
    build.account("Far Stranger")
    post = build.post(build.thread(group), author)
    with pytest.raises(Invalid, match="name of the person") as caught:
        hide(session, build, moderator, post, reason=reason, action=action)
    assert caught.value.field == "reason"
    session.rollback()
    assert post.status is Status.PUBLISHED


def test_under_the_chatham_house_rule_it_has_no_language(build: Builder, session: Session) -> None:
    """The language could tell who wrote."""
    open_, sealed = build.group(), build.group(attribution=Attribution.CHATHAM_HOUSE)
    found = []
    for group in (open_, sealed):
        keeper = build.member(group, role=GroupRole.MODERATOR)
        post = build.post(build.thread(group), language="mt")
        found.append(
            statement_of(session, hide(session, build, keeper, post, rule="")).fields.get("content_language")
        )
    assert found == ["MT", None]


def test_who_reads_it(
    build: Builder,
    session: Session,
    clock: StoppedClock,
    group: Group,
    moderator: Account,
    secretary: Account,
) -> None:
    """Its author after the time to undo, from outside too, and the group's moderators; nobody else."""
    author = build.account()
    post = build.post(build.thread(group), author)
    statement = statement_of(session, hide(session, build, moderator, post))
    with pytest.raises(NotFound):
        get_statement(session, build.actor(author), statement.public_id, now=clock())
    clock.advance(seconds=61)
    view = get_statement(session, build.actor(author), statement.public_id, now=clock())
    assert (view.is_author, view.rule, view.decision.reason) == (True, "Argue with the point.", REASON)
    assert not get_statement(session, build.actor(moderator), statement.public_id, now=clock()).is_author
    stranger = build.member(build.group(), role=GroupRole.MODERATOR)
    for person in (None, build.member(group), stranger, secretary):
        with pytest.raises(NotFound):
            get_statement(session, build.actor(person), statement.public_id, now=clock())


def test_a_decision_taken_back_leaves_none(
    build: Builder,
    session: Session,
    clock: StoppedClock,
    group: Group,
    moderator: Account,
    secretary: Account,
) -> None:
    """Neither on a page nor in an export."""
    decision = hide(session, build, moderator, build.post(build.thread(group)))
    statement = statement_of(session, decision)
    undo_decision(session, build.actor(moderator), decision.public_id, now=clock())
    clock.advance(hours=1)
    with pytest.raises(NotFound):
        get_statement(session, build.actor(moderator), statement.public_id, now=clock())
    assert not list_statements(session, build.actor(secretary), now=clock()).statements


def test_the_secretariat_takes_out_what_it_could_read(
    build: Builder,
    session: Session,
    clock: StoppedClock,
    group: Group,
    moderator: Account,
    secretary: Account,
) -> None:
    """Of public groups, not of closed or unlisted ones; the operator gets all; nobody else any."""
    closed, secret = build.group(rules=RULES), build.group(rules=RULES, is_listed=False)
    made = []
    for one in (group, closed, secret):
        if one is not group:
            build.member(one, moderator, role=GroupRole.MODERATOR)
        made.append(statement_of(session, hide(session, build, moderator, build.post(build.thread(one)))))
    assert not list_statements(session, build.actor(secretary), now=clock()).statements
    clock.advance(seconds=61)
    found = list_statements(session, build.actor(secretary), now=clock()).statements
    assert [one["puid"] for one in found] == [made[0].public_id]
    assert len(list_statements(session, None, now=clock()).statements) == 3
    by_group = list_statements(session, None, now=clock(), group_slug=closed.slug).statements
    assert [one["puid"] for one in by_group] == [made[1].public_id]
    assert get_fields(session, build.actor(secretary), made[0].public_id, now=clock()) == made[0].fields
    with pytest.raises(NotFound):
        get_fields(session, build.actor(secretary), made[1].public_id, now=clock())
    for person in (moderator, build.account()):
        with pytest.raises(NotAllowed):
            list_statements(session, build.actor(person), now=clock())
        with pytest.raises(NotAllowed):
            get_fields(session, build.actor(person), made[0].public_id, now=clock())


def test_batches_follow_each_other(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """At most a hundred in one, each exactly once, by the days asked for; a cursor of nowhere is refused."""
    thread = build.thread(group)
    for _ in range(5):
        hide(session, build, moderator, build.post(thread))
        clock.advance(days=1)
    seen: list[str] = []
    after = None
    while True:
        batch = list_statements(session, None, now=clock(), limit=2, after=after)
        assert len(batch.statements) <= 2
        seen += [one["puid"] for one in batch.statements]
        after = batch.next_after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert len(list_statements(session, None, now=clock(), limit=1000).statements) == 5
    day = clock().date() - timedelta(days=3)
    assert len(list_statements(session, None, now=clock(), since=day, until=day).statements) == 1
    with pytest.raises(Invalid, match="no page"):
        list_statements(session, None, now=clock(), after="nowhere")


def test_of_a_suspended_account(
    build: Builder, session: Session, clock: StoppedClock, secretary: Account
) -> None:
    """The person it is about reads it, though suspended, and the secretariat takes it out."""
    person = build.account()
    decision = suspend_account(
        session, build.actor(secretary), person.public_id,
        until=clock().date(), reason="It was the fourth warning in a month.", now=clock(),
    )  # fmt: skip
    session.commit()
    clock.advance(seconds=61)
    statement = statement_of(session, decision)
    assert find_faults(statement.fields) == []
    assert get_statement(session, build.actor(person), statement.public_id, now=clock()).is_author
    assert len(list_statements(session, build.actor(secretary), now=clock()).statements) == 1
    with pytest.raises(NotFound):
        get_statement(session, build.actor(build.account()), statement.public_id, now=clock())
