"""The moderation pages: the whole way through the queue without JavaScript, and who does not get in."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Flag, ModerationDecision
from forum.domain.threads import Post
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
REASON = "This names a private individual."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Mona Moderator"), role=GroupRole.MODERATOR)


@pytest.fixture
def held(build: Builder, group: Group) -> list[Post]:
    """Two held posts of two people."""
    thread = build.thread(group, build.member(group), title="Hash lists")
    return [build.post(thread, build.member(group), status=Status.PENDING) for _ in range(2)]


def case_path(post: Post) -> str:
    return f"/moderation/cases/post/{post.public_id}"


def seen_in(page: str) -> str:
    field = BeautifulSoup(page, "html.parser").select_one("input[name=seen]")
    assert field is not None
    return str(field.get("value") or "")


def test_from_the_queue_through_the_cases_and_back(
    session: Session, client_of: ClientOf, moderator: Account, held: list[Post]
) -> None:
    """The queue leads to a case, a decision to the next one, the last decision to the empty queue."""
    client = client_of(moderator)
    queue = client.get("/moderation/")
    assert case_path(held[0]) in queue.text
    assert case_path(held[1]) in queue.text
    answer = submit(client, case_path(held[0]), {"action": "approve"})
    assert (answer.status_code, answer.location) == (303, case_path(held[1]))
    decision = {"action": "reject", "rule": "civil", "reason": REASON}
    answer = submit(client, case_path(held[1]), decision)
    assert (answer.status_code, answer.location) == (303, "/moderation/")
    queue = client.get("/moderation/")
    assert "Nothing waits for you here" in queue.text
    assert "Rejected: Hash lists" in queue.text
    look_again(session)
    assert [post.status for post in held] == [Status.PUBLISHED, Status.REJECTED]


def test_filters_stay_on_the_way(
    client_of: ClientOf, moderator: Account, group: Group, held: list[Post]
) -> None:
    """What was chosen in the queue holds for the next case; nonsense filters nothing."""
    client = client_of(moderator)
    answer = submit(client, f"{case_path(held[0])}?group={group.slug}&why=held", {"action": "approve"})
    assert answer.location == f"{case_path(held[1])}?group={group.slug}&why=held"
    assert case_path(held[1]) in client.get("/moderation/?kind=post&why=nonsense&bucket=x&page=99").text
    kept = client.get("/moderation/?kind=post").text
    assert f"{case_path(held[1])}?kind=post" in kept
    assert case_path(held[1]) not in client.get("/moderation/?kind=version").text


def test_a_mistake_keeps_what_was_typed(
    session: Session, client_of: ClientOf, moderator: Account, held: list[Post]
) -> None:
    """A reason too short or a missing rule: 422, the message at its field, nothing decided."""
    client = client_of(moderator)
    for data, message in (
        ({"action": "reject", "rule": "civil", "reason": "Too short"}, "at least one sentence"),
        ({"action": "reject", "reason": REASON}, "Choose the rule"),
        ({"action": "reject", "rule": "other", "reason": REASON}, "Choose one of the list."),
        ({"action": "hide", "rule": "civil", "reason": REASON}, "cannot be decided that way"),
        ({"action": "undo", "reason": REASON}, "Choose one of the decisions"),
        ({"action": "x", "reason": REASON}, "Choose one of the decisions"),
        ({"reason": REASON}, "Choose one of the decisions"),
    ):
        answer = submit(client, case_path(held[0]), data)
        assert answer.status_code == 422
        assert message in errors_in(answer)
        assert data["reason"] in answer.text
    assert session.scalars(sa.select(ModerationDecision)).all() == []


def test_the_letter_can_be_read_before_it_is_sent(
    session: Session, client_of: ClientOf, moderator: Account, held: list[Post]
) -> None:
    """It shows rule and reason, and decides nothing."""
    client = client_of(moderator)
    answer = submit(client, case_path(held[0]), {"preview": "reject", "rule": "civil", "reason": REASON})
    letter = BeautifulSoup(answer.text, "html.parser").select_one("#letter")
    assert letter is not None
    for part in ("Your contribution was not published.", "Argue with the point.", REASON):
        assert part in letter.get_text()
    answer = submit(client, case_path(held[0]), {"preview": "reject", "rule": "civil", "reason": "No"})
    assert answer.status_code == 422
    assert session.scalars(sa.select(ModerationDecision)).all() == []


def test_the_second_moderator_is_told_and_may_decide_anew(
    build: Builder, client_of: ClientOf, group: Group, moderator: Account, held: list[Post]
) -> None:
    """409 with the name of who decided, the typed reason kept, and the new state of the case."""
    second = client_of(build.member(group, role=GroupRole.MODERATOR))
    seen = seen_in(second.get(case_path(held[0])).text)
    submit(client_of(moderator), case_path(held[0]), {"action": "approve"})
    decision = {"action": "hide", "rule": "civil", "reason": REASON}
    answer = submit(second, case_path(held[0]), decision | {"seen": seen})
    assert answer.status_code == 409
    assert "already decided by Mona Moderator" in errors_in(answer)
    assert REASON in answer.text
    again = submit(second, case_path(held[0]), decision | {"seen": seen_in(answer.text)})
    assert again.status_code == 303


def test_pressing_twice_decides_once(
    session: Session, client_of: ClientOf, moderator: Account, held: list[Post]
) -> None:
    """The second press of the same form leads on without a complaint."""
    client = client_of(moderator)
    data = {"action": "approve", "submission": "the-same-key"}
    assert submit(client, case_path(held[0]), data).status_code == 303
    assert submit(client, case_path(held[0]), data).status_code == 303
    assert len(session.scalars(sa.select(ModerationDecision)).all()) == 1


def test_a_decision_is_taken_back_with_one_button(
    session: Session, client_of: ClientOf, clock: StoppedClock, moderator: Account, held: list[Post]
) -> None:
    """For a minute the queue offers it; afterwards it does not."""
    client = client_of(moderator)
    submit(client, case_path(held[0]), {"action": "approve"})
    decision = session.scalars(sa.select(ModerationDecision)).one()
    path = f"/moderation/decisions/{decision.public_id}/undo"
    assert path in client.get("/moderation/").text
    assert submit(client, path).location == case_path(held[0])
    look_again(session)
    assert held[0].status is Status.PENDING
    assert path not in client.get("/moderation/").text
    submit(client, case_path(held[0]), {"action": "approve"})
    clock.advance(seconds=61)
    assert "/undo" not in client.get("/moderation/").text


def test_who_does_not_get_in(
    build: Builder, client_of: ClientOf, group: Group, moderator: Account, held: list[Post]
) -> None:
    """Visitors sign in first, other roles and own texts are refused, other moderators find nothing."""
    assert client_of(None).get("/moderation/").status_code == 302
    chair = client_of(build.member(group, role=GroupRole.CHAIR))
    assert chair.get("/moderation/").status_code == 403
    assert chair.get(case_path(held[0])).status_code == 403
    stranger = client_of(build.member(build.group(), role=GroupRole.MODERATOR))
    assert stranger.get(case_path(held[0])).status_code == 404
    assert submit(stranger, case_path(held[0]), {"action": "approve"}).status_code == 404
    own = build.post(build.thread(group), moderator, status=Status.PENDING)
    assert client_of(moderator).get(case_path(own)).status_code == 403
    assert client_of(moderator).get(f"/moderation/cases/thread/{own.public_id}").status_code == 404


def test_a_case_of_every_kind_is_shown(
    build: Builder, client_of: ClientOf, clock: StoppedClock, group: Group, moderator: Account
) -> None:
    """A held paper, a removed post, a flagged one with why."""
    client = client_of(moderator)
    paper = build.paper(group, build.member(group), title="A position", status=Status.PENDING)
    assert "A position" in client.get(f"/moderation/cases/version/{paper.public_id}").text
    hidden = build.post(build.thread(group), build.member(group), status=Status.HIDDEN)
    assert 'value="restore"' in client.get(case_path(hidden)).text
    quiet = build.post(build.thread(group), build.member(group))
    assert 'value="keep"' not in client.get(case_path(quiet)).text


def test_the_log_and_the_report_are_public(
    build: Builder, client_of: ClientOf, moderator: Account, held: list[Post]
) -> None:
    """A decision is in both, without the moderator's name."""
    visitor = client_of(None)
    assert "No decisions yet" in visitor.get("/moderation/log").text
    assert "No decisions yet" in visitor.get("/moderation/transparency").text
    decision = {"action": "reject", "rule": "civil", "reason": REASON}
    submit(client_of(moderator), case_path(held[0]), decision)
    log = visitor.get("/moderation/log").text
    assert REASON in log
    assert "a moderator" in log
    assert "Mona" not in log
    report = visitor.get("/moderation/transparency").text
    assert "March 2026" in report
    assert "Argue with the point." in report


