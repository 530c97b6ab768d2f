"""The forms of registers: an entry with its register's fields, its status, owner, evidence, standing."""

import functools
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import wording
from forum.blueprints.clock_fields import DayField
from forum.blueprints.support import BoxesField, Form, error_words, whole_number
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.register_entries import RegisterEntry
from forum.domain.registers import FieldKind, Link, OwnerKind, Register, RegisterField
from forum.domain.strategy import Strategy
from forum.domain.text import TITLE_LENGTH
from forum.errors import Invalid
from forum.policy import Actor
from forum.richtext import Rendered
from forum.services.memberships import show_members
from forum.services.register_entries import EntryText
from forum.services.threads import tlp_choices

_SAY_WHAT = lazy_gettext("Say in a few sentences what it is about.")
_SAY_WHY = lazy_gettext("Say in a sentence why: it stands in the history.")
PREFIX = "value_"
"""Before the key of a register's field in the form, so that none is taken for one of ours."""


class EntryForm(Form):
    """An entry; the fields of its register are added by form_of()."""

    register: Register

    title = StringField(
        lazy_gettext("Title"), [InputRequired(lazy_gettext("Give it a title.")), Length(max=TITLE_LENGTH)]
    )
    body = TextAreaField(
        lazy_gettext("What it is about"),
        [InputRequired(_SAY_WHAT)],
    )
    evidence = TextAreaField(lazy_gettext("What shows it"), [Length(max=5_000)])
    initiative = SelectField(lazy_gettext("Initiative"))
    act = StringField(lazy_gettext("Act"), [Length(max=60)])
    article = StringField(lazy_gettext("Article"), [Length(max=20)])
    country = SelectField(lazy_gettext("Country"))
    due_on = DayField(lazy_gettext("Due"), [Optional()])
    owner = SelectField(lazy_gettext("Owner"))
    tlp = SelectField(lazy_gettext("Readable by"))
    revision = HiddenField()

    def offer(self, group: Group, strategy: Strategy, owners: list[tuple[str, str]] | None) -> None:
        """Offer what can be chosen in a group, and take away what the register does not ask for."""
        register = self.register
        for link in Link:
            if link not in register.links:
                delattr(self, link.value)
        if not register.due:
            del self.due_on
        else:
            self.due_on.label.text = register.due
        if owners is None:
            del self.owner
        else:
            self.owner.label.text = register.owner_title
            self.owner.choices = _choices(owners, gettext("Nobody yet"))
        self.tlp.choices = [
            SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})")
            for tlp in tlp_choices(group)
        ]
        if "initiative" in self:
            titles = [(str(one.number), f"{one.number}. {one.short_title}") for one in strategy.initiatives]
            self.initiative.choices = _choices(titles, gettext("None"))
        if "country" in self:
            self.country.choices = _choices(wording.countries(), gettext("None"))

    def values(self) -> dict[str, tuple[str, ...]]:
        """Give what was typed into the register's own fields."""
        found = {}
        for field in self.register.fields:
            data = self[PREFIX + field.key].data
            if isinstance(data, list):
                found[field.key] = tuple(data)
            else:
                found[field.key] = (str(data),) if data else ()
        return found

    def text(self, rendered: Rendered) -> EntryText:
        """Give what the service takes."""
        return EntryText(
            title=self.title.data or "",
            rendered=rendered,
            values=self.values(),
            tlp=Tlp(self.tlp.data),
            initiative=whole_number(self._get("initiative")),
            act=self._get("act"),
            article=self._get("article"),
            country=self._get("country"),
            due_on=self.due_on.data if "due_on" in self else None,
        )

    def _get(self, name: str) -> str:
        return (self[name].data or "") if name in self else ""

    def add_error(self, error: Invalid) -> None:
        """Show a complaint about a field of the register at that field."""
        if error.field and PREFIX + error.field in self:
            message = error_words(error)
            field = self[PREFIX + error.field]
            field.errors = [*field.errors, message.removeprefix(f"{field.label.text}: ")]
            return
        super().add_error(error)

    def fill(self, entry: RegisterEntry, values: dict[str, tuple[str, ...]]) -> None:
        """Show an entry as it is now."""
        self.title.data, self.body.data = entry.title, entry.source
        self.tlp.data, self.revision.data = entry.tlp.value, str(entry.lock_version)
        for name, value in (
            ("initiative", str(entry.initiative or "")),
            ("act", entry.act or ""),
            ("article", entry.article or ""),
            ("country", entry.country or ""),
            ("due_on", entry.due_on),
        ):
            if name in self:
                self[name].data = value
        for field in self.register.fields:
            given = values.get(field.key, ())
            bound = self[PREFIX + field.key]
            bound.data = list(given) if field.kind is FieldKind.CHOICES else (given[0] if given else "")

    @property
    def own_fields(self) -> list[tuple[Any, RegisterField]]:
        """The fields of the register, in its order."""
        return [(self[PREFIX + field.key], field) for field in self.register.fields]


