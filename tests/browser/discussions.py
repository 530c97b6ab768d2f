"""The discussions of the small world: every state of a post, a comment, a question, aliases."""

from datetime import datetime

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole, WhoMayWrite
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, PostRevision, ReadMarker, Thread, ThreadKind
from forum.services.questions import GROUP_SLUG
from forum.services.sealing import account_key, sealed_key
from forum.services.statuses import recount
from forum.services.subjects import record_authorship
from forum.services.unsealing import request_unsealing
from tests.builders import SEALING, Builder

TEXT = (
    "A deadline that begins when a report arrives punishes those who ask back. Of the last forty reports "
    "that we received, eleven lacked the date and nine the name of the service, and asking took four days "
    "on average."
)


def build_discussions(
    build: Builder, group: Group, people: dict[str, Account], writer: Account, bodies: dict[str, Organisation]
) -> dict[str, str]:
    """Build them, and give the public ids by the words that page states use."""
    company, charity = bodies["company"], bodies["charity"]
    member = people["member"]
    thread = build.thread(
        group, writer, title="Seven days or ten working days?", text=TEXT, organisation=company
    )
    mine = build.post(thread, member, text=TEXT, organisation=charity)
    parent = mine
    for number in range(5):
        author, body = ((writer, company), (member, charity))[number % 2]
        parent = build.post(thread, author, text=TEXT, parent=parent, organisation=body)
    edited = build.post(thread, writer, text="We now ask for nine days.", organisation=company)
    edited.edited_at = build.clock()
    build.session.add(
        PostRevision(
            post_id=edited.id,
            number=1,
            source="We ask for seven days.",
            html="<p>We ask for seven days.</p>",
            replaced_at=build.clock(),
        )
    )
    build.post(thread, writer, text="", html="", source="", status=Status.WITHDRAWN, organisation=company)
    hidden = build.post(thread, writer, text="Removed words.", status=Status.HIDDEN, organisation=company)
    build.post(thread, member, text="What was meant here?", parent=hidden, organisation=charity)
    pending = build.post(thread, member, text="Waiting words.", status=Status.PENDING, organisation=charity)
    for number in range(20):
        build.post(thread, writer, text=f"Point {number}: {TEXT}", organisation=company)
    half_way = datetime(2026, 1, 5, 9, 0, tzinfo=build.clock().tzinfo)
    build.session.add(ReadMarker(account_id=people["chair"].id, thread_id=thread.id, read_at=half_way))
    closed = build.thread(
        group,
        writer,
        title="Which form for all authorities?",
        text=TEXT,
        organisation=company,
        is_pinned=True,
        locked_at=build.clock(),
        outcome_source="Agreed: one form.",
        outcome_html="<p>Agreed: <strong>one form</strong>, from the next period on.</p>",
    )
    return {
        "long_thread": thread.public_id,
        "my_post": mine.public_id,
        "edited_post": edited.public_id,
        "pending_post": pending.public_id,
        "closed_thread": closed.public_id,
        **_comment(build, group, writer, company),
        **_question(build, people),
        **_sealed(build, people),
    }


def _comment(build: Builder, group: Group, writer: Account, company: Organisation) -> dict[str, str]:
    version: PaperVersion = build.paper(
        group, writer, title="Position on one form", text=TEXT, organisation=company
    )
    version.paragraphs = [[1, "p1", "paragraph", 0, len(TEXT), "0" * 64]]
    thread: Thread = build.thread(
        group,
        writer,
        title="On paragraph 1",
        kind=ThreadKind.COMMENT,
        paper_id=version.paper_id,
        version_id=version.id,
        anchor_paragraph="p1",
        anchor_exact=TEXT,
        organisation=company,
    )
    paper = build.session.get_one(Paper, version.paper_id)
    return {"comment": thread.public_id, "commented_paper": paper.public_id}


def _question(build: Builder, people: dict[str, Account]) -> dict[str, str]:
    unit = build.group(
        Ceiling.PUBLIC,
        slug=GROUP_SLUG,
        title="Questions to the unit",
        short_title="Ask the unit",
        who_may_write=WhoMayWrite.COMMUNITY,
        in_directory=False,
        holding_rule="newcomer",
        initiative=None,
    )
    build.member(unit, people["secretariat"], GroupRole.SECRETARIAT)
    thread: Thread = build.thread(
        unit, people["outsider"], title="Which gaps are meant?", kind=ThreadKind.QUESTION, initiative=3
    )
    answer: Post = build.post(thread, people["secretariat"], text="These two.", is_answer=True)
    recount(build.session, thread)
    build.session.commit()
    return {"unit": unit.slug, "question": thread.public_id, "answer": answer.public_id}


def _sealed(build: Builder, people: dict[str, Account]) -> dict[str, str]:
    sealed = build.group(
        Ceiling.MEMBERS,
        slug="sealed",
        title="Talks under the Chatham House Rule",
        short_title="Sealed talks",
        initiative=7,
        attribution=Attribution.CHATHAM_HOUSE,
    )
    build.member(sealed, people["member"])
    build.member(sealed, people["moderator"], role=GroupRole.MODERATOR)
    build.member(sealed, people["chair"], role=GroupRole.CHAIR)
    thread: Thread = build.thread(sealed, title="What would work?")
    post = build.post(thread, alias="NGO B", text=TEXT)
    writer = sealed_key(SEALING, account_key(people["member"].id))
    record_authorship(build.session, SubjectKind.POST, post.id, [writer])
    build.session.flush()
    asked = request_unsealing(
        build.session,
        build.actor(people["moderator"]),
        SubjectKind.POST,
        post.public_id,
        reason="A threat was made, and the police has to be told by whom.",
        now=build.clock(),
    )
    build.session.commit()
    return {
        "sealed": sealed.slug,
        "sealed_thread": thread.public_id,
        "sealed_post": post.public_id,
        "unsealing": asked.public_id,
    }
