"""What a moderator sees of one case."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action, FlagReason, Why
from forum.errors import NotAllowed, NotFound
from forum.services.flags import flag
from forum.services.moderation import NOTHING_SEEN, decide
from forum.services.moderation_cases import Record, get_case
from tests.builders import Builder
from tests.conftest import StoppedClock

RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(rules=RULES)


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Mona Moderator"), role=GroupRole.MODERATOR)


def test_a_held_post_with_its_neighbours(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """What it answers, what stands above it, why it waits, and what can be decided."""
    thread = build.thread(group, build.member(group), title="Hash lists")
    parent = build.post(thread, build.member(group, build.account("Ana Example")), text="The parent.")
    build.post(thread, build.member(group), parent=parent, text="An earlier reply.")
    post = build.post(thread, build.member(group), parent=parent, text="Held.", status=Status.PENDING)
    case = get_case(session, build.actor(moderator), SubjectKind.POST, post.public_id, now=clock())
    assert (case.title, case.html, case.why) == ("Hash lists", "<p>Held.</p>", Why.HELD)
    assert case.parent is not None
    assert (case.parent.html, case.parent.byline.name) == ("<p>The parent.</p>", "Ana Example")
    assert case.previous is not None
    assert case.previous.html == "<p>An earlier reply.</p>"
    assert case.actions == [Action.APPROVE, Action.REJECT]
    assert case.seen == NOTHING_SEEN


def test_the_record_counts_the_authors_other_contributions_here(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """In this group, of posts and papers, without the case itself."""
    author = build.member(group)
    thread = build.thread(group, author)
    for status in (Status.PUBLISHED, Status.REJECTED, Status.HIDDEN, Status.PENDING):
        build.post(thread, author, status=status)
    build.paper(group, author, status=Status.REJECTED)
    build.paper(group, author, status=Status.DRAFT)
    build.post(build.thread(build.group(), author), author)
    post = build.post(thread, author, status=Status.PENDING)
    case = get_case(session, build.actor(moderator), SubjectKind.POST, post.public_id, now=clock())
    assert case.record == Record(published=2, held=1, rejected=2, removed=1)


def test_there_is_no_record_under_the_chatham_house_rule(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """The moderator acts on the alias."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    post = build.post(build.thread(group), status=Status.PENDING, alias="Company A")
    case = get_case(session, build.actor(moderator), SubjectKind.POST, post.public_id, now=clock())
    assert case.record is None
    assert (case.byline.alias, case.byline.name, case.byline.organisation) == ("Company A", None, None)


def test_a_flagged_paper(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """The reasons given, without who gave them; afterwards the decision and no reason to act."""
    version = build.paper(group, build.member(group), title="A position")
    about = {"kind": SubjectKind.VERSION, "public_id": version.public_id, "now": clock()}
    text = "It names a private individual."
    flag(
        session, build.actor(build.member(group)), **about,  # type: ignore[arg-type]
        reason=FlagReason.PERSONAL_DATA, explanation=text,
    )  # fmt: skip
    actor = build.actor(moderator)
    case = get_case(session, actor, SubjectKind.VERSION, version.public_id, now=clock())
    assert (case.title, case.why, [one.explanation for one in case.flags]) == (
        "A position",
        Why.FLAGGED,
        [text],
    )
    assert set(case.actions) == {Action.HIDE, Action.KEEP}
    decision = decide(session, actor, **about, action=Action.HIDE, rule="civil", reason=text)  # type: ignore[arg-type]
    case = get_case(session, actor, SubjectKind.VERSION, version.public_id, now=clock())
    assert (case.why, case.flags, case.actions) == (None, [], [Action.RESTORE])
    assert (case.decisions[0].rule, case.decisions[0].decided_by) == (
        "Argue with the point.",
        "Mona Moderator",
    )
    assert case.seen == decision.public_id


def test_who_does_not_get_a_case(
    build: Builder, session: Session, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """One's own is refused; outsiders, and kinds that are not decided on, find nothing."""
    own = build.post(build.thread(group), moderator, status=Status.PENDING)
    with pytest.raises(NotAllowed):
        get_case(session, build.actor(moderator), SubjectKind.POST, own.public_id, now=clock())
    outsider = build.member(build.group(), role=GroupRole.MODERATOR)
    for account, kind, public_id in (
        (outsider, SubjectKind.POST, own.public_id),
        (moderator, SubjectKind.POST, "absent"),
        (moderator, SubjectKind.CONSULTATION, "absent"),
    ):
        with pytest.raises(NotFound):
            get_case(session, build.actor(account), kind, public_id, now=clock())
