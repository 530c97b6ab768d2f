"""Positions: topics and their terms, and who said what about them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import stance_words
from forum.blueprints.identity import current_actor
from forum.blueprints.stance_words import totals_lines
from forum.blueprints.support import (
    Form,
    now,
    page_argument,
    remember_submission,
    submitted_before,
    transactional,
    whole_number,
)
from forum.domain.accounts import PlatformRole
from forum.domain.topics import MAX_NAME, Stance, read_terms, write_terms
from forum.errors import Conflict, Invalid, NotAllowed
from forum.extensions import db, search_engine
from forum.policy import Action, Actor, can
from forum.search.grammar import Parsed, parse
from forum.services import topics as services
from forum.services.positions import load_positions
from forum.services.search import SORTS
from forum.services.search_filters import read_filters
from forum.services.topics import TopicFields, get_topic

blueprint = Blueprint("positions", __name__, url_prefix="/secretariat/positions")

View = str | Response | tuple[str, int]

_PLATFORM = "-"
SORT_WORDS = {"relevance": lazy_gettext("relevance"), "date": lazy_gettext("date, the newest first")}


class TopicForm(Form):
    """What a topic is called, and what it looks for."""

    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Give the topic a name."))])
    owner = SelectField(lazy_gettext("Whose topic it is"))
    about = TextAreaField(lazy_gettext("What it is about"), [Length(max=2_000)])
    text = StringField(lazy_gettext("Search"))
    terms = TextAreaField(lazy_gettext("Terms, one a line"))
    sort = RadioField(
        lazy_gettext("A search with it is listed by"),
        choices=[SelectChoice(sort, words) for sort, words in SORT_WORDS.items()],
        default=SORTS[0],
        validate_choice=False,
    )
    based_on = HiddenField()

    def offer(self, session: Session, actor: Actor) -> None:
        """Offer the owners for whom this person may make a topic."""
        choices = [SelectChoice(one.slug, one.short_title) for one in services.list_owners(session, actor)]
        if actor.platform_role is PlatformRole.SECRETARIAT:
            choices.append(SelectChoice(_PLATFORM, gettext("The platform: all participants search with it")))
        self.owner.choices = choices

    def fields(self) -> TopicFields:
        """Give what was typed, as the service takes it; Invalid at its field."""
        return TopicFields(
            name=self.name.data or "",
            about=self.about.data or "",
            text=" ".join((self.text.data or "").split()),
            terms=read_terms(self.terms.data or ""),
            sort=self.sort.data or SORTS[0],
        )


@blueprint.get("/")
def index() -> str:
    """List the topics whose positions this person may open."""
    session, actor = db.session(), current_actor()
    return render_template(
        "positions/index.html",
        topics=services.list_position_topics(session, actor),
        may_make=_may_make(session, actor),
    )


def _may_make(session: Session, actor: Actor) -> bool:
    return actor.platform_role is PlatformRole.SECRETARIAT or bool(services.list_owners(session, actor))


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> View:
    """Make a topic, of a search that the address carries or of nothing."""
    session, actor = db.session(), current_actor()
    form = TopicForm()
    form.offer(session, actor)
    if not form.owner.choices:
        raise NotAllowed("A topic is made by the secretariat that it belongs to.")
    if request.method == "GET":
        typed = parse(" ".join(request.args.get("q", "").split()))
        filters = typed.filters.merge(read_filters(request.args.to_dict(flat=False)))
        form.text.data = Parsed(typed.query, filters).text
        form.name.data = Parsed(typed.query, type(filters)()).text[:MAX_NAME]
        form.sort.data = request.args.get("sort", SORTS[0])
    elif form.validate():
        if location := submitted_before(session, form):
            return redirect(location, 303)
        try:
            location = _create(form, form.fields())
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("The topic is made."), "success")
            return redirect(location, 303)
    page = render_template("positions/form.html", form=form, topic=None)
    return page, 422 if form.errors or form.form_errors else 200


@transactional
def _create(session: Session, actor: Actor, form: TopicForm, fields: TopicFields) -> str:
    group = None if form.owner.data == _PLATFORM else form.owner.data
    made = services.create_topic(session, actor, fields, group_slug=group, now=now())
    return remember_submission(session, actor, form, url_for(".topic", topic_id=made.topic.public_id))


@blueprint.route("/<topic_id>/edit", methods=["GET", "POST"])
def edit(topic_id: str) -> View:
    """Change a topic's name, search and terms."""
    session, actor = db.session(), current_actor()
    subject = get_topic(session, actor, topic_id, Action.WORK_ON_TOPIC)
    topic, form = subject.topic, TopicForm()
    del form.owner
    if request.method == "GET":
        form.name.data, form.about.data = topic.name, topic.about
        form.text.data = Parsed(parse(topic.text).query, subject.filters).text
        form.sort.data = subject.sort
        form.terms.data, form.based_on.data = write_terms(topic.read_terms()), str(topic.lock_version)
    elif form.validate():
        try:
            _edit(topic_id, form.fields(), whole_number(form.based_on.data) or 0)
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(gettext(error.message))
            form.based_on.data = str(topic.lock_version)
        else:
            flash(gettext("Saved."), "success")
            return redirect(url_for(".topic", topic_id=topic_id), 303)
    page = render_template("positions/form.html", form=form, topic=topic)
    return page, 422 if form.errors or form.form_errors else 200


@transactional
def _edit(session: Session, actor: Actor, topic_id: str, fields: TopicFields, based_on: int) -> None:
    services.edit_topic(session, actor, topic_id, fields, based_on=based_on, now=now())


@blueprint.post("/<topic_id>/delete")
def delete(topic_id: str) -> Response:
    """Delete a topic with its stances."""
    get_topic(db.session(), current_actor(), topic_id, Action.WORK_ON_TOPIC)
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _delete(topic_id)
    flash(gettext("The topic and its stances are deleted."), "success")
    return redirect(url_for(".index"), 303)


@transactional
def _delete(session: Session, actor: Actor, topic_id: str) -> None:
    services.delete_topic(session, actor, topic_id, now=now())


@blueprint.get("/<topic_id>")
def topic(topic_id: str) -> str:
    """Show who said what about a topic, over what this person may read."""
    session, actor = db.session(), current_actor()
    subject = get_topic(session, actor, topic_id)
    found = load_positions(session, actor, search_engine(), subject, page=page_argument())
    here = url_for(".topic", topic_id=topic_id)
    return render_template(
        "positions/topic.html",
        subject=subject,
        topic=subject.topic,
        terms=subject.topic.read_terms(),
        found=found,
        stances=Stance,
        words=stance_words,
        totals=totals_lines(found.totals),
        may_work=can(actor, Action.WORK_ON_TOPIC, subject.rights),
        code_path=f"{here}/passages/",
        search_path=f"/search?topic={subject.topic.slug}",
        sorted_path=_sorted(f"/search?topic={subject.topic.slug}", subject.sort),
        previous_url=f"{here}?page={found.number - 1}" if found.number > 1 else None,
        next_url=f"{here}?page={found.number + 1}" if found.number < found.pages else None,
        form=Form(),
    )


def _sorted(path: str, sort: str) -> str:
    return path if sort == SORTS[0] else f"{path}&sort={sort}"
