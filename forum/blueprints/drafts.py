"""Writing papers: a new paper, the draft of a next version, its authors, sending and withdrawing."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints.composing import held_sentence, hold_of, readers_sentence
from forum.blueprints.draft_conflicts import merge_texts, show_conflict, show_sent_meanwhile
from forum.blueprints.draft_forms import (
    DraftForm,
    Page,
    PaperForm,
    PersonForm,
    choices_of,
    prepare,
    rendered_body,
    text_of,
)
from forum.blueprints.file_words import origin_of
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.papers import paper_path
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    received_at,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.papers import PaperVersion
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import Action, Actor
from forum.policy.actor import ANONYMOUS
from forum.richtext import Rendered, to_markup
from forum.services import coauthors, drafts, versions
from forum.services.chatham import is_sealed
from forum.services.drafts import PUT_TOGETHER, Draft
from forum.services.groups import get_group
from forum.services.holding import Hold
from forum.services.paper_choices import find_consultation, find_owner
from forum.services.papers import PaperHead, get_paper, get_source, get_text
from forum.services.readership import count_readers
from forum.services.signatures import list_agreeing_names
from forum.services.translations import find_translated

blueprint = Blueprint("drafts", __name__, url_prefix="/groups/<slug>/papers")

View = str | Response | tuple[str, int]

MAX_REQUEST = 4 * 1024 * 1024
"""A paper of 1 MB, form-encoded."""


@blueprint.url_value_preprocessor
def _allow_long_texts(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit of a request for these routes alone, before anything reads the form."""
    request.max_content_length = MAX_REQUEST
    request.max_form_memory_size = MAX_REQUEST


def _step() -> str:
    step = request.form.get("step", "save")
    return step if step in {"save", "preview", "publish", "merge"} else "save"


def _answer(page: Page, write: Any) -> View:
    """Preview, or validate and write; whatever goes wrong leaves what was typed on the page."""
    form = page.form
    if _step() == "merge" and (page.draft or page.path):
        merge_texts(form)
        raise Conflict(PUT_TOGETHER)
    is_valid = form.validate()
    rendered = rendered_body(form) if form.body.data else None
    if rendered is None or not is_valid:
        page.status = 422
        return page.show()
    if _step() == "preview":
        page.preview = to_markup(rendered.html)
        return page.show()
    try:
        return redirect(write(form, rendered), 303)
    except Invalid as error:
        form.add_error(error)
        page.status = 422
    except NotAllowed as error:
        form.form_errors.append(error_words(error))
        page.status = 403
    return page.show()


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Begin a paper."""
    actor = current_actor()
    group = get_group(db.session(), actor, slug, Action.WRITE)
    form = PaperForm()
    if request.method == "GET":
        form.consultation.data = request.args.get("consultation", "")[:13]
        if actor.mandates:
            form.speaking_for.data = actor.mandates[0].slug
    prepare(form, group, actor)
    page = Page(form, group, url_for(".new", slug=slug))
    if request.method == "GET":
        return page.show()
    return _answer(page, lambda form, rendered: _start_paper(slug, form, rendered))


def _start_paper(slug: str, form: PaperForm, rendered: Rendered) -> str:
    path = start_paper(slug, form, rendered)
    flash(gettext("The draft is saved. Only its authors can read it."), "success")
    return path


def _named(actor: Actor, group: Group) -> Actor:
    """Who a one-use key belongs to: nobody under the Chatham House Rule, since it leads to what was sent."""
    return ANONYMOUS if is_sealed(group) else actor


@transactional
def start_paper(session: Session, actor: Actor, slug: str, form: PaperForm, rendered: Rendered) -> str:
    """Begin a paper with its first draft; gives the draft's address."""
    before = submitted_before(session, form)
    if before is not None:
        return before
    choices = choices_of(form)
    assert choices is not None
    draft = drafts.start_paper(session, actor, slug, choices, text_of(form, rendered), now=now())
    return remember_submission(session, _named(actor, draft.group), form, draft_path(slug, draft))


def draft_path(slug: str, draft: Draft) -> str:
    """Give the address of a draft."""
    return url_for("drafts.draft", slug=slug, draft_id=draft.version.public_id)


