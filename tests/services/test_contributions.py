"""What I wrote and what became of it, here and in groups that I have left."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.comments import CommentAnswer, Disposition
from forum.domain.groups import GroupRole, Membership
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, FlagReason
from forum.domain.papers import Paper
from forum.domain.signatures import Signature
from forum.domain.threads import Post
from forum.extensions import db
from forum.services.citations import record_citations
from forum.services.contributions import (
    PAGE_SIZE,
    Contribution,
    ContributionFilter,
    list_contributions,
)
from forum.services.flags import flag
from forum.services.moderation import decide, undo_decision
from forum.services.sealing import account_key, sealed_key
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import count_statements

REASON = "This names a private individual."
RULES = [{"key": "civil", "text": "Argue with the point."}]


def mine(build: Builder, account: Account, page: int = 1) -> list[Contribution]:
    found = list_contributions(
        build.session, build.actor(account), sealing_secret=SEALING, now=build.clock(), page=page
    )
    return list(found.contributions)


def test_posts_and_papers_with_their_state(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Newest first, with a copy of the text, where it stands, and what a moderator decided and why."""
    group = build.group(rules=RULES)
    author = build.member(group)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    thread = build.thread(group, author, title="Hash lists")
    clock.advance(minutes=1)
    post = build.post(thread, author, text="Held.", status=Status.PENDING, held_because="newcomer")
    clock.advance(minutes=1)
    paper = build.paper(group, author, title="A position")
    clock.advance(minutes=1)
    rejected = build.post(thread, author, text="Rejected.", status=Status.PENDING)
    about = {"kind": SubjectKind.POST, "public_id": rejected.public_id, "now": clock()}
    decide(session, moderator, **about, action=Action.REJECT, rule="civil", reason=REASON)  # type: ignore[arg-type]
    one, two, three, four = mine(build, author)
    assert (one.status, one.html, one.title) == (Status.REJECTED, "<p>Rejected.</p>", "Hash lists")
    assert one.outcome is not None
    assert (one.outcome.action, one.outcome.rule, one.outcome.reason) == (
        Action.REJECT,
        "Argue with the point.",
        REASON,
    )
    assert (two.kind, two.title, two.status) == (SubjectKind.VERSION, "A position", Status.PUBLISHED)
    assert two.path is not None
    assert two.path.endswith("/v/1")
    assert two.public_id == paper.public_id
    assert (three.public_id, three.status, three.held_because) == (post.public_id, Status.PENDING, "newcomer")
    assert four.title == "Hash lists"


