"""The composer: the forms that contributions to discussions are written in, and what stands beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext, ngettext
from markupsafe import Markup
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints import wording
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now
from forum.domain.attribution import ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.languages import LANGUAGES
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.richtext import Rendered, render, to_markup
from forum.services.chatham import is_sealed
from forum.services.holding import Hold
from forum.services.readership import Readership, count_readers
from forum.services.signing import shown_as_choices
from forum.services.threads import default_tlp, tlp_choices

OWN_CAPACITY = "-"
"""The choice of speaking for no body; never the slug of one."""


class TextForm(Form):
    """A text and its language."""

    body = TextAreaField(lazy_gettext("Your text"), [InputRequired(lazy_gettext("Write something first."))])
    language = SelectField(lazy_gettext("Language"), [InputRequired()])

    def offer_languages(self, group: Group, chosen: str | None = None) -> None:
        """Offer the group's languages; none under the Chatham House Rule, where one would tell the writer."""
        if is_sealed(group):
            del self.language
            return
        codes = list(dict.fromkeys([*([chosen] if chosen else []), *(group.languages or LANGUAGES)]))
        own = wording.own_language_name
        self.language.choices = [SelectChoice(code, own(code)) for code in codes]
        if self.language.data is None:
            self.language.data = codes[0]

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
    is_answer = BooleanField(lazy_gettext("This is the unit's answer"))

    def offer(self, actor: Actor, group: Group, *, may_answer: bool = False) -> None:
        """Offer what this person may choose in this group, and take away what is no choice."""
        self.offer_languages(group)
        bodies = [mandate for mandate in actor.mandates if mandate.may_publish]
        if bodies:
            own = SelectChoice(OWN_CAPACITY, gettext("Myself, in my own capacity"))
            self.speaking_for.choices = [*(SelectChoice(body.slug, body.name) for body in bodies), own]
            if not self.is_submitted():
                self.speaking_for.data = bodies[0].slug
        else:
            del self.speaking_for
        choices = shown_as_choices(group)
        if len(choices) > 1:
            self.shown_as.choices = [SelectChoice(choice.value, _shown_as(choice)) for choice in choices]
        else:
            del self.shown_as
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
    """What stands around a composer: the form, and what is said before anything is sent."""

    form: Form
    tlp: Tlp
    held: str | None
    """The sentence that it will be held, and why."""
    readers: str
    seen_as: str
    is_sealed: bool
    preview: Markup | None = None


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
    readership = count_readers(db.session(), group, tlp, now=now(), named_list_id=named_list_id)
    return Composer(
        form=form,
        tlp=tlp,
        held=held_sentence(hold, group),
        readers=readers_sentence(readership),
        seen_as=seen_as(form, group),
        is_sealed=is_sealed(group),
        preview=to_markup(rendered.html) if rendered is not None else None,
    )


def held_sentence(hold: Hold | None, group: Group) -> str | None:
    """Say before sending that it will be held, why, and how long that may last."""
    if hold is None:
        return None
    return gettext(
        "It will be held because %(reason)s. %(promise)s",
        reason=gettext(hold.message),
        promise=wording.promise_sentence(group),
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


def seen_as(form: Form, group: Group) -> str:
    """Say as what readers see the writer, by what is chosen in the form now."""
    actor = current_actor()
    if is_sealed(group):
        return gettext("They see an alias by type, and no name, organisation, country or time of day.")
    slug = form.speaking_for.data if "speaking_for" in form else None
    body = next((mandate for mandate in actor.mandates if mandate.slug == slug), None)
    chosen = form.shown_as.data if "shown_as" in form else None
    shown = ShownAs(chosen) if chosen in set(ShownAs) else shown_as_choices(group)[0]
    words: Iterable[str | None] = {
        ShownAs.NAME: (actor.name, body.name if body else None),
        ShownAs.ORGANISATION: (body.name if body else None,),
        ShownAs.STAKEHOLDER_TYPE: (wording.type_name(body.type) if body else None,),
    }[shown]
    name = ", ".join(word for word in words if word)
    return gettext("They see “%(name)s”.", name=name) if name else gettext("They see no name.")


def _shown_as(choice: ShownAs) -> str:
    return wording.shown_as_name(choice)
