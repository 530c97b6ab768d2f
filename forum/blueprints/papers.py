"""Reading papers: lists, one version with its comments, history, comparison, lasting citations."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from forum.blueprints import meeting_words, wording
from forum.blueprints.identity import current_actor
from forum.blueprints.paper_text import CommentRow, CommentWords, arrange_text, headings_of
from forum.blueprints.support import page_argument
from forum.blueprints.wording import moment
from forum.domain.attribution import SubjectKind
from forum.domain.citations import Cited
from forum.domain.labels import Status
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Purpose
from forum.domain.passages import place
from forum.domain.threads import AnchorState
from forum.errors import NotFound
from forum.extensions import db
from forum.policy import Action, can
from forum.policy.labels import writers_label
from forum.richtext import blocks_of
from forum.services.addresses import signing_path
from forum.services.attachments import list_attachments
from forum.services.ballot_lists import list_ballots_on
from forum.services.chatham import is_sealed
from forum.services.citations import list_citing
from forum.services.comment_rights import get_rights
from forum.services.comments import QUOTED, list_comments, load_paragraphs
from forum.services.comparisons import follow_citations
from forum.services.groups import get_group
from forum.services.papers import (
    PaperHead,
    VersionLine,
    find_address,
    get_paper,
    get_text,
    list_drafts,
    list_papers,
)
from forum.services.signatures import list_signatories
from forum.services.subjects import writer_keys_of
from forum.services.translations import list_kinds, load_translations
from forum.services.uploads import list_unready

blueprint = Blueprint("papers", __name__)


@dataclass(frozen=True, slots=True)
class Lost:
    """A comment that has no place in the version shown, and whether this reader may give it one."""

    row: CommentRow
    may_place: bool


def paper_path(slug: str, paper_id: str) -> str:
    """Give the address of a paper."""
    return f"/groups/{slug}/papers/{paper_id}/"


def _choice(kind: Any, name: str) -> Any:
    """Give a filter's value, or None where there is none or it is no value of its kind."""
    try:
        return kind(request.args.get(name, ""))
    except ValueError:
        return None


def page_number() -> int:
    """Give the page asked for: 1 where it is absent or nonsense, 1,000 at most."""
    return min(page_argument(), 1000)


@blueprint.get("/groups/<slug>/papers/")
def index(slug: str) -> str:
    """List the papers of a group, each in the newest version that this person may read."""
    actor = current_actor()
    group = get_group(db.session(), actor, slug)
    purpose, kind = _choice(Purpose, "purpose"), _choice(StakeholderType, "type")
    if is_sealed(group):
        kind = None
    found = list_papers(
        db.session(), actor, group=group, purpose=purpose, stakeholder_type=kind, page=page_number()
    )
    filters = {"purpose": purpose and purpose.value, "type": kind and kind.value}
    return render_template(
        "papers/index.html",
        group=group,
        papers=found,
        drafts=list_drafts(db.session(), actor, group=group),
        purposes=list(Purpose),
        types=list(StakeholderType),
        filters=filters,
        links=page_links(url_for(".index", slug=slug, **filters), found.page, found.has_next),
        may_write=can(actor, Action.WRITE, group),
    )


def page_links(path: str, page: int, has_next: bool) -> tuple[str | None, str | None]:
    """Give the addresses of the pages before and after, None where there is none."""
    joint = "&" if "?" in path else "?"
    previous = f"{path}{joint}page={page - 1}" if page > 1 else None
    return previous, f"{path}{joint}page={page + 1}" if has_next else None


@blueprint.get("/groups/<slug>/papers/<paper_id>/")
def paper(slug: str, paper_id: str) -> str | Response:
    """Show the newest version that this person may read."""
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    if head.newest is None:
        assert head.draft is not None
        if writers_label(head.paper.id) not in current_actor().clearances:
            return redirect(signing_path(paper_id), 303)
        return redirect(url_for("drafts.draft", slug=slug, draft_id=head.draft.public_id), 303)
    return _show(head, head.newest)


@blueprint.get("/groups/<slug>/papers/<paper_id>/versions/<int:number>")
def version(slug: str, paper_id: str, number: int) -> str:
    """Show one version; a banner leads to the newest one that this person may read."""
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    return _show(head, head.get_version(number))


