"""The public log: nothing closed is in it, for anybody who may not know."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action
from forum.services.moderation import decide
from forum.services.moderation_log import PAGE_SIZE, list_log, list_log_groups
from tests.builders import Builder
from tests.conftest import StoppedClock

RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def removed(build: Builder, session: Session, clock: StoppedClock):  # type: ignore[no-untyped-def]
    """Publish a post in a group, have a moderator remove it, and give (decision, author)."""

    def run(group: Group, *, named: bool = False, **columns: object) -> tuple[str, Account]:
        author, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
        if named:
            columns |= {"named_list": build.named_list(group, [author, moderator]), "tlp": Tlp.RED}
        post = build.post(build.thread(group, author, **columns), author)  # type: ignore[arg-type]
        decision = decide(
            session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id,
            action=Action.HIDE, rule="civil", reason="The reason of this decision.", now=clock(),
        )  # fmt: skip
        session.commit()
        return decision.public_id, author

    return run


def seen_by(build: Builder, account: Account | None) -> list[str]:
    return [line.public_id for line in list_log(build.session, build.actor(account)).lines]


def test_a_line_names_the_rule_and_no_person(build: Builder, removed) -> None:  # type: ignore[no-untyped-def]
    """Day, group, kind, action, rule and reason; no moderator, no author, no text."""
    group = build.group(Ceiling.PUBLIC, rules=RULES)
    decision, _ = removed(group)
    (line,) = list_log(build.session, build.actor(None)).lines
    assert (line.public_id, line.group_slug, line.kind, line.action) == (
        decision,
        group.slug,
        SubjectKind.POST,
        Action.HIDE,
    )
    assert (line.rule, line.reason, line.path, line.is_undone) == (
        "Argue with the point.",
        "The reason of this decision.",
        None,
        False,
    )


@pytest.mark.parametrize(
    ("ceiling", "tlp", "readers"),
    [
        (Ceiling.PUBLIC, Tlp.CLEAR, {"visitor", "outsider", "colleague", "member"}),
        (Ceiling.PUBLIC, Tlp.GREEN, {"outsider", "colleague", "member"}),
        (Ceiling.PUBLIC, Tlp.AMBER, {"colleague", "member"}),
        (Ceiling.PUBLIC, Tlp.RED, {"member"}),
        (Ceiling.COMMUNITY, Tlp.CLEAR, {"outsider", "colleague", "member"}),
        (Ceiling.ORGANISATIONS, Tlp.CLEAR, {"colleague", "member"}),
        (Ceiling.MEMBERS, Tlp.CLEAR, {"member"}),
    ],
)
def test_a_decision_is_logged_for_who_could_read_the_text(  # type: ignore[no-untyped-def]
    build: Builder, removed, ceiling: Ceiling, tlp: Tlp, readers: set[str]
) -> None:
    """The line and its reason speak of the text, so its base label decides; a listed group is not enough."""
    group = build.group(ceiling, rules=RULES)
    body = build.organisation()
    colleague = build.account()
    build.mandate(colleague, body)
    build.seat(group, body)
    people = {
        "visitor": None,
        "outsider": build.account(),
        "colleague": colleague,
        "member": build.member(group),
    }
    decision, _ = removed(group, tlp=tlp)
    assert {name for name, account in people.items() if decision in seen_by(build, account)} == readers


def test_named_text_is_logged_for_named_readers(build: Builder, removed) -> None:  # type: ignore[no-untyped-def]
    """Other members learn nothing of it."""
    group = build.group(rules=RULES)
    decision, author = removed(group, named=True)
    assert seen_by(build, author) == [decision]
    assert seen_by(build, build.member(group)) == []


def test_unlisted_groups_are_in_nobodys_log(build: Builder, removed) -> None:  # type: ignore[no-untyped-def]
    """Not even in that of their members."""
    group = build.group(Ceiling.MEMBERS, rules=RULES, is_listed=False)
    _, author = removed(group)
    assert seen_by(build, author) == []


def test_a_decision_on_a_paper_is_logged_by_its_label(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A held version is read by its authors alone, but the log asks who could read it published."""
    group = build.group(Ceiling.COMMUNITY, rules=RULES)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    for tlp in (Tlp.GREEN, Tlp.RED):
        version = build.paper(group, build.member(group), status=Status.PENDING, tlp=tlp)
        decide(
            session, moderator, kind=SubjectKind.VERSION, public_id=version.public_id,
            action=Action.APPROVE, now=clock(),
        )  # fmt: skip
    assert len(seen_by(build, None)) == 0
    assert len(seen_by(build, build.account())) == 1
    (line,) = list_log(session, build.actor(build.account())).lines
    assert line.path is not None
    assert line.path.endswith("/v/1")
    assert len(seen_by(build, build.member(group))) == 2


