"""What is held in a group before anyone reads it: its moderators' page, with what it would have held."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from forum.blueprints import moderation_words, wording
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, transactional, whole_number
from forum.domain.groups import Group, HoldingRule
from forum.domain.holding_rules import MAX_ENTRIES, MAX_ENTRY, MAX_PER_HOUR, HoldingRules
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services.holding_settings import Rehearsal, change_holding, get_moderated_group, rehearse

blueprint = Blueprint("holding", __name__, url_prefix="/groups/<slug>/settings/holding")

_LONGEST = MAX_ENTRIES * (MAX_ENTRY + 2)


class HoldingForm(Form):
    """The rules, one field each."""

    holding_rule = SelectField(lazy_gettext("Who is held"), [InputRequired()])
    outside_links = BooleanField(lazy_gettext("Links to sites outside the list"))
    reference_domains = TextAreaField(lazy_gettext("Sites that may be linked"), [Length(max=_LONGEST)])
    hash_lists = BooleanField(lazy_gettext("Lists of hash values"))
    contacts = BooleanField(lazy_gettext("E-mail addresses and telephone numbers"))
    words = TextAreaField(lazy_gettext("Words"), [Length(max=_LONGEST)])
    per_hour = IntegerField(
        lazy_gettext("Contributions of a person in an hour"), [Optional(), NumberRange(0, MAX_PER_HOUR)]
    )
    similar = BooleanField(lazy_gettext("Almost the same text as one of the last seven days"))
    protected_words = TextAreaField(
        lazy_gettext("Words that could identify somebody who must be protected"), [Length(max=_LONGEST)]
    )
    lock_version = HiddenField()

    def offer(self) -> None:
        """Fill the choices with words."""
        self.holding_rule.choices = [
            SelectChoice(rule.value, wording.holding_sentence(rule)) for rule in HoldingRule
        ]

    def show(self, group: Group) -> None:
        """Fill the form with what a group has."""
        rules = HoldingRules.from_data(group.holding_rules)
        self.holding_rule.data = group.holding_rule
        for name in ("outside_links", "hash_lists", "contacts", "similar", "per_hour"):
            self[name].data = getattr(rules, name)
        for name in ("reference_domains", "words", "protected_words"):
            self[name].data = "\n".join(getattr(rules, name))
        self.lock_version.data = str(group.lock_version)

    def rules(self) -> HoldingRules:
        """Give what was typed, unchecked."""
        lists = {
            name: tuple((self[name].data or "").splitlines())
            for name in ("reference_domains", "words", "protected_words")
        }
        return HoldingRules(
            outside_links=self.outside_links.data,
            hash_lists=self.hash_lists.data,
            contacts=self.contacts.data,
            similar=self.similar.data,
            per_hour=self.per_hour.data or 0,
            **lists,
        )


@blueprint.route("", methods=["GET", "POST"])
def edit(slug: str) -> str | Response | tuple[str, int]:
    """Show the rules; say what they would have held last month, or set them."""
    actor = current_actor()
    group = get_moderated_group(db.session(), actor, slug)
    form, status, rehearsal = HoldingForm(), 200, None
    form.offer()
    if not form.is_submitted():
        form.show(group)
    elif not form.validate():
        status = 422
    else:
        try:
            if "preview" in request.form:
                rehearsal = rehearse(db.session(), actor, slug, rules=form.rules(), now=now())
            else:
                _save(slug, form)
                flash(gettext("Saved. It holds for everything that is sent from now on."), "success")
                return redirect(url_for("holding.edit", slug=slug), 303)
        except Invalid as error:
            form.add_error(error)
            status = error.status_code
        except Conflict as error:
            form.form_errors.append(gettext(error.message))
            form.lock_version.data = str(group.lock_version)
            status = error.status_code
    return _page(group, form, rehearsal), status


def _page(group: Group, form: HoldingForm, rehearsal: Rehearsal | None) -> str:
    return render_template(
        "moderation/holding.html", group=group, form=form, rehearsal=rehearsal, words=moderation_words
    )


@transactional
def _save(session: Session, actor: Actor, slug: str, form: HoldingForm) -> None:
    version = form.lock_version.data or ""
    change_holding(
        session,
        actor,
        slug,
        rules=form.rules(),
        holding_rule=HoldingRule(form.holding_rule.data),
        based_on=whole_number(version) or 0,
        now=now(),
    )
