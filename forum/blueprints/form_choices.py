"""Choices that several forms offer alike: who reads it, time zones, languages, stages of the procedure."""

from flask_babel import gettext
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from forum.blueprints import wording
from forum.domain.consultations import TIME_ZONES
from forum.domain.groups import Group
from forum.domain.languages import LANGUAGES
from forum.extensions import db
from forum.services.meetings import list_stages
from forum.services.threads import default_tlp, tlp_choices


def offer_labels(field: RadioField, group: Group) -> None:
    """Offer who may read it, in plain words; the group's usual choice where none is made yet."""
    field.choices = [
        SelectChoice(tlp.value, f"{wording.tlp_words(tlp)} (TLP:{tlp.value})") for tlp in tlp_choices(group)
    ]
    if field.data is None:
        field.data = default_tlp(group).value


def zone_choices() -> list[SelectChoice]:
    """Give the time zones in which a time can be set."""
    return [SelectChoice(zone, zone.replace("_", " ")) for zone in TIME_ZONES]


def language_choices() -> list[SelectChoice]:
    """Give the languages of texts."""
    return [SelectChoice(code, wording.language_name(code)) for code in LANGUAGES]


def stage_choices(group: Group) -> list[SelectChoice]:
    """Give the stages of a group's procedure, and none of them."""
    stages = list_stages(db.session(), group)
    return [SelectChoice("", gettext("None")), *(SelectChoice(one.key, one.title) for one in stages)]
