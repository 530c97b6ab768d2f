"""The words of the interface for what the domain keeps as values: types, labels, states, dates, countries.

Templates reach these through the macros of `_macros.html`; views and forms call them for choices.
"""

import functools
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from flask import g
from flask_babel import get_locale, gettext, lazy_gettext, ngettext

from forum.blueprints.identity import current_actor
from forum.domain.accounts import AccountStatus, PlatformRole
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.comments import Disposition
from forum.domain.erasures import FormerTexts
from forum.domain.groups import Group, GroupRole, HoldingRule, MembersVisible, SeatKind, WhoMayWrite
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.organisations import OrganisationSize, StakeholderType
from forum.domain.papers import TranslationKind
from forum.domain.signatures import Standing
from forum.domain.uploads import Refusal, refusal_error
from forum.domain.working_days import OFFICE_ZONE
from forum.services.attribution import Byline

_TYPES = {
    StakeholderType.ACADEMIC: lazy_gettext("Academic or research institution"),
    StakeholderType.BUSINESS_ASSOCIATION: lazy_gettext("Business association"),
    StakeholderType.COMPANY: lazy_gettext("Company or business"),
    StakeholderType.CONSUMER: lazy_gettext("Consumer organisation"),
    StakeholderType.ENVIRONMENTAL: lazy_gettext("Environmental organisation"),
    StakeholderType.EU_CITIZEN: lazy_gettext("EU citizen"),
    StakeholderType.NON_EU_CITIZEN: lazy_gettext("Non-EU citizen"),
    StakeholderType.NGO: lazy_gettext("Non-governmental organisation"),
    StakeholderType.PUBLIC_AUTHORITY: lazy_gettext("Public authority"),
    StakeholderType.TRADE_UNION: lazy_gettext("Trade union"),
    StakeholderType.OTHER: lazy_gettext("Other"),
}
_TLP = {
    Tlp.CLEAR: lazy_gettext("Everyone"),
    Tlp.GREEN: lazy_gettext("All participants"),
    Tlp.AMBER: lazy_gettext("This group's seats and their organisations"),
    Tlp.AMBER_STRICT: lazy_gettext("This group's seats and their organisations only"),
    Tlp.RED: lazy_gettext("Members of this group only"),
}
_CEILINGS = {
    Ceiling.PUBLIC: lazy_gettext("Everyone reads"),
    Ceiling.COMMUNITY: lazy_gettext("All participants read"),
    Ceiling.ORGANISATIONS: lazy_gettext("Seats and their organisations read"),
    Ceiling.MEMBERS: lazy_gettext("Members read"),
}
_DISPOSITIONS = {
    Disposition.ACCEPTED: lazy_gettext("accepted"),
    Disposition.PARTLY: lazy_gettext("accepted in part"),
    Disposition.REJECTED: lazy_gettext("not accepted"),
    Disposition.NOTED: lazy_gettext("noted"),
}
_STATUSES = {
    Status.DRAFT: lazy_gettext("Draft"),
    Status.RECEIVED: lazy_gettext("Received"),
    Status.PENDING: lazy_gettext("Pending"),
    Status.PUBLISHED: lazy_gettext("Published"),
    Status.HIDDEN: lazy_gettext("Removed from view"),
    Status.REJECTED: lazy_gettext("Rejected"),
    Status.LOCKED: lazy_gettext("Locked"),
    Status.WITHDRAWN: lazy_gettext("Withdrawn"),
}
_SHOWN_AS = {
    ShownAs.NAME: lazy_gettext("Name and organisation"),
    ShownAs.ORGANISATION: lazy_gettext("Organisation"),
    ShownAs.STAKEHOLDER_TYPE: lazy_gettext("Stakeholder type"),
}
_NO_COUNTRIES = frozenset(
    {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
)
"""Codes that the locale data has beside countries: groups of them, islands without a code, test values."""
_PLATFORM_ROLES = {
    PlatformRole.MEMBER: lazy_gettext("No role over the platform"),
    PlatformRole.SECRETARIAT: lazy_gettext("Secretariat"),
    PlatformRole.ADMINISTRATOR: lazy_gettext("Administrator"),
}
_ROLES = {
    GroupRole.CHAIR: lazy_gettext("Chair"),
    GroupRole.RAPPORTEUR: lazy_gettext("Rapporteur"),
    GroupRole.MODERATOR: lazy_gettext("Moderator"),
    GroupRole.SECRETARIAT: lazy_gettext("Secretariat"),
    GroupRole.MEMBER: lazy_gettext("Member"),
    GroupRole.OBSERVER: lazy_gettext("Observer"),
}
_ACCOUNT_STATUSES = {
    AccountStatus.PLACEHOLDER: lazy_gettext("cannot sign in yet"),
    AccountStatus.ACTIVE: lazy_gettext("can sign in"),
    AccountStatus.DISABLED: lazy_gettext("switched off"),
    AccountStatus.FORMER: lazy_gettext("former member, erased"),
}
_STANDINGS = {
    Standing.AGREED: lazy_gettext("Agreed to this text"),
    Standing.AGREED_EARLIER: lazy_gettext("Agreed to an earlier text, not to this one"),
    Standing.WANTS_CHANGES: lazy_gettext("Agrees if changed"),
    Standing.DECLINED: lazy_gettext("Declined"),
    Standing.MISSING: lazy_gettext("No answer yet"),
}
_TRANSLATIONS = {
    TranslationKind.AUTHOR: lazy_gettext("The author's translation"),
    TranslationKind.OFFICIAL: lazy_gettext("Official translation"),
    TranslationKind.MACHINE: lazy_gettext("Machine translation"),
}
_SIZES = {
    OrganisationSize.MICRO: lazy_gettext("Micro (1 to 9 employees)"),
    OrganisationSize.SMALL: lazy_gettext("Small (10 to 49 employees)"),
    OrganisationSize.MEDIUM: lazy_gettext("Medium (50 to 249 employees)"),
    OrganisationSize.LARGE: lazy_gettext("Large (250 or more)"),
}
_MEMBERS_VISIBLE = {
    MembersVisible.NAMES: lazy_gettext("Names and organisations"),
    MembersVisible.BODIES: lazy_gettext("Organisations, no names"),
    MembersVisible.NUMBERS: lazy_gettext("Only how many there are"),
}
_SEATS = {
    SeatKind.ORGANISATION: lazy_gettext("Organisation"),
    SeatKind.MEMBER_STATE: lazy_gettext("Member State"),
    SeatKind.COMMON_INTEREST: lazy_gettext("Common interest"),
    SeatKind.PERSONAL: lazy_gettext("Own capacity"),
    SeatKind.PUBLIC_ENTITY: lazy_gettext("Other public entity"),
}
_ATTRIBUTIONS = {
    Attribution.NAMED: lazy_gettext("authors are shown by name and organisation"),
    Attribution.ORGANISATION: lazy_gettext("only the organisation is shown"),
    Attribution.CHATHAM_HOUSE: lazy_gettext("the Chatham House Rule holds: an alias by type is shown"),
}
_WHO_WRITES = {
    WhoMayWrite.MEMBERS: lazy_gettext("Members write."),
    WhoMayWrite.COMMUNITY: lazy_gettext("Everyone with an account may write."),
}
_HOLDING = {
    HoldingRule.NONE: lazy_gettext("Contributions appear at once."),
    HoldingRule.NEWCOMER: lazy_gettext("A newcomer's first contribution waits for a moderator."),
    HoldingRule.EVERYTHING: lazy_gettext("Every contribution waits for a moderator."),
}


def type_name(value: StakeholderType | str | None) -> str:
    """Give the respondent type in words; empty for None."""
    return _type_names(_language())[StakeholderType(value)] if value else ""


def is_in_latin_letters(name: str) -> bool:
    """Whether a name needs no Latin form beside it: every letter of it is a Latin one, accents or not."""
    return all("LATIN" in unicodedata.name(letter, "") for letter in name if letter.isalpha())


def own_capacity() -> str:
    """Give what stands for a person who speaks for no body and whose name is not shown."""
    return gettext("A person in their own capacity")


def former_member() -> str:
    """Give what stands for a person who was erased."""
    return gettext("Former member")


def former_texts(value: FormerTexts) -> str:
    """Give what becomes of what a person wrote in a group, once they are erased."""
    if value is FormerTexts.WITHDRAWN:
        return gettext(
            "What they wrote for no organisation is withdrawn once they are erased; a note keeps its place."
        )
    return gettext("It stays on record under “Former member” once they are erased.")


def author_words(byline: Byline) -> str:
    """Give the shortest name of an author as this reader may see them; empty where nothing is shown."""
    if byline.is_former:
        return former_member()
    name = byline.alias or byline.name or byline.organisation or type_name(byline.stakeholder_type)
    return name or (own_capacity() if byline.in_own_capacity else "")


@functools.cache
def _type_names(_locale_name: str) -> dict[StakeholderType, str]:
    """All of them in the language of this request: lists ask for one a line."""
    return {value: str(words) for value, words in _TYPES.items()}


def tlp_words(value: Tlp | str) -> str:
    """Give who reads under a TLP label, in plain words."""
    return str(_TLP[Tlp(value)])


def translation_name(value: TranslationKind | str | None) -> str:
    """Give who answers for a translation; empty for None."""
    return str(_TRANSLATIONS[TranslationKind(value)]) if value else ""


def standing_words(value: Standing | str) -> str:
    """Give how a body stands to the draft of a joint position."""
    return str(_STANDINGS[Standing(value)])


def refusal_words(value: Refusal | str) -> str:
    """Give why a file was refused, in a sentence."""
    return str(gettext(refusal_error(Refusal(value)).message))


def ceiling_words(value: Ceiling | str) -> str:
    """Give who reads a group at most, in plain words."""
    return str(_CEILINGS[Ceiling(value)])


def status_name(value: Status | str) -> str:
    """Give the state of a contribution in words."""
    return str(_STATUSES[Status(value)])


def disposition_name(value: Disposition | str) -> str:
    """Give how a comment was answered in words."""
    return str(_DISPOSITIONS[Disposition(value)])


def shown_as_name(value: ShownAs | str) -> str:
    """Give what readers are shown of an author."""
    return str(_SHOWN_AS[ShownAs(value)])


def role_name(value: GroupRole | str) -> str:
    """Give a role in a group in words."""
    return str(_ROLES[GroupRole(value)])


def platform_role_name(value: PlatformRole | str) -> str:
    """Give a role over the platform in words."""
    return str(_PLATFORM_ROLES[PlatformRole(value)])


def size_name(value: OrganisationSize | str) -> str:
    """Give the staff band of a body in words."""
    return str(_SIZES[OrganisationSize(value)])


def members_visible_words(value: MembersVisible | str) -> str:
    """Give what people outside see of a group's members."""
    return str(_MEMBERS_VISIBLE[MembersVisible(value)])


def account_status_name(value: AccountStatus | str) -> str:
    """Give the state of an account in words."""
    return str(_ACCOUNT_STATUSES[AccountStatus(value)])


def seat_kind_name(value: SeatKind | str) -> str:
    """Give what a seat belongs to in words."""
    return str(_SEATS[SeatKind(value)])


def country_name(code: str | None) -> str:
    """Give a country's name in the reader's language; the code where it is unknown, empty for None."""
    return _country_name(code, _language()) if code else ""


@functools.lru_cache(maxsize=2048)
def _country_name(code: str, locale: str) -> str:
    return str(Locale.parse(locale).territories.get(code, code))


def countries() -> list[tuple[str, str]]:
    """Give code and name of every country in the order of the names in the reader's language."""
    return list(_countries(str(_locale())))


@functools.lru_cache(maxsize=30)
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(locale).territories
    found = [(code, str(name)) for code, name in names.items() if re.fullmatch("[A-Z]{2}", code)]
    by_name = sorted(found, key=lambda country: unicodedata.normalize("NFKD", country[1]).casefold())
    return tuple(country for country in by_name if country[0] not in _NO_COUNTRIES)


def language_name(code: str | None) -> str:
    """Give a language's name in the reader's language; the code where it is unknown, empty for None."""
    return str(_locale().languages.get(code, code)) if code else ""


def own_language_name(code: str) -> str:
    """Give the name that its speakers use, for pickers."""
    return LANGUAGES.get(code, code)


_HOLDS_TOO = {
    "outside_links": lazy_gettext("So does what leads to sites outside a list."),
    "hash_lists": lazy_gettext("So does what lists hash values."),
    "contacts": lazy_gettext("So does what holds an e-mail address or a telephone number."),
    "words": lazy_gettext("So does what holds a word that moderators look for."),
    "per_hour": lazy_gettext("So does what is sent beyond a number in an hour."),
    "similar": lazy_gettext("So does what says almost the same as something of the last days."),
    "protected_words": lazy_gettext("What may identify somebody who must be protected is locked."),
}


def holding_sentence(value: HoldingRule | str) -> str:
    """Give a group's holding rule as a sentence."""
    return str(_HOLDING[HoldingRule(value)])


def attribution_words(value: Attribution | str) -> str:
    """Give what a group's discussions show of their authors, as a sentence."""
    words = str(_ATTRIBUTIONS[Attribution(value)])
    return f"{words[:1].upper()}{words[1:]}."


def who_writes(value: WhoMayWrite | str) -> str:
    """Give who may write in a group, as a sentence."""
    return str(_WHO_WRITES[WhoMayWrite(value)])


def rule_sentence(group: Group) -> str:
    """Give a group's one rule sentence: who reads, what is shown of authors, who writes."""
    reads = ceiling_words(group.ceiling)
    shown = str(_ATTRIBUTIONS[Attribution(group.attribution)])
    return f"{reads}; {shown}. {who_writes(group.who_may_write)}"


def promise_sentence(group: Group) -> str:
    """Give what the moderators of a group promise."""
    days = group.promised_days
    return ngettext(
        "Moderators answer within %(num)d working day.",
        "Moderators answer within %(num)d working days.",
        days,
    )


def holds_too(rule: str) -> str:
    """Give, for everybody, what else a setting of the group's moderators holds."""
    return str(_HOLDS_TOO.get(rule, ""))


def answered_by(due: datetime) -> str:
    """Give by which day the moderators of a group usually answer."""
    day = format_date(due.astimezone(OFFICE_ZONE).date(), "EEEE d MMMM", locale=_locale())
    return gettext("Usually answered by %(day)s.", day=day)


class Moment(NamedTuple):
    """A time for machines and for people."""

    iso: str
    words: str


def moment(value: datetime, *, day: bool = False, zone: bool = False) -> Moment:
    """Give a time in the reader's zone; `day`: the day alone; `zone`: with the zone's name."""
    # By the minute, so that the posts of a busy page share their formatting.
    minute = value.replace(second=0, microsecond=0)
    return _moment(minute, current_actor().time_zone, _language(), day, zone)


def time_of_day(value: datetime) -> str:
    """Give hours and minutes in the reader's zone."""
    return format_time(value.astimezone(_zone(current_actor().time_zone)), "HH:mm", locale=_locale())


def moments(*, day: bool = False) -> Callable[[datetime], Moment]:
    """Give moment() for a list: whose zone and language are looked up once."""
    zone, language = current_actor().time_zone, _language()
    return lambda value: _moment(value.replace(second=0, microsecond=0), zone, language, day, False)


def partial_date(value: str) -> str:
    """Give a date as precise as its source (2020-07-24, 2014-01, 2019) in words."""
    pattern = {4: "y", 7: "MMMM y", 10: "d MMMM y"}[len(value)]
    return format_date(date.fromisoformat(f"{value}-01-01"[:10]), pattern, locale=_locale())


@functools.lru_cache(maxsize=8192)
def _moment(minute: datetime, zone_name: str, locale: str, day: bool, zone: bool) -> Moment:
    local = minute.astimezone(_zone(zone_name))
    if day:
        return Moment(local.date().isoformat(), format_date(local.date(), "d MMM y", locale=locale))
    utc = minute.astimezone(UTC)
    words = format_datetime(local, "d MMM y, HH:mm", tzinfo=_zone(zone_name), locale=locale)
    return Moment(
        utc.isoformat(timespec="minutes").replace("+00:00", "Z"),
        f"{words} {local.tzname()}" if zone else words,
    )


@functools.lru_cache(maxsize=700)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _language() -> str:
    """The language of this page, by its code, looked up once a page."""
    if "language" not in g:
        g.language = str(_locale())
    return str(g.language)


def _locale() -> Locale:
    return get_locale() or Locale("en")
