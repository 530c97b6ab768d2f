"""The forms of papers: their fields, the choices that a group and a person have, and what they hold."""

from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from forum.blueprints import wording
from forum.blueprints.support import Form, error_words
from forum.domain.attribution import ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.merging import Part
from forum.domain.papers import MAX_ABSTRACT, MAX_CHANGE_SUMMARY, Purpose
from forum.domain.redline import Redline
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render
from forum.services.chatham import is_sealed
from forum.services.drafts import Draft, DraftText
from forum.services.paper_choices import PaperChoices, find_owner
from forum.services.signing import shown_as_choices
from forum.services.threads import default_tlp, tlp_choices


class DraftForm(Form):
    """A version's own fields."""

    title = StringField(lazy_gettext("Title"), [InputRequired(), Length(max=TITLE_LENGTH)])
    abstract = TextAreaField(lazy_gettext("Summary by the author"), [Length(max=MAX_ABSTRACT)])
    body = TextAreaField(lazy_gettext("Text"), [InputRequired()])
    other_language = SelectField(lazy_gettext("Language of a second summary"), default="")
    other_abstract = TextAreaField(lazy_gettext("Summary in that language"), [Length(max=MAX_ABSTRACT)])
    change_summary = TextAreaField(
        lazy_gettext("What changed since the last version"), [Length(max=MAX_CHANGE_SUMMARY)]
    )
    label = RadioField(lazy_gettext("Readable by"))
    lock_version = IntegerField(widget=HiddenInput(), default=0)
    based_on = IntegerField(widget=HiddenInput(), default=0)


class PaperForm(DraftForm):
    """The fields of a first draft: what is chosen once for the paper too."""

    purpose = RadioField(lazy_gettext("Kind of paper"), default=Purpose.POSITION.value)
    speaking_for = SelectField(lazy_gettext("Speaking for"))
    shown_as = RadioField(lazy_gettext("Shown as"))
    language = SelectField(lazy_gettext("Language"))
    consultation = HiddenField()


class PersonForm(Form):
    """One person, chosen or named by a button."""

    person = StringField(lazy_gettext("Person"), [InputRequired(), Length(max=13)])


@dataclass(slots=True)
class Page:
    """What the form's page shows beside the form."""

    form: DraftForm
    group: Group
    action: str
    draft: Draft | None = None
    paper_title: str = ""
    path: str = ""
    preview: Markup | None = None
    others: "OthersText | None" = None
    status: int = 200
    can_publish: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def show(self) -> tuple[str, int]:
        """Render the page."""
        page = render_template("papers/form.html", page=self, form=self.form, group=self.group, **self.extra)
        return page, self.status


@dataclass(frozen=True, slots=True)
class OthersText:
    """What somebody else saved or sent meanwhile, beside what was typed."""

    message: str
    title: str
    source: str
    redline: Redline
    parts: list[Part]
    """Where the Markdown of both differs, part by part."""

    @property
    def differences(self) -> int:
        """How many parts differ."""
        return sum(part.number > 0 for part in self.parts)


def prepare(form: DraftForm, group: Group, actor: Actor, draft: Draft | None = None) -> None:
    """Give the form the choices that this group and this person have."""
    labels = tlp_choices(group)
    form.label.choices = [
        SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})") for tlp in labels
    ]
    if form.label.data is None:
        form.label.data = default_tlp(group).value
    form.other_language.choices = [
        SelectChoice("", gettext("None")),
        *(SelectChoice(code, wording.own_language_name(code)) for code in LANGUAGES),
    ]
    if not isinstance(form, PaperForm):
        return
    purposes = {Purpose.POSITION: gettext("A position, owned by those who write it")}
    if actor.mandates and not is_sealed(group):
        purposes[Purpose.JOINT_POSITION] = gettext("A joint position, which other bodies are asked to sign")
    if can(actor, Action.WRITE_GROUP_DRAFT, group):
        purposes[Purpose.GROUP_DRAFT] = gettext("A group draft, owned by the group")
    form.purpose.choices = [SelectChoice(purpose.value, words) for purpose, words in purposes.items()]
    form.speaking_for.choices = _bodies(actor, draft)
    form.shown_as.choices = [
        SelectChoice(choice.value, wording.shown_as_name(choice)) for choice in shown_as_choices(group)
    ]
    if form.shown_as.choices and form.shown_as.data is None:
        form.shown_as.data = form.shown_as.choices[0].value
    if not form.shown_as.choices:
        del form.shown_as
    first = [code for code in group.languages if code in LANGUAGES]
    codes = first + [code for code in LANGUAGES if code not in first]
    form.language.choices = [SelectChoice(code, wording.own_language_name(code)) for code in codes]
    if form.language.data is None:
        form.language.data = codes[0]


def _bodies(actor: Actor, draft: Draft | None) -> list[SelectChoice]:
    found = {"": gettext("Myself, in my own capacity")}
    for mandate in actor.mandates:
        words = mandate.name
        if not mandate.may_publish:
            words = gettext("%(name)s (somebody else has to send it)", name=mandate.name)
        found[mandate.slug] = words
    if draft is not None:
        owner = find_owner(db.session(), draft.paper)
        if owner is not None and owner.slug not in found:
            found[owner.slug] = owner.name
    return [SelectChoice(slug, words) for slug, words in found.items()]


def rendered_body(form: DraftForm) -> Rendered | None:
    """Give the text made ready to store; None with an error at its field."""
    try:
        return render(form.body.data or "", profile="paper")
    except Invalid as error:
        form.body.errors = [*form.body.errors, error_words(error)]
        return None


def text_of(form: DraftForm, rendered: Rendered) -> DraftText:
    """Give what the form holds of a version."""
    return DraftText(
        title=form.title.data or "",
        rendered=rendered,
        abstract=form.abstract.data or "",
        change_summary=form.change_summary.data or "",
        abstract_language=form.other_language.data or "",
        abstract_translated=form.other_abstract.data or "",
        tlp=Tlp(form.label.data),
    )


def choices_of(form: DraftForm) -> PaperChoices | None:
    """Give what the form holds of the paper; None where that was chosen before."""
    if not isinstance(form, PaperForm):
        return None
    shown_as = form.shown_as.data if "shown_as" in form else None
    return PaperChoices(
        purpose=Purpose(form.purpose.data),
        language=form.language.data,
        speaking_for=form.speaking_for.data or "",
        shown_as=ShownAs(shown_as) if shown_as else None,
        consultation=form.consultation.data or "",
    )
