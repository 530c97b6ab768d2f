"""What an entry rests on: shown to whoever reads it, and to nobody else."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEvidence
from forum.domain.threads import Post
from forum.errors import Invalid
from forum.services.labels import relabel
from forum.services.register_entries import drop_evidence, rest_on
from forum.services.register_evidence import list_evidence
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.registering import raised, registers


def paragraph_of(session: Session, version: PaperVersion) -> str:
    """Give a version one paragraph and its address."""
    version.paragraphs = [[1, "p1", "p", 0, len(version.text), "0" * 64]]
    session.commit()
    paper = session.get_one(Paper, version.paper_id)
    return f"/papers/{paper.public_id}/v/{version.number}#p1"


def test_a_passage_is_kept_by_its_place_and_hash(build: Builder, session: Session) -> None:
    """No word of it is stored with the entry."""
    group = build.group(Ceiling.PUBLIC)
    chair = build.member(group, role=GroupRole.CHAIR)
    address = paragraph_of(session, build.paper(group, chair, text="Reports go astray."))
    entry = raised(build, session, build.actor(chair), group.slug, evidence=address)
    row = session.scalars(sa.select(RegisterEvidence)).one()
    assert (row.place, len(row.hash)) == ("p1", 64)
    (shown,) = list_evidence(session, build.actor(None), entry.id)
    assert (shown.passage.quote, shown.passage.path) == ("Reports go astray.", address)
    assert shown.is_unchanged


def test_who_may_not_read_a_passage_is_not_told_of_it(build: Builder, session: Session) -> None:
    """A public entry may rest on a closed text: others see neither it nor that there is one."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    chair = build.member(closed, build.member(public, role=GroupRole.CHAIR))
    post = build.post(build.thread(closed, chair), chair, text="Said among members.")
    entry = raised(build, session, build.actor(chair), public.slug, evidence=f"/posts/{post.public_id}")
    assert [one.passage.words for one in list_evidence(session, build.actor(chair), entry.id)] == [
        "Said among members."
    ]
    assert list_evidence(session, build.actor(None), entry.id) == []
    assert list_evidence(session, build.actor(build.member(public)), entry.id) == []


def test_a_passage_that_changed_says_so(build: Builder, session: Session) -> None:
    """The hash no longer agrees."""
    group = build.group(Ceiling.PUBLIC)
    chair = build.member(group, role=GroupRole.CHAIR)
    post = build.post(build.thread(group, chair), chair, text="As it was.")
    entry = raised(build, session, build.actor(chair), group.slug, evidence=f"/posts/{post.public_id}")
    post.text = "As it is."
    session.commit()
    assert [one.is_unchanged for one in list_evidence(session, build.actor(None), entry.id)] == [False]


def test_a_passage_that_was_removed_is_gone_from_the_entry(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """At once: it is read from its source."""
    group = build.group(Ceiling.PUBLIC)
    chair = build.member(group, role=GroupRole.CHAIR)
    post = build.post(build.thread(group, chair), build.member(group), text="Too much.")
    entry = raised(build, session, build.actor(chair), group.slug, evidence=f"/posts/{post.public_id}")
    session.get_one(Post, post.id).status = Status.HIDDEN
    relabel(session, group, post, now=clock())
    session.commit()
    assert list_evidence(session, build.actor(chair), entry.id) == []


def test_a_passage_is_added_once_and_taken_away(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """By whoever follows the entry up."""
    group = build.group(Ceiling.PUBLIC)
    chair = build.member(group, role=GroupRole.CHAIR)
    actor = build.actor(chair)
    address = f"/posts/{build.post(build.thread(group, chair), chair).public_id}"
    entry = raised(build, session, actor, group.slug)
    gaps = registers()["gaps"]
    assert rest_on(session, actor, gaps, entry.public_id, address, now=clock()) == 1
    session.commit()
    assert rest_on(session, actor, gaps, entry.public_id, f"{address}\n{address}", now=clock()) == 0
    (one,) = list_evidence(session, actor, entry.id)
    drop_evidence(session, actor, gaps, entry.public_id, one.public_id, now=clock())
    session.commit()
    assert list_evidence(session, actor, entry.id) == []
    with pytest.raises(Invalid, match="Give the address of a passage"):
        rest_on(session, actor, gaps, entry.public_id, " \n ", now=clock())
