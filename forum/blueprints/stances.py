"""The stance of a passage: choosing the passage of a text, saying what it says, taking that back."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import stance_words
from forum.blueprints.identity import current_actor
from forum.blueprints.positions import View, blueprint
from forum.blueprints.search import kind_name
from forum.blueprints.support import (
    Form,
    now,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.topics import MAX_NOTE, Stance
from forum.errors import Invalid, NotFound
from forum.extensions import db, search_engine
from forum.policy import Action, Actor
from forum.search.protocol import Hit
from forum.services.passage_texts import Passage, PassageText, load_texts, quote
from forum.services.positions import find_texts
from forum.services.search_hits import Found
from forum.services.stances import (
    CodedLine,
    by_document,
    list_passages,
    list_stances,
    remove_stance,
    set_stance,
)
from forum.services.topics import TopicSubject, get_topic


class StanceForm(Form):
    """Which passage of a text, and what it says."""

    passage = RadioField(lazy_gettext("Passage"), [InputRequired(lazy_gettext("Choose the passage."))])
    stance = RadioField(
        lazy_gettext("What it says"), [InputRequired(lazy_gettext("Say what the passage's stance is."))]
    )
    note = StringField(lazy_gettext("Remark"), [Length(max=MAX_NOTE)])

    def offer(self, found: Found, passages: list[Passage]) -> None:
        """Offer the passages of a text, and the stances."""
        self.stance.choices = [SelectChoice(one.value, stance_words.stance_name(one)) for one in Stance]
        self.passage.choices = [
            SelectChoice(
                f"{one.start}-{one.end}",
                ": ".join(filter(None, (stance_words.place_words(found, one.place), quote(one.words)))),
            )
            for one in passages
        ]
        if len(passages) == 1 and not self.is_submitted():
            self.passage.data = f"{passages[0].start}-{passages[0].end}"

    def chosen(self) -> tuple[int, int]:
        """Give beginning and end of the passage."""
        start, _, end = (self.passage.data or "").partition("-")
        return whole_number(start) or 0, whole_number(end) or 0


@blueprint.route("/<topic_id>/passages/<kind>/<public_id>", methods=["GET", "POST"])
def passage(topic_id: str, kind: str, public_id: str) -> View:
    """Show the passages of a text that a topic is found in; say what the stance of one is."""
    session, actor = db.session(), current_actor()
    subject = get_topic(session, actor, topic_id, Action.WORK_ON_TOPIC)
    document = f"{kind}:{public_id}"
    found, text, passages = _load(session, actor, subject, document)
    form = StanceForm()
    form.offer(found, passages)
    if form.validate_on_submit():
        if location := submitted_before(session, form):
            return redirect(location, 303)
        try:
            location = _set(form, topic_id, document)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Saved."), "success")
            return redirect(location, 303)
    coded = by_document(list_stances(session, actor, subject.topic.id)).get(document, [])
    page = render_template(
        "positions/passage.html",
        topic=subject.topic,
        found=found,
        coded=[(line, _words(line, text)) for line in coded],
        form=form,
        words=stance_words,
        kind_name=kind_name,
        path=request.path,
    )
    return page, 422 if form.errors or form.form_errors else 200


def _load(
    session: Session, actor: Actor, subject: TopicSubject, document: str
) -> tuple[Found, PassageText, list[Passage]]:
    if document.partition(":")[0] not in {"post", "version", "attachment", "answer"}:
        raise NotFound
    texts = load_texts(session, actor, [document])
    terms, loaded = find_texts(
        session, actor, search_engine(), subject, [Hit(document, "", "", 0.0, None, False)]
    )
    if document not in texts or not loaded:
        raise NotFound
    found = loaded[0]
    return found, texts[document], list(list_passages(texts[document], terms, found.language))


def _words(line: CodedLine, text: PassageText) -> str:
    found = line.find_passage(text)
    return quote(found.words) if found is not None else ""


@transactional
def _set(session: Session, actor: Actor, form: StanceForm, topic_id: str, document: str) -> str:
    start, end = form.chosen()
    set_stance(
        session,
        actor,
        topic_id,
        document,
        start=start,
        end=end,
        stance=Stance(form.stance.data),
        note=form.note.data or "",
        now=now(),
    )
    return remember_submission(session, actor, form, url_for(".topic", topic_id=topic_id))


@blueprint.post("/<topic_id>/passages/<kind>/<public_id>/<stance_id>/remove")
def remove(topic_id: str, kind: str, public_id: str, stance_id: str) -> Response:
    """Take a stance back."""
    get_topic(db.session(), current_actor(), topic_id, Action.WORK_ON_TOPIC)
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _remove(topic_id, f"{kind}:{public_id}", stance_id)
    flash(gettext("Taken back."), "success")
    return redirect(url_for(".passage", topic_id=topic_id, kind=kind, public_id=public_id), 303)


@transactional
def _remove(session: Session, actor: Actor, topic_id: str, document: str, stance_id: str) -> None:
    remove_stance(session, actor, topic_id, document, stance_id, now=now())