def test_the_log_is_paged(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Newest first, and every line once."""
    group = build.group(Ceiling.PUBLIC, rules=RULES)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    thread = build.thread(group)
    for _ in range(PAGE_SIZE + 1):
        post = build.post(thread, status=Status.PENDING)
        decide(
            session, moderator, kind=SubjectKind.POST, public_id=post.public_id,
            action=Action.APPROVE, now=clock(),
        )  # fmt: skip
        clock.advance(minutes=1)
    first = list_log(session, build.actor(None))
    second = list_log(session, build.actor(None), before=first.next_before)
    assert (len(first.lines), len(second.lines), second.next_before) == (PAGE_SIZE, 1, None)
    assert len({line.public_id for line in [*first.lines, *second.lines]}) == PAGE_SIZE + 1
    assert list_log(session, build.actor(None), group_slug="other").lines == []


def test_an_older_decision_that_was_entered_later_stands_where_its_day_is(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """What was imported or loaded is in its place among the others, on the page and when turning it."""
    group = build.group(Ceiling.PUBLIC, rules=RULES)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    thread = build.thread(group)
    days = [5, 9, 1, 7]
    for day in days:
        post = build.post(thread, status=Status.PENDING)
        decide(
            session, moderator, kind=SubjectKind.POST, public_id=post.public_id,
            action=Action.APPROVE, now=clock().replace(day=day),
        )  # fmt: skip
    page = list_log(session, build.actor(None))
    assert [line.day.day for line in page.lines] == sorted(days, reverse=True)
    rest = list_log(session, build.actor(None), before=page.lines[1].public_id)
    assert [line.day.day for line in rest.lines] == [5, 1]


def test_filters_narrow_and_never_widen(
    build: Builder,
    removed,
    session: Session,
    clock: StoppedClock,  # type: ignore[no-untyped-def]
) -> None:
    """By group, kind and decision; a closed group is found by no filter, nor named among the groups."""
    one, two = build.group(Ceiling.PUBLIC, rules=RULES), build.group(Ceiling.PUBLIC, rules=RULES)
    closed = build.group(Ceiling.MEMBERS, rules=RULES)
    first, _ = removed(one)
    second, _ = removed(two)
    removed(closed)
    moderator = build.actor(build.member(two, role=GroupRole.MODERATOR))
    paper = build.paper(two, status=Status.PENDING)
    third = decide(
        session, moderator, kind=SubjectKind.VERSION, public_id=paper.public_id,
        action=Action.APPROVE, now=clock(),
    ).public_id  # fmt: skip
    session.commit()
    visitor = build.actor(None)

    def found(**filters: object) -> list[str]:
        return [line.public_id for line in list_log(session, visitor, **filters).lines]  # type: ignore[arg-type]

    assert found() == [third, second, first]
    assert found(group_slug=two.slug) == [third, second]
    assert found(kind=SubjectKind.VERSION) == [third]
    assert found(action=Action.HIDE) == [second, first]
    assert found(group_slug=closed.slug) == []
    assert found(group_slug=one.slug, action=Action.APPROVE) == []
    names = [slug for slug, _title in list_log_groups(session, visitor)]
    assert sorted(names) == sorted([one.slug, two.slug])
