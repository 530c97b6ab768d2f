"""What the page of a discussion shows where it is a comment on a paper: suggestion, answer, next steps."""

from dataclasses import dataclass

from forum.blueprints.identity import current_actor
from forum.domain.papers import Paper
from forum.domain.redline import Run, compare_words
from forum.domain.threads import AnchorState, Thread
from forum.extensions import db
from forum.policy import Action, can
from forum.policy.subjects import CommentRights
from forum.services.addresses import paper_path
from forum.services.comment_answers import GivenAnswer, get_card
from forum.services.drafts import load_rights
from forum.services.reading import ThreadHead
from forum.services.subjects import subject_of


@dataclass(frozen=True, slots=True)
class Card:
    """The parts of the page, and what this reader may do."""

    replacement: str | None
    difference: list[Run]
    language: str
    answer: GivenAnswer | None
    state: AnchorState | None
    may_answer: bool
    may_place: bool
    paper_path: str


def find_card(head: ThreadHead) -> Card | None:
    """Give what belongs to a comment on a paper; None for any other discussion."""
    if head.thread.paper_id is None:
        return None
    session, actor = db.session(), current_actor()
    card = get_card(session, actor, head.thread.id)
    paper = session.get_one(Paper, head.thread.paper_id)
    may_answer = may_place = False
    if actor.is_signed_in:
        rights = load_rights(session, head.group, paper)
        may_answer = can(actor, Action.COMMENT_ANSWER, rights)
        if card.state is AnchorState.ORPHANED:
            comment = subject_of(session, session.get_one(Thread, head.thread.id))
            may_place = can(actor, Action.COMMENT_PLACE, CommentRights(comment, rights))
    exact = head.quoted.exact if head.quoted else None
    return Card(
        card.replacement,
        compare_words(exact or "", card.words) if card.replacement is not None else [],
        paper.language,
        card.answer,
        card.state,
        may_answer and head.thread.status == "published",
        may_place,
        paper_path(head.group.slug, paper.public_id),
    )
