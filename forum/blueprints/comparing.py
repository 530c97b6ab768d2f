"""Comparing two versions: what changed, the comment that caused each change, and what became of comments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask import render_template, request
from flask_babel import gettext

from forum.blueprints import wording
from forum.blueprints.identity import current_actor
from forum.blueprints.paper_text import QUOTED_BESIDE, CommentRow, CommentWords
from forum.blueprints.papers import blueprint, paper_path
from forum.blueprints.support import whole_number
from forum.domain.comment_changes import CommentChanges, gather
from forum.domain.redline import Change, Redline, Status
from forum.errors import NotFound
from forum.extensions import db
from forum.services.comments import CommentLine, list_comments
from forum.services.comparisons import compare_versions
from forum.services.papers import PaperHead, VersionLine, get_paper


class Beside(NamedTuple):
    """A comment beside a change, with its answer."""

    path: str
    title: str
    quote: str
    answer: str
    reason: str
    is_cause: bool
    """Whether the wording that it suggested is what came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the comments, for the lines above the changes."""

    kept: int
    moved: int
    orphaned: list[CommentRow]


@blueprint.get("/groups/<slug>/papers/<paper_id>/compare")
def compare(slug: str, paper_id: str) -> str:
    """Show what changed between two versions, word by word, with the comments on it and their answers."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    texts = [line for line in head.versions if line.is_text]
    if not texts:
        raise NotFound
    new = _version_of(head, "to") or texts[-1]
    before = [line for line in texts if line.number < new.number]
    old = _version_of(head, "from") or (before[-1] if before else texts[0])
    redline = compare_versions(session, actor, old, new)
    comments = _gather(head, old, new)
    only = request.args.get("only", "")
    mine = _of_mine(redline, comments)
    changed = [change for change in redline.changes if change.status is not Status.UNCHANGED]
    shown = {"changed": Redline(tuple(changed)), "mine": Redline(tuple(mine))}.get(only, redline)
    words = CommentWords(head, new)
    return render_template(
        "papers/compare.html",
        group=head.group,
        head=head,
        texts=texts,
        old=old,
        new=new,
        redline=redline,
        changes=shown,
        only=only if only in {"changed", "mine"} else "",
        mine=len(mine),
        beside=_beside(head, old, new, comments, words),
        outcome=Outcome(
            len(comments.kept),
            len(comments.moved),
            [words.row(one, is_quoted=True, length=300) for one in comments.orphaned],
        ),
        path=paper_path(slug, paper_id),
    )


def _version_of(head: PaperHead, name: str) -> VersionLine | None:
    """Give the version that a parameter names; None without one, NotFound for what is no number."""
    text = request.args.get(name)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise NotFound
    return head.get_version(number)


def _gather(head: PaperHead, old: VersionLine, new: VersionLine) -> CommentChanges[CommentLine]:
    session, actor = db.session(), current_actor()
    numbers = {version.id: version.number for version in head.versions}
    return gather(
        list_comments(session, actor, head, old, with_answers=True),
        list_comments(session, actor, head, new, with_answers=True),
        old_number=old.number,
        new_number=new.number,
        numbers=numbers,
    )


def _comments_at(comments: CommentChanges[CommentLine], change: Change) -> Sequence[CommentLine]:
    """Give the comments on a paragraph that changed."""
    if change.status is Status.UNCHANGED:
        return []
    return [*comments.at_old.get(change.old, []), *comments.at_new.get(change.new, [])]


def _of_mine(redline: Redline, comments: CommentChanges[CommentLine]) -> list[Change]:
    return [one for one in redline.changes if any(c.is_mine for c in _comments_at(comments, one))]


def _beside(
    head: PaperHead,
    old: VersionLine,
    new: VersionLine,
    comments: CommentChanges[CommentLine],
    words: CommentWords,
) -> dict[str, list[Beside]]:
    """Give the comments by the anchor at which they stood ("old p3") or stand ("new p4"), causes first."""
    numbers = {version.id: version.number for version in head.versions}
    found: dict[str, list[Beside]] = {}
    for side, by_anchor in (("old", comments.at_old), ("new", comments.at_new)):
        for anchor, lines in by_anchor.items():
            rows = [
                _row(line, words, is_cause=old.number < numbers.get(line.landed_in_id or 0, 0) <= new.number)
                for line in lines
            ]
            found[f"{side} {anchor}"] = sorted(rows, key=lambda row: not row.is_cause)
    return found


def _row(line: CommentLine, words: CommentWords, *, is_cause: bool) -> Beside:
    row = words.row(line, is_quoted=True, length=QUOTED_BESIDE)
    answer = wording.disposition_name(line.disposition) if line.disposition else gettext("open")
    return Beside(row.path, row.title, row.quote, answer, line.reason or "", is_cause)
