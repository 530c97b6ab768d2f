"""Two people wrote one draft: both texts beside each other, and one made of them part by part."""

import re

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from forum.blueprints.draft_forms import DraftForm, OthersText, Page, prepare
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import paper_path
from forum.blueprints.support import error_words
from forum.domain.merging import Choice, find_parts, put_together
from forum.domain.redline import Redline, compare
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.richtext import render
from forum.services import drafts
from forum.services.papers import get_paper, get_source

View = str | Response | tuple[str, int]

_CHOICE = re.compile(r"part-([0-9]{1,6})")


def show_sent_meanwhile(slug: str, draft_id: str, error: Conflict) -> View:
    """Somebody sent the draft: lead readers to it, keep what a writer typed as the next draft."""
    paper_id = drafts.find_paper_of(db.session(), draft_id)
    if request.method == "GET":
        return redirect(paper_path(slug, paper_id), 303)
    head = get_paper(db.session(), current_actor(), slug, paper_id)
    form = DraftForm()
    prepare(form, head.group, current_actor())
    page = Page(form, head.group, url_for("drafts.edit", slug=slug, paper_id=paper_id))
    page.path = paper_path(slug, paper_id)
    return show_conflict(page, slug, paper_id, error)


def show_conflict(page: Page, slug: str, paper_id: str, error: Conflict) -> View:
    """Show what somebody else wrote beside what was typed; saving again is then a decision."""
    session, actor = db.session(), current_actor()
    form = page.form
    head = get_paper(session, actor, slug, paper_id)
    if head.draft is not None:
        other = drafts.get_draft(session, actor, head.draft.public_id).version
        title, source, lock = other.title, other.source, other.lock_version
        page.action = url_for("drafts.draft", slug=slug, draft_id=other.public_id)
        form.lock_version.raw_data, form.lock_version.data = None, lock
    else:
        newest = head.newest
        if newest is None or not newest.is_text:
            raise error
        title, source = newest.title, get_source(session, actor, newest)
        page.action = url_for("drafts.edit", slug=slug, paper_id=paper_id)
        page.draft = None
        form.based_on.raw_data, form.based_on.data = None, head.versions[-1].number
    typed = form.body.data or ""
    page.others = OthersText(
        error_words(error),
        title,
        source,
        _differences(source, typed),
        find_parts(source, typed.replace("\r\n", "\n")),
    )
    page.status = 409
    return page.show()


def merge_texts(form: DraftForm) -> None:
    """Put together in the form what was chosen, part by part, of the other text and of what was typed."""
    chosen = {}
    for name, value in request.form.items():
        found = _CHOICE.fullmatch(name)
        if found and value in set(Choice):
            chosen[int(found[1])] = Choice(value)
    theirs = request.form.get("other_text", "").replace("\r\n", "\n")
    mine = (form.body.data or "").replace("\r\n", "\n")
    form.body.raw_data, form.body.data = None, put_together(find_parts(theirs, mine), chosen)


def _differences(old: str, new: str) -> Redline:
    """Give what differs between two Markdown texts; nothing where one of them cannot be rendered."""
    try:
        before, after = render(old, profile="paper"), render(new, profile="paper")
    except Invalid:
        return Redline(())
    return compare(before.text, before.paragraphs, after.text, after.paragraphs)