def test_flagging_by_page(
    build: Builder, session: Session, client_of: ClientOf, group: Group, moderator: Account
) -> None:
    """The form keeps what was typed; a flag is in the queue; a second one is a conflict."""
    reader = client_of(build.member(group))
    post = build.post(build.thread(group), build.member(group))
    path = f"/posts/{post.public_id}/flag"
    assert client_of(None).get(path).status_code == 302
    assert "Ask a moderator to look" in reader.get(path).text
    answer = submit(reader, path, {"reason": "illegal", "explanation": "short"})
    assert answer.status_code == 422
    assert "Say in a sentence" in errors_in(answer)
    assert submit(reader, path, {"reason": "nonsense"}).status_code == 422
    notice = {"reason": "illegal", "explanation": REASON, "location": f"http://localhost{path}"}
    assert "in good faith" in errors_in(submit(reader, path, notice))
    notice |= {"good_faith": "y"}
    assert "Give your name" in errors_in(submit(reader, path, notice))
    notice |= {"name": "A Reader", "email": "reader@members.example"}
    answer = submit(reader, path, notice)
    assert (answer.status_code, answer.location) == (303, f"/posts/{post.public_id}")
    assert session.scalars(sa.select(Flag.explanation)).one() == REASON
    assert reader.get(path).status_code == 409
    queue = client_of(moderator).get("/moderation/").text
    assert "Flagged as illegal" in queue
    assert "Is illegal" in queue


def test_flagging_a_paper_by_its_lasting_address(build: Builder, client_of: ClientOf, group: Group) -> None:
    """Closed, absent and unnumbered versions answer alike."""
    from forum.domain.papers import Paper

    reader = client_of(build.member(group))
    version = build.paper(group, build.member(group))
    public_id = build.session.get_one(Paper, version.paper_id).public_id
    answer = submit(reader, f"/papers/{public_id}/v/1/flag", {"reason": "spam"})
    assert (answer.status_code, answer.location) == (303, f"/papers/{public_id}/v/1")
    look_again(build.session)
    closed = build.paper(build.group())
    closed_id = build.session.get_one(Paper, closed.paper_id).public_id
    for path in (f"/papers/{public_id}/v/2/flag", f"/papers/{closed_id}/v/1/flag", "/papers/absent/v/1/flag"):
        assert reader.get(path).status_code == 404
