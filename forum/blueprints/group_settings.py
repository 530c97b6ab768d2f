"""A group's terms and rules, edited by its chair or secretariat."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from forum import richtext
from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.identity import current_actor
from forum.blueprints.support import BoxesField, Form, now, transactional, whole_number
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.charters import rules_from_text, rules_to_text
from forum.domain.groups import Group, HoldingRule, MembersVisible, WhoMayWrite
from forum.domain.labels import Ceiling, Tlp
from forum.domain.languages import LANGUAGES
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Action, Actor
from forum.services.charters import EDITABLE, CharterFields, edit_charter
from forum.services.groups import get_group

blueprint = Blueprint("group_settings", __name__, url_prefix="/groups/<slug>/settings")


class CharterForm(Form):
    """What a charter sets."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=200)])
    short_title = StringField(lazy_gettext("Short title"), [InputRequired(), Length(max=60)])
    summary = TextAreaField(lazy_gettext("In one sentence"), [InputRequired(), Length(max=500)])
    mandate_source = TextAreaField(lazy_gettext("Mandate"), [Length(max=20_000)])
    contact = StringField(lazy_gettext("Contact"), [Length(max=254)])
    ceiling = SelectField(lazy_gettext("Who may read at most"), [InputRequired()])
    default_tlp = SelectField(lazy_gettext("Label of new contributions"), [InputRequired()])
    is_listed = BooleanField(lazy_gettext("People outside may know that the group exists"))
    members_visible = SelectField(lazy_gettext("What people outside see of the members"), [InputRequired()])
    attribution = SelectField(lazy_gettext("How authors are named"), [InputRequired()])
    shown_as_choices = BoxesField(
        lazy_gettext("What authors may choose to be shown as"),
        [InputRequired(lazy_gettext("Choose at least one."))],
        choices=[SelectChoice(s.value) for s in ShownAs],
    )
    who_may_write = SelectField(lazy_gettext("Who may write"), [InputRequired()])
    holding_rule = SelectField(lazy_gettext("What waits for a moderator"), [InputRequired()])
    promised_days = IntegerField(
        lazy_gettext("Working days in which moderators answer"), [InputRequired(), NumberRange(1, 30)]
    )
    languages = BoxesField(
        lazy_gettext("Languages"),
        [InputRequired(lazy_gettext("Choose at least one."))],
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )
    rules = TextAreaField(lazy_gettext("Rules of conduct"), [InputRequired(), Length(max=10_000)])
    lock_version = HiddenField()
    confirm = BooleanField(lazy_gettext("The group agrees that this shows more to more people"))

    def offer(self) -> None:
        """Fill the choices with words."""
        words: dict[str, tuple[Any, Any]] = {
            "ceiling": (Ceiling, wording.ceiling_words),
            "default_tlp": (Tlp, lambda tlp: f"{wording.tlp_words(tlp)} (TLP:{tlp.value})"),
            "members_visible": (MembersVisible, wording.members_visible_words),
            "attribution": (Attribution, wording.attribution_words),
            "shown_as_choices": (ShownAs, wording.shown_as_name),
            "who_may_write": (WhoMayWrite, wording.who_writes),
            "holding_rule": (HoldingRule, wording.holding_sentence),
        }
        for name, (kind, words_of) in words.items():
            self[name].choices = [SelectChoice(value.value, str(words_of(value))) for value in kind]

    def show(self, group: Group) -> None:
        """Fill the form with what a group has."""
        for name in EDITABLE:
            value = getattr(group, name)
            self[name].data = rules_to_text(value) if name == "rules" else value
        self.lock_version.data = str(group.lock_version)

    def fields(self) -> CharterFields:
        """Give what was typed; Invalid where the mandate cannot be rendered or a rule not be read."""
        rendered = richtext.render(self.mandate_source.data or "", profile="post")
        return CharterFields(
            title=" ".join(self.title.data.split()),
            short_title=" ".join(self.short_title.data.split()),
            summary=" ".join(self.summary.data.split()),
            mandate_source=rendered.source,
            mandate_html=rendered.html,
            contact=(self.contact.data or "").strip(),
            ceiling=Ceiling(self.ceiling.data),
            is_listed=self.is_listed.data,
            default_tlp=Tlp(self.default_tlp.data),
            attribution=Attribution(self.attribution.data),
            shown_as_choices=list(self.shown_as_choices.data),
            holding_rule=HoldingRule(self.holding_rule.data),
            promised_days=self.promised_days.data,
            members_visible=MembersVisible(self.members_visible.data),
            who_may_write=WhoMayWrite(self.who_may_write.data),
            languages=list(self.languages.data),
            rules=rules_from_text(self.rules.data),
        )


@blueprint.route("/", methods=["GET", "POST"])
def edit(slug: str) -> View:
    """Show the charter in a form; on POST change it, or show both texts where somebody was faster."""
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_GROUP)
    form = CharterForm()
    form.offer()
    if not form.is_submitted():
        form.show(group)
        return _page(group, form, 200)
    if form.validate():
        try:
            _save(slug, form.fields(), whole_number(form.lock_version.data) or 0, form.confirm.data)
        except Conflict as error:
            return _conflict(slug, form, error)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("The terms and rules are changed."), "success")
            return redirect(url_for("group_settings.edit", slug=slug), 303)
    return _page(group, form, 422)


def _page(group: Group, form: CharterForm, status: int, **more: Any) -> tuple[str, int]:
    page = render_template(
        "members/settings.html",
        group=group,
        form=form,
        asks=status == 422 and bool(form.confirm.errors),
        **more,
    )
    return page, status


def _conflict(slug: str, form: CharterForm, error: Conflict) -> tuple[str, int]:
    """Show what is there now beside what was typed; sending again overwrites it knowingly."""
    db.session.rollback()
    db.session.expire_all()
    group = get_group(db.session(), current_actor(), slug, Action.MANAGE_GROUP)
    now_there = CharterForm(formdata=None)
    now_there.offer()
    now_there.show(group)
    differing = [
        (form[name].label.text, _words(now_there, name), _words(form, name))
        for name in EDITABLE
        if _words(now_there, name) != _words(form, name)
    ]
    form.lock_version.data = str(group.lock_version)
    form.form_errors.append(gettext(error.message))
    return _page(group, form, 409, differing=differing)


def _words(form: CharterForm, name: str) -> str:
    """Give the value of a field as it reads on the page."""
    data = form[name].data
    if isinstance(data, bool):
        return gettext("yes") if data else gettext("no")
    chosen = data if isinstance(data, list) else [data]
    labels = {choice.value: str(choice.label) for choice in getattr(form[name], "choices", None) or []}
    return ", ".join(labels.get(value, str(value or "")) for value in chosen).replace("\r\n", "\n")


@transactional
def _save(
    database: Session, actor: Actor, slug: str, fields: CharterFields, based_on: int, is_confirmed: bool
) -> None:
    edit_charter(
        database,
        actor,
        slug,
        fields,
        based_on=based_on,
        is_confirmed=is_confirmed,
        now=now(),
    )
