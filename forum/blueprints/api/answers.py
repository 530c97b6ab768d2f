"""What answers of several calls have in common: authors, labels, and the words for what may be chosen."""

from typing import Any

from forum.blueprints.api.schemas import component, fields, flag, maybe, one_of, text
from forum.domain.attribution import ShownAs
from forum.domain.labels import Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.organisations import StakeholderType
from forum.domain.text import TITLE_LENGTH
from forum.services.attribution import Byline

ID = text("Random, never sequential.", 13)
SLUG = text("As in the page's address.", 80)
STATUS = one_of(Status)
LABEL = one_of(Tlp, "Traffic Light Protocol 2.0: who may read it.")
LANGUAGE = one_of(LANGUAGES, "ISO 639-1.")
LANGUAGE_SHOWN = text("ISO 639-1.")
TITLE = text("On one line.", TITLE_LENGTH)
BODY = text("Markdown.")
HTML = text("The same, rendered and safe to show.")
URL = text("The page.")

SIGNING = {
    "organisation": text("The slug of the body you speak for; without it your own capacity.", 80),
    "shown_as": one_of(ShownAs, "How readers see you, as far as the group lets you choose."),
}
"""How somebody signs what they write."""

AUTHOR = component(
    "Author",
    fields(
        {
            "name": maybe(text()),
            "person": maybe(text("The id of the person.")),
            "organisation": maybe(text()),
            "organisation_slug": maybe(text()),
            "organisation_type": maybe(one_of(StakeholderType)),
            "country": maybe(text("ISO 3166-1, two letters.")),
            "own_capacity": maybe(flag("True where somebody is recorded who spoke for no body.")),
            "alias": maybe(text("All there is under the Chatham House Rule, and for one discussion only.")),
        }
    ),
)


def author_of(byline: Byline) -> dict[str, Any]:
    """Give an author as this reader may see them."""
    return {
        "name": byline.name,
        "person": byline.person_id,
        "organisation": byline.organisation,
        "organisation_slug": byline.organisation_slug,
        "organisation_type": byline.stakeholder_type,
        "country": byline.country,
        "own_capacity": byline.in_own_capacity or None,
        "alias": byline.alias,
    }
