"""The composer: the forms that contributions to discussions are written in, and what stands beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import request
from flask_babel import gettext, lazy_gettext, ngettext
from markupsafe import Markup
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints import wording
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import Form, new_submission_key, now
from forum.domain.attribution import ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.papers import PaperVersion
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.richtext import Rendered, render, to_markup
from forum.services.absences import usually_answered_by
from forum.services.chatham import is_sealed
from forum.services.holding import NOTHING_WRITTEN, Hold, Written, find_hold
from forum.services.readership import Readership, count_readers
from forum.services.signing import account_keys, shown_as_choices
from forum.services.threads import default_tlp, tlp_choices

OWN_CAPACITY = "-"
"""The choice of speaking for no body; never the slug of one."""


class Choice(NamedTuple):
    """Something to choose beside the text: values with their words, and the one that is chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def reply_choices(actor: Actor, group: Group) -> list[Choice]:
    """Give what this person may choose for a reply in this group."""
    choices = []
    bodies = [(mandate.slug, mandate.name) for mandate in actor.mandates if mandate.may_publish]
    if bodies:
        own = (OWN_CAPACITY, gettext("Myself, in my own capacity"))
        choices.append(Choice("speaking_for", gettext("Speaking for"), [*bodies, own], bodies[0][0]))
    shown = [(choice.value, wording.shown_as_name(choice)) for choice in shown_as_choices(group)]
    if len(shown) > 1:
        choices.append(Choice("shown_as", gettext("Shown as"), shown, shown[0][0]))
    languages = language_options(group)
    if languages:
        choices.append(Choice("language", gettext("Language"), languages, languages[0][0]))
    return choices


def language_options(group: Group, first: str | None = None) -> list[tuple[str, str]]:
    """Give the group's languages; none under the Chatham House Rule, where one would tell the writer."""
    if is_sealed(group):
        return []
    codes = dict.fromkeys([*([first] if first else []), *(group.languages or LANGUAGES)])
    return [(code, wording.own_language_name(code)) for code in codes]


class TextForm(Form):
    """A text and its language."""

    body = TextAreaField(lazy_gettext("Your text"), [InputRequired(lazy_gettext("Write something first."))])
    language = SelectField(lazy_gettext("Language"), [InputRequired()])

    def offer_languages(self, group: Group, chosen: str) -> None:
        """Offer the group's languages beside the one chosen before."""
        options = language_options(group, chosen)
        if not options:
            del self.language
            return
        self.language.choices = [SelectChoice(value, words) for value, words in options]
        if self.language.data is None:
            self.language.data = chosen

    def render(self) -> Rendered | None:
        """Give the text made ready to store; None with the complaint at the field."""
        try:
            return render(self.body.data or "", profile="post")
        except Invalid as error:
            self.add_error(Invalid(error.message, field="body", **error.parameters))
            return None


class PostForm(TextForm):
    """A reply."""

    speaking_for = SelectField(lazy_gettext("Speaking for"), [InputRequired()])
    shown_as = SelectField(lazy_gettext("Shown as"), [InputRequired()])
    parent = HiddenField()
    is_answer = BooleanField(lazy_gettext("This is the answer to the question"))

    def offer(self, actor: Actor, group: Group, *, may_answer: bool = False) -> None:
        """Offer what this person may choose in this group, and take away what is no choice."""
        offered = {choice.name: choice for choice in reply_choices(actor, group)}
        for name in ("speaking_for", "shown_as", "language"):
            choice = offered.get(name)
            if choice is None:
                delattr(self, name)
                continue
            self[name].choices = [SelectChoice(value, words) for value, words in choice.options]
            if self[name].data is None:
                self[name].data = choice.chosen
        if not may_answer:
            del self.is_answer

    def choices(self, actor: Actor) -> dict[str, Any]:
        """Give what was chosen, as the services take it."""
        chosen: dict[str, Any] = {"speaking_for": organisation_of(actor, self._get("speaking_for"))}
        if shown_as := self._get("shown_as"):
            chosen["shown_as"] = ShownAs(shown_as)
        if language := self._get("language"):
            chosen["language"] = language
        return chosen

    def _get(self, name: str) -> str | None:
        field = getattr(self, name, None)
        return field.data or None if field is not None else None


class ThreadForm(PostForm):
    """An opening post with its title and label."""

    title = StringField(lazy_gettext("Title"), [InputRequired(lazy_gettext("Give it a title."))])
    tlp = SelectField(lazy_gettext("Readable by"), [InputRequired()])

    def offer_labels(self, group: Group, *, fixed: bool = False) -> None:
        """Offer the labels that are true under the group's ceiling; none where the label is given."""
        labels = tlp_choices(group)
        if fixed or len(labels) < 2:
            del self.tlp
            return
        self.tlp.choices = [
            SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp})") for tlp in labels
        ]
        if self.tlp.data is None:
            self.tlp.data = default_tlp(group).value

    def label(self) -> Tlp | None:
        """Give the label chosen; None where there was no choice, or a wrong one."""
        value = self._get("tlp")
        return Tlp(value) if value in set(Tlp) else None


