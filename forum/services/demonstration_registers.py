"""Loading the demonstration of registers and of the board of States, through the services that people use."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain import demonstration_registers as demo
from forum.domain.attribution import SubjectKind
from forum.domain.directive import ArticleStatus, Board, StateContact
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Status
from forum.domain.outbox import Topic
from forum.domain.papers import Paper, PaperVersion
from forum.domain.registers import Register
from forum.domain.strategy import Strategy
from forum.domain.threads import Post
from forum.policy import Actor
from forum.services.actors import load_actor
from forum.services.addresses import post_path, version_path
from forum.services.demonstration import Places
from forum.services.labels import relabel
from forum.services.outbox import enqueue
from forum.services.register_entries import EntryText, move_entry, raise_entry
from forum.services.sealing import account_key
from forum.services.subjects import record_authorship


def register_sources(content: demo.Registers) -> list[tuple[str, str]]:
    """Give every (profile, source) that has to be rendered before the transaction."""
    return [("post", entry.text) for entry in content.entries]


def load_registers_content(
    session: Session,
    content: demo.Registers,
    registers: Sequence[Register],
    board: Board,
    strategy: Strategy,
    places: Places,
) -> None:
    """Write entries with their history, contacts of States and statuses of the board."""
    by_key = {register.key: register for register in registers}
    for entry in content.entries:
        _load_entry(session, entry, by_key[entry.register], strategy, places)
    group = session.scalars(sa.select(Group).where(Group.slug == board.group)).one()
    for contact in content.contacts:
        session.add(
            StateContact(
                group_id=group.id,
                country=contact.country,
                account_id=places.people[contact.person].id,
                started_at=places.ago(200),
            )
        )
    people = {contact.country: places.people[contact.person].id for contact in content.contacts}
    for status in content.statuses:
        _load_status(session, status, group, people[status.country], places)


def _chair(session: Session, group: Group, places: Places) -> Actor:
    account_id = session.scalars(
        sa.select(Membership.account_id).where(
            Membership.group_id == group.id, Membership.role == GroupRole.CHAIR
        )
    ).first()
    return load_actor(session, account_id, now=places.now, sealing_secret=places.sealing_secret)


def _load_entry(
    session: Session, content: demo.Entry, register: Register, strategy: Strategy, places: Places
) -> None:
    group = session.scalars(sa.select(Group).where(Group.slug == content.group)).one()
    chair = _chair(session, group, places)
    due = None if content.due_in_days is None else places.day(-content.due_in_days)
    text = EntryText(
        title=content.title,
        rendered=places.rendered["post", content.text],
        values=content.values,
        act=content.act,
        due_on=due,
    )
    entry = raise_entry(
        session,
        chair,
        register,
        group.slug,
        text,
        strategy=strategy,
        evidence=_address(session, group, content.evidence),
        owner=_owner(content.owner, places),
        sealing_secret=places.sealing_secret,
        now=places.ago(content.days_ago),
    )
    for move in content.moves:
        session.flush()
        move_entry(
            session,
            chair,
            register,
            entry.public_id,
            move.state,
            move.reason,
            based_on=entry.lock_version,
            now=places.ago(move.days_ago),
        )


def _owner(owner: str, places: Places) -> str:
    kind, _, key = owner.partition(":")
    return f"person:{places.people[key].public_id}" if kind == "person" else owner


def _address(session: Session, group: Group, kind: str) -> str:
    """Give the address of a first passage in the group that everybody in it reads."""
    if kind == "paper":
        version = session.scalars(
            sa.select(PaperVersion)
            .where(
                PaperVersion.group_id == group.id,
                PaperVersion.status == Status.PUBLISHED,
                PaperVersion.named_list_id.is_(None),
            )
            .order_by(PaperVersion.id)
        ).first()
        if version is not None and version.number is not None:
            paper = session.get_one(Paper, version.paper_id)
            passage = next((row[1] for row in version.paragraphs if row[4] - row[3] > 80), "p1")
            return f"{version_path(paper.public_id, version.number)}#{passage}"
    if kind == "post":
        post = session.scalars(
            sa.select(Post.public_id)
            .where(Post.group_id == group.id, Post.status == Status.PUBLISHED, Post.named_list_id.is_(None))
            .order_by(Post.id)
        ).first()
        return post_path(post) if post else ""
    return ""


def _load_status(
    session: Session, content: demo.BoardStatus, group: Group, contact_id: int, places: Places
) -> None:
    is_waiting = content.days_ago < 0
    published = None if is_waiting else places.ago(content.days_ago)
    proposed = places.ago(1 if is_waiting else content.days_ago + 14)
    row = ArticleStatus(
        group_id=group.id,
        country=content.country,
        article=content.article,
        state=demo.DEMONSTRATION,
        confidence="low",
        as_of=proposed.date(),
        source="Demonstration",
        note="Demonstration: a status with its day, source and remark. It says nothing about this State.",
        status=Status.RECEIVED if is_waiting else Status.PUBLISHED,
        tlp=group.default_tlp,
        proposed_at=proposed,
        due_at=published or places.ago(content.days_ago),
        contact_id=contact_id,
        remark=content.remark,
        remarked_at=proposed + timedelta(days=3) if content.remark else None,
        published_at=published,
        audience="",
        own="",
    )
    session.add(row)
    session.flush()
    relabel(session, group, row, now=places.now)
    record_authorship(session, SubjectKind.ARTICLE_STATUS, row.id, [account_key(contact_id)])
    if is_waiting:
        enqueue(session, Topic.DEADLINE, {"article_status_id": row.id}, now=places.now, at=row.due_at)