def test_who_left_a_group_keeps_a_copy_and_no_way_in(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """One's own words, sent in whatever state; no link, no name of an unlisted group, no title of others."""
    group = build.group(is_listed=False)
    author = build.member(group)
    foreign = build.thread(group, build.member(group), title="A telling title")
    build.post(foreign, author, text="My published reply.")
    build.post(foreign, author, text="My held reply.", status=Status.PENDING)
    build.thread(group, author, title="My own title", text="My opening.")
    build.paper(group, author, title="My paper", text="My text.")
    build.paper(group, author, title="A common draft", status=Status.DRAFT)
    assert any(one.status is Status.DRAFT for one in mine(build, author))
    of_author = Membership.account_id == author.id
    session.execute(sa.update(Membership).where(of_author).values(ended_at=clock()))
    session.commit()
    found = mine(build, author)
    assert {one.html for one in found} == {
        "<p>My published reply.</p>",
        "<p>My held reply.</p>",
        "<p>My opening.</p>",
        "<p>My text.</p>",
    }
    assert {one.title for one in found} == {None, "My own title", "My paper"}
    assert {(one.path, one.group) for one in found} == {(None, None)}


def test_texts_of_ones_bodies_are_listed_where_they_can_be_read(build: Builder, clock: StoppedClock) -> None:
    """A colleague's published and held text; not what a narrower label keeps from this person; no copies."""
    body = build.organisation()
    group = build.group("community")  # type: ignore[arg-type]
    author = build.member(group, seat=build.seat(group, body))
    colleague, stranger = build.account(), build.account()
    build.mandate(colleague, body)
    thread = build.thread(group, build.member(group))
    open_post = build.post(thread, author, organisation=body)
    held = build.post(thread, author, organisation=body, status=Status.PENDING)
    build.paper(group, author, organisation=body, tlp=Tlp.RED)
    found = mine(build, colleague)
    assert {one.public_id for one in found} == {open_post.public_id, held.public_id}
    assert {(one.is_mine, one.html) for one in found} == {(False, None)}
    assert mine(build, stranger) == []


def test_a_sealed_author_finds_their_own(build: Builder, session: Session) -> None:
    """Under the Chatham House Rule too; a stranger finds nothing of it."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    author = build.member(group)
    post = build.post(build.thread(group), text="Sealed.", alias="NGO B")
    key = sealed_key(SEALING, account_key(author.id))
    session.add(Authorship(subject_kind=SubjectKind.POST, subject_id=post.id, writer_key=key))
    session.commit()
    (one,) = mine(build, author)
    assert (one.html, one.is_sealed, one.is_mine) == ("<p>Sealed.</p>", True, True)
    assert mine(build, build.member(group)) == []


def test_decisions_that_the_author_is_not_told_of(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A flag that was kept, and a decision that was taken back, leave no trace here."""
    group = build.group(rules=RULES)
    author, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
    actor = build.actor(moderator)
    kept, undone = (build.post(build.thread(group), author) for _ in range(2))
    about = {"kind": SubjectKind.POST, "public_id": kept.public_id, "now": clock()}
    flag(session, build.actor(build.member(group)), **about, reason=FlagReason.SPAM)  # type: ignore[arg-type]
    decide(session, actor, **about, action=Action.KEEP)  # type: ignore[arg-type]
    about["public_id"] = undone.public_id
    made = decide(session, actor, **about, action=Action.HIDE, rule="civil", reason=REASON)  # type: ignore[arg-type]
    undo_decision(session, actor, made.public_id, now=clock())
    assert [one.outcome for one in mine(build, author)] == [None, None]


def test_a_statement_is_led_to_once_it_can_be_read(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Not in the minute in which the decision can be taken back."""
    group = build.group(rules=RULES)
    author, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
    post = build.post(build.thread(group), author)
    decide(
        session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id,
        action=Action.HIDE, rule="civil", reason=REASON, now=clock(),
    )  # fmt: skip
    session.commit()
    (early,) = mine(build, author)
    clock.advance(seconds=60)
    (later,) = mine(build, author)
    assert early.outcome is not None
    assert later.outcome is not None
    assert early.outcome.statement is None
    assert later.outcome.statement is not None


def test_pages_and_statements(build: Builder, clock: StoppedClock) -> None:
    """Every contribution once; a full page takes no more statements than a short one."""
    group = build.group()
    author = build.member(group)
    thread = build.thread(group, author)
    build.paper(group, author)
    actor = build.actor(author)

    def statements() -> int:
        with count_statements(db.engine) as seen:
            list_contributions(build.session, actor, sealing_secret=SEALING, now=clock())
        return len(seen)

    few = statements()
    for _ in range(PAGE_SIZE):
        build.post(thread, author)
        clock.advance(seconds=1)
    assert statements() <= few <= 13
    pages = [mine(build, author, page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE_SIZE, 2, 0]
    assert len({one.public_id for page in pages for one in page}) == PAGE_SIZE + 2


def test_what_came_back_is_told(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Replies, comments on a version, and where a reader may read that it is cited."""
    group, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    author, other = build.member(group), build.member(group)
    build.member(closed, other)
    thread = build.thread(group, author, title="My question")
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    build.post(thread, other, text="An answer.")
    build.post(thread, other, text="A held answer.", status=Status.PENDING)
    paper = build.paper(group, author)
    build.thread(group, other, kind="comment", paper_id=paper.paper_id, version_id=paper.id)
    address = f"/papers/{session.get_one(Paper, paper.paper_id).public_id}/v/1"
    for place in (group, closed):
        citing = build.post(build.thread(place, other, title=f"Citing in {place.slug}"), other)
        text = f"As {address} and /posts/{opening.public_id} say."
        record_citations(session, SubjectKind.POST, citing.id, text)
    session.commit()
    found = {one.public_id: one.echo for one in mine(build, author)}
    question, position = found[opening.public_id], found[paper.public_id]
    assert (question.replies, position.replies) == (1, 1)
    for echo in (question, position):
        assert [line.title for line in echo.cited] == [f"Citing in {group.slug}"]


def test_an_answered_comment_tells_how_and_why(build: Builder, session: Session, clock: StoppedClock) -> None:
    """With the reason; what was given before and replaced is not told."""
    group = build.group()
    author = build.member(group)
    paper = build.paper(group, build.member(group))
    thread = build.thread(group, author, kind="comment", paper_id=paper.paper_id, version_id=paper.id)
    given = {"thread_id": thread.id, "answered_at": clock()}
    session.add(CommentAnswer(disposition=Disposition.NOTED, reason="Not yet.", replaced_at=clock(), **given))
    session.add(CommentAnswer(disposition=Disposition.PARTLY, reason="In paragraph 3.", **given))
    session.commit()
    (one,) = mine(build, author)
    assert one.echo.answered is not None
    assert (one.echo.answered.disposition, one.echo.answered.reason) == (
        Disposition.PARTLY,
        "In paragraph 3.",
    )


def test_filters(build: Builder, session: Session) -> None:
    """By kind, state, and whose; what is unknown narrows nothing."""
    body = build.organisation()
    group = build.group(Ceiling.PUBLIC)
    author, colleague = build.member(group), build.member(group)
    build.mandate(author, body), build.mandate(colleague, body)
    thread = build.thread(group, author)
    held = build.post(thread, author, status=Status.PENDING)
    paper = build.paper(group, author)
    theirs = build.post(thread, colleague, organisation=body)

    def found(**chosen: object) -> set[str]:
        page = list_contributions(
            session,
            build.actor(author),
            sealing_secret=SEALING,
            now=build.clock(),
            chosen=ContributionFilter(**chosen),  # type: ignore[arg-type]
        )
        return {one.public_id for one in page.contributions}

    everything = found()
    assert {held.public_id, paper.public_id, theirs.public_id} < everything
    assert found(kind="version") == {paper.public_id}
    assert found(status=Status.PENDING) == {held.public_id}
    assert found(whose="me") == everything - {theirs.public_id}
    assert found(whose=body.slug) == {theirs.public_id}
    assert found(whose="another-body") == everything
    assert found(kind="signature") == set()


def test_signatures_of_ones_bodies_are_listed(build: Builder, session: Session, clock: StoppedClock) -> None:
    """For the body and to its people alone, with the way to their copy."""
    body = build.organisation("Example Signer")
    group = build.group(Ceiling.MEMBERS, is_listed=False)
    signer, stranger = build.account(), build.account()
    build.mandate(signer, body)
    version = build.paper(group, build.member(group), title="Joint", purpose="joint_position")
    session.add(
        Signature(version_id=version.id, organisation_id=body.id, answered_by_id=signer.id, signed_at=clock())
    )
    session.commit()
    (one,) = mine(build, signer)
    assert (one.title, one.signed_for, one.is_mine, one.group) == ("Joint", "Example Signer", True, None)
    assert one.path == f"/signing/{session.get_one(Paper, version.paper_id).public_id}/"
    assert mine(build, stranger) == []


def test_echoes_cost_the_same_for_one_and_for_a_page(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Replies, answers, citations, signatures: no statement a line."""
    body = build.organisation()
    group = build.group(Ceiling.PUBLIC)
    author, other = build.member(group), build.member(group)
    build.mandate(author, body)
    counts = []
    for size in (1, PAGE_SIZE):
        for _ in range(size):
            clock.advance(minutes=1)
            thread = build.thread(group, author)
            build.post(thread, other)
            version = build.paper(group, author)
            joint = build.paper(group, other, purpose="joint_position")
            session.add(
                Signature(
                    version_id=joint.id, organisation_id=body.id, answered_by_id=author.id, signed_at=clock()
                )
            )
            record_citations(
                session,
                SubjectKind.VERSION,
                joint.id,
                f"/papers/{session.get_one(Paper, version.paper_id).public_id}/",
            )
        session.commit()
        actor = build.actor(author)
        with count_statements(db.engine) as seen:
            list_contributions(session, actor, sealing_secret=SEALING, now=clock())
        counts.append(len(seen))
    assert counts[0] == counts[1]
