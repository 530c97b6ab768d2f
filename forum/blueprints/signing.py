"""Joint positions: the page on which invited bodies read the draft and answer, and the board of its writers.

The first page stands outside the group, because a body that was asked may be: it shows this draft alone.
"""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.support import Form, error_words, now, transactional
from forum.blueprints.wording import standing_words
from forum.domain.signatures import MAX_NOTE, MAX_PASSAGE, MAX_WORDING, SigningAnswer
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import blocks_of
from forum.services import signatories, signatures
from forum.services.drafts import Draft, find_draft_of
from forum.services.organisations import list_organisations
from forum.services.signature_reminders import list_recipients
from forum.services.signatures import Reply, Signing

blueprint = Blueprint("signing", __name__, url_prefix="/signing/<paper_id>")

View = str | Response | tuple[str, int]


class AnswerForm(Form):
    """What a body says to the draft."""

    body = SelectField(lazy_gettext("Answering for"))
    answer = RadioField(lazy_gettext("Your answer"), [InputRequired(lazy_gettext("Choose an answer."))])
    passage = TextAreaField(lazy_gettext("The passage"), [Length(max=MAX_PASSAGE)])
    wording = TextAreaField(lazy_gettext("The wording you want there"), [Length(max=MAX_WORDING)])
    note = TextAreaField(lazy_gettext("A note to those who write it"), [Length(max=MAX_NOTE)])
    text_hash = HiddenField()

    def offer(self, signing: Signing) -> None:
        """Offer the bodies that this person may answer for, and the three answers."""
        mine = [one.organisation for one in signing.bodies if one.may_answer]
        self.body.choices = [SelectChoice(body.slug, body.name) for body in mine]
        self.answer.choices = [
            SelectChoice(SigningAnswer.AGREE.value, gettext("We agree to this very text, and sign it")),
            SelectChoice(SigningAnswer.IF_CHANGED.value, gettext("We agree if a passage is changed")),
            SelectChoice(SigningAnswer.DECLINE.value, gettext("We do not sign")),
        ]


class BodyForm(Form):
    """An organisation by name."""

    body = StringField(
        lazy_gettext("Organisation"), [InputRequired(lazy_gettext("Name an organisation.")), Length(max=300)]
    )


class SignatoryForm(Form):
    """An organisation that was asked, named by a button."""

    signatory = HiddenField(validators=[InputRequired(), Length(max=13)])


@blueprint.route("/", methods=["GET", "POST"])
def answer(paper_id: str) -> View:
    """Read the draft of a joint position, and answer for a body that was asked to sign it."""
    signing = signatures.get_signing(db.session(), current_actor(), paper_id)
    form = AnswerForm()
    form.offer(signing)
    status = 200
    if form.is_submitted():
        if form.validate():
            try:
                _answer(paper_id, form)
            except Invalid as error:
                form.add_error(error)
                status = 422
            except Conflict as error:
                form.form_errors.append(error_words(error))
                signing = signatures.get_signing(db.session(), current_actor(), paper_id)
                status = 409
            else:
                flash(
                    gettext("Your answer is recorded. You may change it until the position is sent."),
                    "success",
                )
                return redirect(url_for(".answer", paper_id=paper_id), 303)
        else:
            status = 422
    form.text_hash.raw_data, form.text_hash.data = None, signing.text_hash
    return _show(signing, form, status)


def _show(signing: Signing, form: AnswerForm, status: int) -> tuple[str, int]:
    passages = (
        [(int(anchor[1:]) if anchor else 0, html) for anchor, html in blocks_of(signing.draft.html)]
        if signing.draft
        else []
    )
    page = render_template(
        "signing/answer.html",
        signing=signing,
        form=form,
        passages=passages,
        may_answer=any(one.may_answer for one in signing.bodies),
        knows_group=can(current_actor(), Action.SEE_LISTING, signing.group),
        words=standing_words,
    )
    return page, status


@transactional
def _answer(session: Session, actor: Actor, paper_id: str, form: AnswerForm) -> None:
    reply = Reply(
        body=form.body.data or "",
        answer=SigningAnswer(form.answer.data),
        text_hash=form.text_hash.data or "",
        passage=form.passage.data or "",
        wording=form.wording.data or "",
        note=form.note.data or "",
    )
    signatures.answer_signing(session, actor, paper_id, reply, now=now())


@blueprint.get("/board")
def board(paper_id: str) -> View:
    """Show those who write it how every body stands."""
    return _board(paper_id, BodyForm(formdata=None), 200)


def _board(paper_id: str, form: BodyForm, status: int) -> tuple[str, int]:
    session = db.session()
    found = _draft(session, current_actor(), paper_id)
    organisations, _ = list_organisations(session, limit=500)
    page = render_template(
        "signing/board.html",
        group=found.group,
        draft=found,
        lines=signatories.list_board(session, found.version, now=now()),
        form=form,
        organisations=organisations,
        button=Form(formdata=None),
        words=standing_words,
    )
    return page, status


def _draft(session: Session, actor: Actor, paper_id: str) -> Draft:
    return find_draft_of(session, actor, paper_id)


@blueprint.post("/bodies")
def invite(paper_id: str) -> View:
    """Ask a body to sign; its people are told."""
    form = BodyForm()
    if not form.validate():
        return _board(paper_id, form, 422)
    try:
        name = _invite(paper_id, form.body.data or "")
    except Invalid as error:
        form.add_error(error)
        return _board(paper_id, form, 422)
    flash(gettext("%(name)s is asked. Its people are told, and read this draft alone.", name=name), "success")
    return redirect(url_for(".board", paper_id=paper_id), 303)


@transactional
def _invite(session: Session, actor: Actor, paper_id: str, name: str) -> str:
    found = _draft(session, actor, paper_id)
    signatories.invite_body(session, found.paper, found.version, name, now=now())
    return " ".join(name.split())


@blueprint.post("/bodies/end")
def end(paper_id: str) -> Response:
    """Ask a body no longer."""
    form = SignatoryForm()
    if not form.validate():
        raise Invalid("Go back, reload the page and try again.")
    name = _end(paper_id, form.signatory.data or "")
    flash(gettext("%(name)s is not asked any more, and no longer reads the draft.", name=name), "success")
    return redirect(url_for(".board", paper_id=paper_id), 303)


@transactional
def _end(session: Session, actor: Actor, paper_id: str, public_id: str) -> str:
    found = _draft(session, actor, paper_id)
    return signatories.end_signatory(session, found.paper, public_id, now=now()).name


@blueprint.route("/reminder", methods=["GET", "POST"])
def reminder(paper_id: str) -> View:
    """Show exactly which mail would go to whom, and send it when the button is pressed."""
    session = db.session()
    found = _draft(session, current_actor(), paper_id)
    form = Form()
    if form.is_submitted():
        if not form.validate():
            raise Invalid("Go back, reload the page and try again.")
        count = _remind(paper_id)
        flash(gettext("Reminded. People told: %(count)d.", count=count), "success")
        return redirect(url_for(".board", paper_id=paper_id), 303)
    recipients = list_recipients(
        session, found.paper, found.version, now=now(), sealing_secret=sealing_secret()
    )
    mails = [(one, mail_of(one.letter) if one.letter else None) for one in recipients]
    return render_template("signing/reminder.html", group=found.group, draft=found, mails=mails, form=form)


@transactional
def _remind(session: Session, actor: Actor, paper_id: str) -> int:
    found = _draft(session, actor, paper_id)
    return signatories.remind(session, found.version, now=now())
