"""Dissent and abstention: a seat's reasons, annexed to the result as a post, moderated like any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.assessments import AnnexedStatement, Catalogue, SolutionThread, Stance
from forum.domain.attribution import ShownAs
from forum.domain.groups import Group, Seat
from forum.domain.labels import Status
from forum.domain.stages import Act, check_act
from forum.domain.text import TITLE_LENGTH
from forum.domain.threads import Post, Thread
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, require, visible_to
from forum.policy.subjects import AssessmentRights
from forum.richtext import Rendered
from forum.services.addresses import post_path
from forum.services.attribution import Byline, author_columns, join_author, present
from forum.services.catalogues import Assessed, get_assessed
from forum.services.chatham import is_sealed
from forum.services.posts import reply
from forum.services.respondents import stored_key
from forum.services.sealing import seat_key
from forum.services.stage_seats import list_own_seats
from forum.services.subjects import subject_of
from forum.services.threads import get_opening, open_thread

_ANNEX = ""
"""In place of a solution: the discussion that holds the annexed statements."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """An annexed statement as a reader may see it."""

    stance: Stance
    byline: Byline
    html: str
    path: str


def list_statements(session: Session, actor: Actor, assessed: Assessed) -> list[StatementLine]:
    """Give the dissents, then the abstentions, that the actor may read; one statement."""
    statement = join_author(
        sa.select(AnnexedStatement.stance, Post, *author_columns())
        .select_from(AnnexedStatement)
        .join(Post, Post.id == AnnexedStatement.post_id),
        Post,
    )
    rows = session.execute(
        statement.where(
            AnnexedStatement.catalogue_id == assessed.catalogue.id,
            Post.status == Status.PUBLISHED,
            visible_to(actor, Post),
        ).order_by(AnnexedStatement.stance.desc(), Post.id)
    )
    return [
        StatementLine(
            row.stance,
            present(actor, assessed.group, row.Post, row),
            row.Post.html,
            post_path(row.Post.public_id),
        )
        for row in rows
    ]


def check_statement(session: Session, actor: Actor, slug: str, key: str) -> tuple[Assessed, Sequence[Seat]]:
    """Give what the actor may dissent from, and their seats.

    NotAllowed for whoever holds no seat; Invalid, with the table's sentence, before a round has ended.
    """
    assessed = get_assessed(session, actor, slug, key)
    seats = list_own_seats(session, actor.account_id, assessed.group) if actor.account_id is not None else ()
    if not seats:
        raise NotAllowed("Seats annex statements: you hold none in this group.")
    require(actor, Action.ASSESS, AssessmentRights(assessed.group, seat_key(seats[0].id)))
    rounds = assessed.ended or assessed.rounds
    if not rounds:
        raise NotFound
    check_act(rounds[-1].stage, Act.STATE)
    return assessed, seats


def annex_statement(
    session: Session,
    actor: Actor,
    slug: str,
    key: str,
    *,
    seat_id: str,
    stance: Stance,
    rendered: Rendered,
    now: datetime,
    sealing_secret: bytes,
) -> str:
    """Annex a seat's dissent or abstention, once a seat; gives the address of its post."""
    assessed, seats = check_statement(session, actor, slug, key)
    group, catalogue = assessed.group, assessed.catalogue
    seat = next((one for one in seats if one.public_id == seat_id), seats[0])
    stored = stored_key(group, seat_key(seat.id), sealing_secret)
    # PostgreSQL would let two of them pass.
    session.execute(sa.select(Catalogue.id).where(Catalogue.id == catalogue.id).with_for_update()).all()
    if session.get(AnnexedStatement, (catalogue.id, stored)) is not None:
        raise Invalid("Your seat has annexed a statement already: edit that one.")
    who = _signed_as(actor, group, seat)
    tie = session.get(SolutionThread, (catalogue.id, 0, _ANNEX))
    if tie is None:
        title = f"Dissent and abstention: {catalogue.title}"[:TITLE_LENGTH]
        thread: Thread = open_thread(
            session,
            actor,
            group,
            title=title,
            rendered=rendered,
            sealing_secret=sealing_secret,
            now=now,
            **who,
        ).row
        session.add(
            SolutionThread(catalogue_id=catalogue.id, round=0, solution_key=_ANNEX, thread_id=thread.id)
        )
        post = get_opening(session, thread)
    else:
        held = subject_of(session, session.get_one(Thread, tie.thread_id))
        post = reply(session, actor, held, rendered=rendered, sealing_secret=sealing_secret, now=now, **who)
    session.add(
        AnnexedStatement(catalogue_id=catalogue.id, writer_key=stored, stance=stance, post_id=post.id)
    )
    session.flush()
    return post_path(post.public_id)


def _signed_as(actor: Actor, group: Group, seat: Seat) -> dict[str, Any]:
    """In the name of the seat's body, where its holder speaks for it today."""
    speaks = seat.organisation_id is not None and seat.organisation_id in actor.organisation_ids
    who: dict[str, Any] = {"speaking_for": seat.organisation_id if speaks else None}
    if not is_sealed(group):
        who["shown_as"] = ShownAs.ORGANISATION if "organisation" in group.shown_as_choices else None
    return who
