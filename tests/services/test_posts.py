"""Replying, editing and withdrawing."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import ShownAs
from forum.domain.groups import Group, GroupRole, HoldingRule, WhoMayWrite
from forum.domain.labels import Ceiling, Status
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import MAX_DEPTH, WITHDRAWN_TITLE, Post, PostRevision, Thread, ThreadKind
from forum.errors import Conflict, ForumError, Invalid, NotAllowed, NotFound
from forum.services.posts import list_revisions, mark_answer
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.writing import Writer


def opening(session: Session, thread: Thread) -> Post:
    return session.scalars(sa.select(Post).where(Post.thread_id == thread.id, Post.number == 1)).one()


def told(session: Session, kind: NoticeKind) -> list[int]:
    entries = session.scalars(sa.select(OutboxEntry.payload).where(OutboxEntry.topic == Topic.NOTIFY))
    return [entry["account_id"] for entry in entries if entry["kind"] == kind]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


class TestReplying:
    def test_replies_stand_under_what_they_answer(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Reading order is the tree; a reply to the opening is a reply to the discussion."""
        author = build.member(group)
        thread = write.open(author, group)
        first = write.reply(author, thread)
        second = write.reply(author, thread, parent=opening(session, thread).public_id)
        nested = write.reply(author, thread, parent=first.public_id)
        order = sa.select(Post.number).where(Post.thread_id == thread.id).order_by(Post.order_key)
        assert [*session.scalars(order)] == [1, 2, 4, 3]
        assert (second.parent_id, second.depth) == (None, 0)
        assert (nested.parent_id, nested.depth) == (first.id, 1)

    def test_counts_and_activity_follow(
        self, build: Builder, group: Group, write: Writer, clock: StoppedClock
    ) -> None:
        """A published reply counts; a held one changes nothing that others see."""
        author = build.member(group)
        thread = write.open(author, group)
        clock.advance(hours=1)
        write.reply(author, thread)
        seen = (thread.published_count, thread.last_published_at)
        assert seen == (2, clock())
        clock.advance(hours=1)
        group.holding_rule = HoldingRule.EVERYTHING
        assert write.reply(author, thread).status is Status.PENDING
        assert (thread.published_count, thread.last_published_at) == seen

    def test_a_held_reply_is_told_to_its_author_alone(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Neither the author answered nor people named hear of it before it is published."""
        opener, newcomer = build.member(group), build.member(group)
        thread = write.open(opener, group)
        group.holding_rule = HoldingRule.NEWCOMER
        write.reply(newcomer, thread, f"What does @{opener.handle} say?")
        assert told(session, NoticeKind.HELD) == [newcomer.id]
        assert told(session, NoticeKind.REPLIED) == []
        assert told(session, NoticeKind.MENTIONED) == []

    def test_only_people_who_may_read_hear_that_they_are_named(
        self, session: Session, build: Builder, write: Writer
    ) -> None:
        """A name outside the group is only a word."""
        group = build.group(Ceiling.MEMBERS)
        author, named, outsider = build.member(group), build.member(group), build.account()
        write.open(author, group, f"@{named.handle}, @{outsider.handle} and @{author.handle}: your views?")
        assert told(session, NoticeKind.MENTIONED) == [named.id]

    def test_nobody_is_told_of_their_own_reply(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Answering oneself makes no notice."""
        author = build.member(group)
        write.reply(author, write.open(author, group))
        assert told(session, NoticeKind.REPLIED) == []

    def test_the_signature(self, build: Builder, group: Group, write: Writer) -> None:
        """A post keeps the body, its type and country as they were when it was sent."""
        author, body = build.member(group), build.organisation(country="FR")
        build.mandate(author, body)
        post = write.reply(
            author, write.open(author, group), speaking_for=body.id, shown_as=ShownAs.ORGANISATION
        )
        assert (post.organisation_id, post.stakeholder_type, post.country) == (body.id, body.type, "FR")
        assert post.shown_as is ShownAs.ORGANISATION


class TestRefusals:
    def refused(self, session: Session, thread: Thread, kind: type[ForumError], attempt: Any) -> ForumError:
        """Nothing may have changed once the transaction is rolled back."""
        with pytest.raises(kind) as raised:
            attempt()
        session.rollback()
        session.refresh(thread)
        assert session.scalar(sa.select(sa.func.count()).select_from(Post)) == thread.post_count
        return raised.value

    @pytest.mark.parametrize("case", ["observer", "outsider", "visitor", "suspended", "locked", "pending"])
    def test_who_may_read_but_not_write_gets_a_sentence(
        self, session: Session, build: Builder, group: Group, write: Writer, clock: StoppedClock, case: str
    ) -> None:
        """Each refusal says why."""
        author = build.member(group)
        if case == "pending":
            group.holding_rule = HoldingRule.EVERYTHING
        thread = write.open(author, group)
        who = {
            "observer": lambda: build.member(group, role=GroupRole.OBSERVER),
            "outsider": build.account,
            "visitor": lambda: None,
            "suspended": lambda: build.account(suspended_until=clock.advance(days=1)),
        }.get(case, lambda: author)()
        clock.advance(days=-1)
        if case == "locked":
            thread.locked_at = clock()
            session.commit()
        error = self.refused(session, thread, NotAllowed, lambda: write.reply(who, thread))
        assert str(error)

    def test_a_moderator_adds_to_a_closed_discussion(
        self, session: Session, build: Builder, group: Group, write: Writer, clock: StoppedClock
    ) -> None:
        """Closing is for everyone else."""
        thread = build.thread(group)
        thread.locked_at = clock()
        assert write.reply(build.member(group, role=GroupRole.MODERATOR), thread).id

    def test_a_community_group_takes_everyone_signed_in(self, build: Builder, write: Writer) -> None:
        """Where the charter lets the community write, no role is needed."""
        group = build.group(Ceiling.PUBLIC, who_may_write=WhoMayWrite.COMMUNITY)
        assert write.open(build.account(), group).id

    def test_what_one_may_not_read_is_not_there(self, build: Builder, write: Writer) -> None:
        """Replying is no way to learn that a closed or hidden discussion exists."""
        closed = build.thread(build.group(Ceiling.MEMBERS))
        with pytest.raises(NotFound):
            write.reply(build.account(), closed)

    @pytest.mark.parametrize("case", ["other discussion", "pending", "withdrawn", "hidden", "nonsense"])
    def test_a_parent_must_be_published_in_the_same_discussion(
        self, session: Session, build: Builder, group: Group, write: Writer, case: str
    ) -> None:
        """Whatever is wrong with the parent, its text or existence is not told."""
        author = build.member(group)
        thread = build.thread(group, author)
        parent = {
            "other discussion": lambda: build.post(build.thread(group)).public_id,
            "pending": lambda: build.post(thread, author, status=Status.PENDING).public_id,
            "withdrawn": lambda: build.post(thread, author, status=Status.WITHDRAWN).public_id,
            "hidden": lambda: build.post(thread, status=Status.HIDDEN).public_id,
            "nonsense": lambda: "nonsense",
        }[case]()
        with pytest.raises(Invalid) as raised:
            write.reply(author, thread, parent=parent)
        assert raised.value.field == "parent"

    def test_hidden_and_absent_parents_are_answered_alike(
        self, build: Builder, group: Group, write: Writer
    ) -> None:
        """The complaint is no oracle."""
        author = build.member(group)
        thread = build.thread(group)
        complaints = []
        for parent in (build.post(thread, status=Status.HIDDEN).public_id, "nonsense"):
            with pytest.raises(Invalid) as raised:
                write.reply(author, thread, parent=parent)
            complaints.append(str(raised.value))
        assert complaints[0] == complaints[1]

    def test_a_branch_ends_at_its_depth(self, build: Builder, group: Group, write: Writer) -> None:
        """Beyond the limit the reply is refused, at the limit it is taken."""
        author = build.member(group)
        thread = build.thread(group, author)
        parent = build.post(thread, author)
        for _ in range(MAX_DEPTH):
            parent = write.reply(author, thread, parent=parent.public_id)
        with pytest.raises(Invalid, match="replies deep"):
            write.reply(author, thread, parent=parent.public_id)

    @pytest.mark.parametrize("text", ["", "  \n\n ", "\u200b" * 0, "---"])
    def test_nothing_written(self, build: Builder, group: Group, write: Writer, text: str) -> None:
        """A post needs words."""
        author = build.member(group)
        with pytest.raises(Invalid) as raised:
            write.reply(author, build.thread(group), text)
        assert raised.value.field == "body"

    def test_a_mandate_is_needed_to_speak_for_a_body(
        self, build: Builder, group: Group, write: Writer, clock: StoppedClock
    ) -> None:
        """Neither another body's id nor an ended mandate will do."""
        author, body, other = build.member(group), build.organisation(), build.organisation()
        build.mandate(author, body, ends_on=clock().date().replace(year=2026, month=1))
        thread = build.thread(group)
        for organisation in (body, other):
            with pytest.raises(Invalid) as raised:
                write.reply(author, thread, speaking_for=organisation.id)
            assert raised.value.field == "speaking_for"

    def test_to_be_shown_as_a_body_takes_a_body(self, build: Builder, group: Group, write: Writer) -> None:
        """Who has a mandate and hides the name must say for whom they speak."""
        author = build.member(group)
        build.mandate(author, build.organisation())
        with pytest.raises(Invalid) as raised:
            write.reply(author, build.thread(group), shown_as=ShownAs.ORGANISATION)
        assert raised.value.field == "speaking_for"

    def test_a_way_of_showing_that_the_group_does_not_offer(self, build: Builder, write: Writer) -> None:
        """The charter's choices hold."""
        group = build.group(Ceiling.PUBLIC, shown_as_choices=["organisation"])
        with pytest.raises(Invalid) as raised:
            write.reply(build.member(group), build.thread(group), shown_as=ShownAs.NAME)
        assert raised.value.field == "shown_as"


class TestEditing:
    def test_history_keeps_what_readers_saw(
        self, session: Session, build: Builder, group: Group, write: Writer, clock: StoppedClock
    ) -> None:
        """Each edit of a published post leaves the text before it, with the title of an opening post."""
        author = build.member(group)
        thread = write.open(author, group, "First.", title="Before")
        post = opening(session, thread)
        write.edit(author, post, "Second.", title="After")
        clock.advance(hours=1)
        write.edit(author, post, "Third.")
        revisions = list_revisions(session, build.actor(None), write.subject(post))
        assert [(r.number, r.title, r.source) for r in revisions] == [
            (1, "Before", "First."),
            (2, "After", "Second."),
        ]
        assert (thread.title, post.text, post.edited_at) == ("After", "Third.", clock())

    def test_an_edit_without_a_change_leaves_no_trace(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Pressing save on the same text is no edit."""
        author = build.member(group)
        post = write.reply(author, build.thread(group), "Same.")
        write.edit(author, post, "Same.")
        assert post.edited_at is None
        assert session.scalar(sa.select(sa.func.count()).select_from(PostRevision)) == 0

    def test_an_edit_while_held_stays_held_and_leaves_no_history(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """What nobody read, nobody can look up later."""
        group.holding_rule = HoldingRule.EVERYTHING
        author = build.member(group)
        post = write.reply(author, build.thread(group), "A slip.")
        write.edit(author, post, "Mended.")
        assert post.status is Status.PENDING
        assert list_revisions(session, build.actor(author), write.subject(post)) == []

    def test_where_everything_is_held_an_edit_is_held_again(
        self, build: Builder, group: Group, write: Writer
    ) -> None:
        """An edit does not loosen what creation would refuse; a moderator's own is not held."""
        author, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
        thread = write.open(moderator, group)
        by_author, by_moderator = write.reply(author, thread), write.reply(moderator, thread)
        group.holding_rule = HoldingRule.EVERYTHING
        write.edit(author, by_author, "Something else.")
        write.edit(moderator, by_moderator, "Something else.")
        assert (by_author.status, by_author.held_because) == (Status.PENDING, "everything")
        assert by_moderator.status is Status.PUBLISHED
        assert thread.published_count == 2

    def test_an_answered_opening_post_cannot_vanish_by_an_edit(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Where it would be held again, others' replies would go with it."""
        author = build.member(group)
        thread = write.open(author, group)
        write.reply(build.member(group), thread)
        group.holding_rule = HoldingRule.EVERYTHING
        with pytest.raises(NotAllowed, match="Others have replied"):
            write.edit(author, opening(session, thread), "Something else.")

    def test_two_edits_at_once(self, build: Builder, group: Group, write: Writer) -> None:
        """The second, made on the old text, is told so."""
        author = build.member(group)
        post = write.reply(author, build.thread(group))
        seen = post.lock_version
        write.edit(author, post, "One.")
        with pytest.raises(Conflict):
            write.edit(author, post, "Two.", expected_version=seen)
        assert post.text == "One."

    @pytest.mark.parametrize(
        "who", ["another member", "a moderator", "the author after the discussion closed"]
    )
    def test_others_do_not_edit(
        self, session: Session, build: Builder, group: Group, write: Writer, clock: StoppedClock, who: str
    ) -> None:
        """Only its writer edits a post, and only while the discussion is open."""
        author = build.member(group)
        thread = write.open(author, group)
        post = write.reply(author, thread)
        if who.startswith("the author"):
            thread.locked_at = clock()
            editor = author
        else:
            editor = build.member(group, role=GroupRole.MODERATOR if "moderator" in who else GroupRole.MEMBER)
        with pytest.raises(NotAllowed):
            write.edit(editor, post, "Not mine.")

    def test_a_colleague_with_a_mandate_edits(self, build: Builder, group: Group, write: Writer) -> None:
        """What was written for a body belongs to its mandate-holders."""
        body = build.organisation()
        author, colleague = build.member(group), build.member(group)
        build.mandate(author, body)
        build.mandate(colleague, body)
        post = write.reply(author, build.thread(group), speaking_for=body.id)
        assert write.edit(colleague, post, "Better.").text == "Better."

    def test_only_newly_named_people_hear_of_an_edit(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Who was named before is not told again."""
        author, one, two = build.member(group), build.member(group), build.member(group)
        post = write.reply(author, build.thread(group), f"@{one.handle}?")
        write.edit(author, post, f"@{one.handle} and @{two.handle}?")
        assert told(session, NoticeKind.MENTIONED) == [one.id, two.id]


class TestWithdrawing:
    def test_a_stub_stays_and_the_text_goes(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """No column that a page, search or export reads holds the words; moderators can look them up."""
        author = build.member(group)
        thread = write.open(author, group, "Secret words.", title="Secret title")
        write.reply(author, thread)
        post = opening(session, thread)
        write.withdraw(author, post)
        assert (post.source, post.html, post.text, thread.title) == ("", "", "", WITHDRAWN_TITLE)
        assert post.status is thread.status is Status.WITHDRAWN
        moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
        assert [r.source for r in list_revisions(session, moderator, write.subject(post))] == [
            "Secret words."
        ]
        for reader in (build.actor(None), build.actor(author)):
            with pytest.raises(NotFound):
                list_revisions(session, reader, write.subject(post))

    def test_what_was_held_goes_without_a_trace(
        self, session: Session, build: Builder, group: Group, write: Writer
    ) -> None:
        """Nobody saw it, so nothing is kept."""
        group.holding_rule = HoldingRule.EVERYTHING
        author = build.member(group)
        write.withdraw(author, write.reply(author, build.thread(group)))
        assert session.scalar(sa.select(sa.func.count()).select_from(PostRevision)) == 0

    def test_others_do_not_withdraw(self, build: Builder, group: Group, write: Writer) -> None:
        """Removing from view is a moderator's decision, withdrawing the author's."""
        post = build.post(build.thread(group), build.member(group))
        with pytest.raises(NotAllowed):
            write.withdraw(build.member(group, role=GroupRole.MODERATOR), post)


class TestAnswers:
    def test_the_secretariat_answers_and_the_asker_is_told(
        self, session: Session, build: Builder, write: Writer
    ) -> None:
        """A marked reply answers the question, at once or afterwards."""
        group = build.group(Ceiling.PUBLIC, who_may_write=WhoMayWrite.COMMUNITY)
        asker, secretariat = build.account(), build.member(group, role=GroupRole.SECRETARIAT)
        first = write.open(asker, group, kind=ThreadKind.QUESTION, initiative=3)
        second = write.open(asker, group, kind=ThreadKind.QUESTION, initiative=3)
        write.reply(secretariat, first, is_answer=True)
        reply = write.reply(secretariat, second)
        assert second.answered_at is None
        subject = write.subject(reply)
        mark_answer(session, build.actor(secretariat), subject, is_answer=True, now=build.clock())
        assert first.answered_at is not None
        assert second.answered_at is not None
        assert told(session, NoticeKind.QUESTION_ANSWERED) == [asker.id, asker.id]
        mark_answer(session, build.actor(secretariat), subject, is_answer=False, now=build.clock())
        assert second.answered_at is None

    def test_others_cannot_answer_for_the_unit(self, session: Session, build: Builder, write: Writer) -> None:
        """Neither the asker nor a member marks an answer."""
        group = build.group(Ceiling.PUBLIC, who_may_write=WhoMayWrite.COMMUNITY)
        thread = write.open(build.account(), group, kind=ThreadKind.QUESTION)
        member = build.member(group)
        with pytest.raises(NotAllowed):
            write.reply(member, thread, is_answer=True)
        reply = write.reply(member, thread)
        with pytest.raises(NotAllowed):
            mark_answer(session, build.actor(member), write.subject(reply), is_answer=True, now=build.clock())

    def test_only_a_question_has_an_answer(self, build: Builder, group: Group, write: Writer) -> None:
        """A discussion is not answered."""
        chair = build.member(group, role=GroupRole.CHAIR)
        with pytest.raises(Invalid):
            write.reply(chair, write.open(chair, group), is_answer=True)