def _show(head: PaperHead, shown: VersionLine) -> str:
    session, actor = db.session(), current_actor()
    path = paper_path(head.group.slug, head.paper.public_id)
    if not shown.is_text:
        return render_template("papers/withdrawn.html", group=head.group, head=head, shown=shown, path=path)
    text = get_text(session, actor, shown)
    comments = list_comments(session, actor, head, shown)
    others = {comment.version_id for comment in comments if comment.paragraph and comment.state is None}
    placed, whole, lost = place(
        comments,
        version_id=shown.id,
        paragraphs=text.paragraphs,
        others=load_paragraphs(session, {other for other in others if other is not None}),
    )
    words = CommentWords(head, shown)
    followed = follow_citations(session, shown, head.newest) if head.newest else {}
    blocks = list(arrange_text(text, placed, words, followed))
    rights = get_rights(session, actor, head.group, head.paper)
    cited = Cited(head.paper.public_id, shown.number)
    keys = writer_keys_of(session, SubjectKind.VERSION, shown.id)
    is_mine = not actor.writer_keys.isdisjoint(keys)
    return render_template(
        "papers/paper.html",
        group=head.group,
        head=head,
        shown=shown,
        text=text,
        path=path,
        blocks=blocks,
        headings=headings_of(blocks),
        whole=[words.row(comment, is_quoted=False) for comment in whole],
        lost=[
            Lost(
                words.row(comment, is_quoted=True, length=QUOTED),
                comment.state is AnchorState.ORPHANED and (rights.may_place_all or comment.is_mine),
            )
            for comment in lost
        ],
        attachments=list_attachments(session, actor, head.paper.id),
        unready=list_unready(session, [shown.id]) if is_mine else [],
        numbers={line.id: line.number for line in head.versions},
        may_raise=shown.status is Status.PUBLISHED and bool(actor.group_roles),
        may_comment=shown.status is Status.PUBLISHED and can(actor, Action.WRITE, head.group),
        may_suggest=rights.may_suggest,
        may_answer=rights.may_answer,
        may_switch=rights.may_switch,
        may_edit=rights.may_edit,
        may_withdraw=is_mine and shown.status in {Status.PUBLISHED, Status.PENDING, Status.RECEIVED},
        may_flag=actor.is_signed_in and not is_mine and shown.status is Status.PUBLISHED,
        is_mine=is_mine,
        citation=citation(head, shown),
        cited=list_citing(session, actor, [cited]).get(cited, []),
        decisions=list_ballots_on(session, actor, shown.id),
        meeting_words=meeting_words,
        translations=load_translations(session, actor, head),
        may_translate=bool(list_kinds(session, actor, head, may_write=rights.may_edit)),
        signatories=list_signatories(session, shown.id, {line.id: line.number for line in head.versions})
        if head.paper.purpose is Purpose.JOINT_POSITION
        else [],
        to_sign=head.draft is not None and writers_label(head.paper.id) not in actor.clearances,
    )


def citation(head: PaperHead, shown: VersionLine, paragraph: tuple[int, str] | None = None) -> str:
    """Give the sentence that cites a version, or a paragraph (number, hash) of it, so that it lasts."""
    base = request.host_url.rstrip("/")
    address = f"{base}/papers/{head.paper.public_id}/v/{shown.number}"
    kind = head.paper.translation_kind
    byline = head.byline
    author = (
        byline.alias or byline.organisation or wording.author_words(byline) or gettext("Author not shown")
    )
    parts = {
        "author": author,
        "title": f"{shown.title} ({wording.translation_name(kind)})" if kind else shown.title,
        "number": shown.number,
        "date": moment(shown.at, day=True).words,
        "group": head.group.title,
    }
    if paragraph is None:
        return gettext(
            "%(author)s, “%(title)s”, version %(number)s of %(date)s, %(group)s, %(address)s "
            "(SHA-256 of the text %(hash)s)",
            address=address,
            hash=shown.content_hash[:16],
            **parts,
        )
    return gettext(
        "%(author)s, “%(title)s”, version %(number)s of %(date)s, paragraph %(paragraph)s, %(group)s, "
        "%(address)s (SHA-256 of the paragraph %(hash)s)",
        address=f"{address}#p{paragraph[0]}",
        hash=paragraph[1][:16],
        paragraph=paragraph[0],
        **parts,
    )


@blueprint.get("/groups/<slug>/papers/<paper_id>/versions/<int:number>/cite/<anchor>")
def cite(slug: str, paper_id: str, number: int, anchor: str) -> str:
    """Show the citation of one paragraph, and whether the newest version still says the same."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    shown = head.get_version(number)
    text = get_text(session, actor, shown)
    row = next((row for row in text.paragraphs if row[1] == anchor), None)
    block = next((html for found, html in blocks_of(text.html) if found == anchor), None)
    if row is None or block is None:
        raise NotFound
    newest = head.newest
    followed = follow_citations(session, shown, newest) if newest else {}
    return render_template(
        "papers/cite.html",
        group=head.group,
        head=head,
        shown=shown,
        newest=newest,
        followed=followed.get(anchor),
        block=block,
        number=row[0],
        hash=row[5],
        path=paper_path(slug, paper_id),
        citation=citation(head, shown, (row[0], row[5])),
    )


@blueprint.get("/groups/<slug>/papers/<paper_id>/versions/")
def versions(slug: str, paper_id: str) -> str:
    """List the versions that this person may read, with what changed in each."""
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    if not head.versions:
        raise NotFound
    return render_template(
        "papers/versions.html", group=head.group, head=head, path=paper_path(slug, paper_id)
    )


@blueprint.get("/papers/<paper_id>")
def short(paper_id: str) -> Response:
    """Lead from the short address to the paper."""
    slug = find_address(db.session(), current_actor(), paper_id)
    return redirect(paper_path(slug, paper_id), 303)


@blueprint.get("/papers/<paper_id>/v/<int:number>")
def citation_address(paper_id: str, number: int) -> Response:
    """Lead from the lasting citation to the version; the browser keeps the paragraph's anchor."""
    slug = find_address(db.session(), current_actor(), paper_id)
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    head.get_version(number)
    return redirect(f"{paper_path(slug, paper_id)}versions/{number}", 303)