@blueprint.route("/<paper_id>/edit", methods=["GET", "POST"])
def edit(slug: str, paper_id: str) -> View:
    """Begin the draft of a paper's next version, or go on with the one there is."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    drafts.require_new_version(session, actor, head.group, head.paper)
    form = DraftForm()
    prepare(form, head.group, actor)
    page = Page(form, head.group, url_for(".edit", slug=slug, paper_id=paper_id))
    page.path = paper_path(slug, paper_id)
    if request.method == "GET":
        if head.draft is not None:
            return redirect(url_for(".draft", slug=slug, draft_id=head.draft.public_id), 303)
        _fill_from_newest(form, head)
        return page.show()
    try:
        return _answer(page, lambda form, rendered: _start_version(slug, paper_id, form, rendered))
    except Conflict as error:
        return show_conflict(page, slug, paper_id, error)


def _fill_from_newest(form: DraftForm, head: PaperHead) -> None:
    newest = drafts.newest_number(db.session(), head.paper)
    if not head.versions or head.versions[-1].number != newest:
        raise NotAllowed("A version of this paper waits for a decision. Begin the next one after that.")
    form.based_on.data = newest
    base = head.newest
    if base is None or not base.is_text:
        return
    form.title.data, form.label.data = base.title, base.tlp.value
    text = get_text(db.session(), current_actor(), base)
    form.abstract.data, form.other_abstract.data = text.abstract, text.abstract_translated
    form.other_language.data = text.abstract_language or ""
    form.body.data = get_source(db.session(), current_actor(), base)


def _start_version(slug: str, paper_id: str, form: DraftForm, rendered: Rendered) -> str:
    path = start_version(slug, paper_id, form, rendered)
    flash(gettext("The draft is saved. Only its authors can read it."), "success")
    return path


@transactional
def start_version(
    session: Session, actor: Actor, slug: str, paper_id: str, form: DraftForm, rendered: Rendered
) -> str:
    """Begin the draft of a paper's next version; gives its address."""
    before = submitted_before(session, form)
    if before is not None:
        return before
    draft = drafts.start_version(
        session,
        actor,
        slug,
        paper_id,
        text_of(form, rendered),
        based_on=form.based_on.data or 0,
        now=now(),
    )
    return remember_submission(session, _named(actor, draft.group), form, draft_path(slug, draft))


@blueprint.route("/drafts/<draft_id>", methods=["GET", "POST"])
def draft(slug: str, draft_id: str) -> View:
    """Write on a draft: save, preview, send."""
    session, actor = db.session(), current_actor()
    if request.method == "POST" and (before := submitted_before(session, Form())) is not None:
        return redirect(before, 303)
    try:
        found = drafts.get_draft(session, actor, draft_id)
    except Conflict as error:
        return show_sent_meanwhile(slug, draft_id, error)
    if found.group.slug != slug:
        raise NotFound
    form = PaperForm() if drafts.is_first(found) else DraftForm()
    if request.method == "GET":
        _fill(form, found)
    prepare(form, found.group, actor, found)
    page = _draft_page(form, found)
    if request.method == "GET":
        return page.show()
    try:
        return _answer(page, lambda form, rendered: _write_draft(slug, draft_id, form, rendered, _step()))
    except Conflict as error:
        return show_conflict(page, slug, found.paper.public_id, error)


def _draft_page(form: DraftForm, found: Draft) -> Page:
    session, actor = db.session(), current_actor()
    page = Page(form, found.group, url_for(".draft", slug=found.group.slug, draft_id=found.version.public_id))
    page.draft, page.paper_title = found, found.version.title
    page.path = paper_path(found.group.slug, found.paper.public_id) if found.version.based_on else ""
    page.can_publish = versions.may_speak(session, actor, found.paper)
    page.extra = {
        "authors": coauthors.list_coauthors(session, found.paper.id, now=now()),
        "candidates": coauthors.list_candidates(session, found.paper, now=now()),
        "held": held_sentence(_hold(found), found.group),
        "readers": _readers(form, found),
        "agreeing": list_agreeing_names(session, found.version),
        "translated": _translated(found),
        "origin": origin_of(found.version.id),
    }
    return page


def _translated(found: Draft) -> PaperVersion | None:
    """Give the version that a draft translates, where this author may read it."""
    version = find_translated(db.session(), found.paper, found.version.translates)
    return version if version is not None and version.audience in current_actor().clearances else None


def _hold(found: Draft) -> Hold | None:
    version = found.version
    return hold_of(found.group, version, title=f"{version.title}\n{version.abstract}")


def _readers(form: DraftForm, found: Draft) -> str:
    """Say how many people can read it once it is published, by the label chosen in the form now."""
    chosen = form.label.data
    tlp = Tlp(chosen) if chosen in set(Tlp) else found.version.tlp
    readership = count_readers(
        db.session(), found.group, tlp, now=now(), named_list_id=found.version.named_list_id
    )
    return readers_sentence(readership)


def _fill(form: DraftForm, found: Draft) -> None:
    version, paper = found.version, found.paper
    form.title.data, form.abstract.data = version.title, version.abstract
    form.body.data, form.change_summary.data = version.source, version.change_summary
    form.label.data, form.lock_version.data = version.tlp.value, version.lock_version
    form.other_language.data = version.abstract_language or ""
    form.other_abstract.data = version.abstract_translated
    if isinstance(form, PaperForm):
        owner = find_owner(db.session(), paper)
        form.purpose.data, form.language.data = paper.purpose.value, paper.language
        form.speaking_for.data = owner.slug if owner else ""
        form.shown_as.data = paper.shown_as.value
        form.consultation.data = find_consultation(db.session(), paper)