@functools.cache
def form_of(register: Register) -> type[EntryForm]:
    """Give the form of the entries of a register."""
    fields = {PREFIX + field.key: _field(field) for field in register.fields}
    return type("RegisterEntryForm", (EntryForm,), {"register": register, **fields})


def _field(field: RegisterField) -> Any:
    checks = [InputRequired(lazy_gettext("This is needed."))] if field.is_required else []
    terms = [SelectChoice(term.key, term.title) for term in field.terms]
    match field.kind:
        case FieldKind.CHOICE:
            return SelectField(field.title, checks, choices=[SelectChoice("", "–"), *terms])
        case FieldKind.CHOICES:
            return BoxesField(field.title, checks, choices=terms)
        case FieldKind.DATE:
            return StringField(field.title, checks, render_kw={"type": "date"})
        case FieldKind.TEXT:
            return TextAreaField(field.title, checks, render_kw={"rows": 3})


def _choices(pairs: list[tuple[str, str]], none: str) -> list[SelectChoice]:
    return [SelectChoice("", none), *(SelectChoice(value, words) for value, words in pairs)]


def list_owners(session: Any, actor: Actor, group: Group, register: Register) -> list[tuple[str, str]] | None:
    """Give who can own an entry of a register in a group, as values and words; None where nobody does."""
    if register.owner is OwnerKind.NONE:
        return None
    shown = show_members(session, actor, group)
    lines = [line for seat in shown.members.seats for line in seat.holders] + shown.members.unseated
    people = {line.account.public_id: line.account.name for line in lines if line.account.id in shown.named}
    bodies = {
        seat.organisation.slug: seat.organisation.name for seat in shown.members.seats if seat.organisation
    }
    bodies |= {mandate.slug: mandate.name for mandate in actor.mandates}
    found: list[tuple[str, str]] = []
    if register.owner is not OwnerKind.PERSON:
        found += [(f"body:{slug}", name) for slug, name in sorted(bodies.items(), key=lambda one: one[1])]
    if register.owner is not OwnerKind.BODY:
        found += [(f"person:{key}", name) for key, name in sorted(people.items(), key=lambda one: one[1])]
    return found


class StateForm(Form):
    """Another status, and why."""

    state = SelectField(lazy_gettext("New status"))
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [InputRequired(_SAY_WHY)],
    )
    revision = HiddenField()

    def offer(self, register: Register, entry: RegisterEntry) -> None:
        """Offer the statuses that may follow."""
        self.state.choices = [SelectChoice(one.key, one.title) for one in register.list_next(entry.state)]
        self.state.validate_choice = False  # the service says which ones are possible


class OwnerForm(Form):
    """Whose an entry is."""

    owner = SelectField(lazy_gettext("Owner"))


class EvidenceForm(Form):
    """Further passages."""

    evidence = TextAreaField(
        lazy_gettext("Addresses of passages"), [InputRequired(lazy_gettext("Give the address of a passage."))]
    )


class StandingForm(Form):
    """Taking an entry out, or putting it back."""

    reason = TextAreaField(
        lazy_gettext("Reason"),
        [InputRequired(_SAY_WHY)],
    )
