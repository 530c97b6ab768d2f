"""Adding a translation of a paper: a draft of its own, from the authentic text or from a machine's."""

from flask import Blueprint, current_app, flash, redirect, render_template
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from forum.blueprints import wording
from forum.blueprints.drafts import draft_path
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import paper_path
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.papers import TranslationKind
from forum.errors import Invalid, NotAllowed
from forum.extensions import db, translator
from forum.policy import Actor
from forum.richtext import render
from forum.services import drafts
from forum.services.drafts import DraftText
from forum.services.papers import PaperHead, VersionLine, get_paper, get_source, get_text
from forum.services.translation_hook import machine_translate
from forum.services.translations import list_free_languages, list_kinds

blueprint = Blueprint("translations", __name__, url_prefix="/groups/<slug>/papers/<paper_id>/translations")

View = str | Response | tuple[str, int]


class TranslationForm(Form):
    """Into which language, and who answers for it."""

    language = SelectField(lazy_gettext("Language"))
    kind = RadioField(lazy_gettext("Whose translation"))


@blueprint.route("/new", methods=["GET", "POST"])
def new(slug: str, paper_id: str) -> View:
    """Begin a translation of the newest version."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    may_write = drafts.may_write_version(session, actor, head.group, head.paper)
    kinds = list_kinds(session, actor, head, may_write=may_write)
    if not kinds or head.newest is None:
        raise NotAllowed(
            "Only its authors translate a paper, and who manages the group adds official translations."
        )
    if not translator().name:
        kinds = [kind for kind in kinds if kind is not TranslationKind.MACHINE]
    form = TranslationForm()
    form.language.choices = [
        SelectChoice(code, wording.own_language_name(code)) for code in list_free_languages(session, head)
    ]
    form.kind.choices = [SelectChoice(kind.value, wording.translation_name(kind)) for kind in kinds]
    if form.kind.data is None:
        form.kind.data = kinds[0].value
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                return redirect(_begin(head, head.newest, form), 303)
            except Invalid as error:
                form.add_error(error)
    page = render_template(
        "papers/translate.html",
        group=head.group,
        head=head,
        shown=head.newest,
        form=form,
        path=paper_path(slug, paper_id),
        machine=translator().name,
    )
    return page, status


def _begin(head: PaperHead, shown: VersionLine, form: TranslationForm) -> str:
    """Translate by machine where that was chosen, outside any transaction, and write the draft."""
    session, actor = db.session(), current_actor()
    kind, language = TranslationKind(form.kind.data), form.language.data
    parts = [shown.title, get_text(session, actor, shown).abstract, get_source(session, actor, shown)]
    slug, paper_id = head.group.slug, head.paper.public_id
    if kind is TranslationKind.MACHINE:
        session.rollback()
        parts = machine_translate(
            translator(),
            parts,
            source=head.paper.language,
            target=language,
            tlp=shown.tlp,
            allowed=current_app.config["TRANSLATION_LABELS"],
        )
    text = DraftText(title=parts[0], abstract=parts[1], rendered=render(parts[2], profile="paper"))
    return _write(slug, paper_id, form, text, shown.number, kind)


@transactional
def _write(
    session: Session,
    actor: Actor,
    slug: str,
    paper_id: str,
    form: TranslationForm,
    text: DraftText,
    number: int,
    kind: TranslationKind,
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    draft = drafts.start_translation(
        session,
        actor,
        slug,
        paper_id,
        text,
        number=number,
        language=form.language.data,
        kind=kind,
        now=now(),
    )
    flash(gettext("The draft of the translation is begun. Only its authors can read it."), "success")
    return remember_submission(session, actor, form, draft_path(slug, draft))