@transactional
def _write_draft(
    session: Session, actor: Actor, slug: str, draft_id: str, form: DraftForm, rendered: Rendered, step: str
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    saved = drafts.save_draft(
        session,
        actor,
        draft_id,
        text_of(form, rendered),
        lock_version=form.lock_version.data or 0,
        choices=choices_of(form),
        now=now(),
    )
    if step != "publish":
        flash(gettext("The draft is saved."), "success")
        return remember_submission(session, _named(actor, saved.group), form, draft_path(slug, saved))
    sent = versions.publish_draft(
        session,
        actor,
        draft_id,
        now=now(),
        sealing_secret=sealing_secret(),
        received_at=received_at(),
    )
    flash(_sent_words(sent), "success")
    path = f"{paper_path(slug, sent.paper.public_id)}versions/{sent.version.number}"
    return remember_submission(session, _named(actor, sent.group), form, path)


def _sent_words(sent: versions.Sent) -> str:
    number = sent.version.number
    if sent.version.status is Status.RECEIVED:
        return gettext(
            "Version %(number)s is received. Its consultation's secretariat can read it.", number=number
        )
    if sent.hold is not None:
        return gettext(
            "Version %(number)s waits for a moderator, because %(reason)s. You will be told the outcome.",
            number=number,
            reason=gettext(sent.hold.message),
        )
    return gettext("Version %(number)s is published.", number=number)


@blueprint.post("/drafts/<draft_id>/delete")
def delete(slug: str, draft_id: str) -> Response:
    """Throw a draft away."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    path = _delete(slug, draft_id)
    flash(gettext("The draft is deleted."), "success")
    return redirect(path, 303)


@transactional
def _delete(session: Session, actor: Actor, slug: str, draft_id: str) -> str:
    _draft_in(session, actor, slug, draft_id)
    paper = drafts.delete_draft(session, actor, draft_id, now=now())
    return url_for("papers.index", slug=slug) if paper is None else paper_path(slug, paper.public_id)


def _draft_in(session: Session, actor: Actor, slug: str, draft_id: str) -> Draft:
    found = drafts.get_draft(session, actor, draft_id)
    if found.group.slug != slug:
        raise NotFound
    return found


@blueprint.post("/drafts/<draft_id>/authors")
def add_author(slug: str, draft_id: str) -> Response:
    """Let another member of the group write the draft too."""
    name = _change_authors(slug, draft_id, _person(), True)
    flash(gettext("%(name)s can now read and write this draft.", name=name), "success")
    return redirect(url_for(".draft", slug=slug, draft_id=draft_id), 303)


@blueprint.post("/drafts/<draft_id>/authors/remove")
def remove_author(slug: str, draft_id: str) -> Response:
    """Take a co-author off the draft (oneself too)."""
    person = _person()
    _change_authors(slug, draft_id, person, False)
    flash(gettext("That person no longer reads this draft."), "success")
    if person == current_actor().public_id:
        return redirect(url_for("papers.index", slug=slug), 303)
    return redirect(url_for(".draft", slug=slug, draft_id=draft_id), 303)


def _person() -> str:
    form = PersonForm()
    if not form.validate():
        raise Invalid("Choose a person first.")
    return str(form.person.data)


@transactional
def _change_authors(
    session: Session, actor: Actor, slug: str, draft_id: str, person: str, is_added: bool
) -> str:
    found = _draft_in(session, actor, slug, draft_id)
    if is_added:
        return coauthors.add_coauthor(session, found.paper, person, now=now(), by=actor).name
    coauthors.remove_coauthor(session, found.paper, person, now=now(), by=actor)
    return ""


@blueprint.route("/<paper_id>/versions/<int:number>/withdraw", methods=["GET", "POST"])
def withdraw(slug: str, paper_id: str, number: int) -> View:
    """Ask once, then withdraw a version; a stub stays."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    shown = head.get_version(number)
    path = f"{paper_path(slug, paper_id)}versions/{number}"
    form = Form()
    if request.method == "POST" and form.validate():
        _withdraw(slug, paper_id, number)
        flash(gettext("Version %(number)s is withdrawn.", number=number), "success")
        return redirect(path, 303)
    return render_template(
        "papers/withdraw.html", group=head.group, head=head, shown=shown, path=path, form=form
    )


@transactional
def _withdraw(session: Session, actor: Actor, slug: str, paper_id: str, number: int) -> None:
    versions.withdraw_version(session, actor, slug, paper_id, number, now=now())