def organisation_of(actor: Actor, slug: str | None) -> int | None:
    """Give the id of a body that the actor speaks for by its slug; Invalid where they do not."""
    if not slug or slug == OWN_CAPACITY:
        return None
    for mandate in actor.mandates:
        if mandate.slug == slug:
            return mandate.organisation_id
    raise Invalid("You hold no mandate to speak for that organisation now.", field="speaking_for")


def is_preview() -> bool:
    """Whether the preview button was pressed rather than the one that sends."""
    return request.form.get("action") == "preview"


@dataclass(frozen=True, slots=True)
class Composer:
    """What stands around a composer: the form, and what is said before anything is sent.

    A discussion page that only shows an empty composer has no form but the choices: to build and print
    a form with its fields took a fifth of the page's time.
    """

    form: Form | None
    tlp: Tlp
    held: str | None
    """The sentence that it will be held, and why."""
    readers: str
    seen_as: str
    is_sealed: bool
    preview: Markup | None = None
    choices: tuple[Choice, ...] = ()
    may_answer: bool = False
    submission: str = ""


def compose(
    form: Form,
    group: Group,
    tlp: Tlp,
    hold: Hold | None,
    *,
    named_list_id: int | None = None,
    rendered: Rendered | None = None,
) -> Composer:
    """Give the composer of a form: who will read it, as what they see the writer, what holds it."""
    chosen = {name: form[name].data for name in ("speaking_for", "shown_as") if name in form}
    return Composer(
        form=form,
        tlp=tlp,
        held=held_sentence(hold, group),
        readers=_readers(group, tlp, named_list_id),
        seen_as=seen_as(chosen, group),
        is_sealed=is_sealed(group),
        preview=to_markup(rendered.html) if rendered is not None else None,
    )


def compose_empty(
    actor: Actor,
    group: Group,
    tlp: Tlp,
    hold: Hold | None,
    *,
    named_list_id: int | None = None,
    may_answer: bool = False,
) -> Composer:
    """Give the composer of a reply that nobody has begun to write."""
    choices = tuple(reply_choices(actor, group))
    return Composer(
        form=None,
        tlp=tlp,
        held=held_sentence(hold, group),
        readers=_readers(group, tlp, named_list_id),
        seen_as=seen_as({choice.name: choice.chosen for choice in choices}, group),
        is_sealed=is_sealed(group),
        choices=choices,
        may_answer=may_answer,
        submission=new_submission_key(),
    )


def _readers(group: Group, tlp: Tlp, named_list_id: int | None) -> str:
    return readers_sentence(count_readers(db.session(), group, tlp, now=now(), named_list_id=named_list_id))


def hold_of(
    group: Group, rendered: Rendered | PaperVersion | None = None, *, title: str = "", is_edit: bool = False
) -> Hold | None:
    """Give the rule that would hold what was written, or, where nothing is yet, whatever is written."""
    actor = current_actor()
    written = NOTHING_WRITTEN
    if rendered is not None:
        written = Written(f"{title}\n{rendered.text}".strip(), rendered.html)
    return find_hold(
        db.session(),
        actor,
        group,
        account_keys=account_keys(actor, sealing_secret()),
        written=written,
        now=None if is_edit else now(),
    )


def held_sentence(hold: Hold | None, group: Group) -> str | None:
    """Say before sending that it will be held, why, and how long that may last."""
    if hold is None:
        return None
    return gettext(
        "It will be held because %(reason)s. %(promise)s",
        reason=gettext(hold.message),
        promise=wording.answered_by(usually_answered_by(db.session(), group, now=now())),
    )


def readers_sentence(readership: Readership) -> str:
    """Say how many people would read it."""
    if readership.is_public:
        return gettext("Everyone can read this, on the open web.")
    people = ngettext("%(num)d person", "%(num)d people", readership.people)
    if not readership.organisations:
        return gettext("%(people)s can read this.", people=people)
    bodies = ngettext("%(num)d organisation", "%(num)d organisations", readership.organisations)
    return gettext("%(people)s in %(bodies)s can read this.", people=people, bodies=bodies)


def seen_as(chosen: Mapping[str, Any], group: Group) -> str:
    """Say as what readers see the writer, by what is chosen now."""
    actor = current_actor()
    if is_sealed(group):
        return gettext("They see an alias by type, and no name, organisation, country or time of day.")
    slug, shown_as = chosen.get("speaking_for"), chosen.get("shown_as")
    body = next((mandate for mandate in actor.mandates if mandate.slug == slug), None)
    shown = ShownAs(shown_as) if shown_as in set(ShownAs) else shown_as_choices(group)[0]
    words: Iterable[str | None] = {
        ShownAs.NAME: (actor.name, body.name if body else None),
        ShownAs.ORGANISATION: (body.name if body else wording.own_capacity(),),
        ShownAs.STAKEHOLDER_TYPE: (wording.type_name(body.type) if body else wording.own_capacity(),),
    }[shown]
    return gettext("They see “%(name)s”.", name=", ".join(word for word in words if word))
