"""Organisations: respondent types, former names, member bodies, mergers, and the mandates people hold."""

import enum
import re
import unicodedata
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId


class StakeholderType(enum.StrEnum):
    """The eleven respondent types of EU consultations."""

    ACADEMIC = "academic_research_institution"
    BUSINESS_ASSOCIATION = "business_association"
    COMPANY = "company"
    CONSUMER = "consumer_organisation"
    ENVIRONMENTAL = "environmental_organisation"
    EU_CITIZEN = "eu_citizen"
    NON_EU_CITIZEN = "non_eu_citizen"
    NGO = "ngo"
    PUBLIC_AUTHORITY = "public_authority"
    TRADE_UNION = "trade_union"
    OTHER = "other"


STAKEHOLDER_TYPES: Final[dict[StakeholderType, str]] = {
    StakeholderType.ACADEMIC: "Academic or research institution",
    StakeholderType.BUSINESS_ASSOCIATION: "Business association",
    StakeholderType.COMPANY: "Company or business",
    StakeholderType.CONSUMER: "Consumer organisation",
    StakeholderType.ENVIRONMENTAL: "Environmental organisation",
    StakeholderType.EU_CITIZEN: "EU citizen",
    StakeholderType.NON_EU_CITIZEN: "Non-EU citizen",
    StakeholderType.NGO: "Non-governmental organisation (NGO)",
    StakeholderType.PUBLIC_AUTHORITY: "Public authority",
    StakeholderType.TRADE_UNION: "Trade union",
    StakeholderType.OTHER: "Other",
}
"""The words of the consultations' questionnaires, in their order; message ids of the interface."""


class OrganisationSize(enum.StrEnum):
    """Staff bands as consultations ask for them."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Organisation(PublicId, Base):
    """A body that holds seats and speaks through mandates."""

    __tablename__ = "organisation"

    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str]
    latin_name: Mapped[str | None]
    match_key: Mapped[str] = mapped_column(index=True)
    """The folded name, so that 'Cimulec Group' and 'CIMULEC Group' are found to be the same."""
    type: Mapped[StakeholderType]
    country: Mapped[str | None] = mapped_column(sa.String(2))
    register_id: Mapped[str | None] = mapped_column(sa.String(32))
    size: Mapped[OrganisationSize | None]
    scope: Mapped[str | None] = mapped_column(sa.String(32))
    governance_level: Mapped[str | None] = mapped_column(sa.String(32))
    description: Mapped[str] = mapped_column(default="")
    represents_survivors: Mapped[bool] = mapped_column(default=False)
    publishes_by_name: Mapped[bool] = mapped_column(default=False)
    """Whether only people it named may publish for it: a new mandate then does not include that."""
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    created_at: Mapped[datetime]


class FormerName(Base):
    """A name an organisation had before, or that a merged body brought."""

    __tablename__ = "former_name"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    match_key: Mapped[str] = mapped_column(index=True)
    until: Mapped[date | None]


class MemberBody(Base):
    """An umbrella organisation and one of its members: never counted twice by accident."""

    __tablename__ = "member_body"

    umbrella_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), primary_key=True, index=True)


class Mandate(Base):
    """A dated right of a person to speak for an organisation; a person may hold several."""

    __tablename__ = "mandate"
    __table_args__ = (sa.Index("ix_mandate_account_organisation", "account_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(default="")
    may_publish: Mapped[bool] = mapped_column(default=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


# Legal forms as single words, as they stand after dots and blanks inside them are gone.
_FORMS = """
ab ag aisbl aps as asbl asa bv bvba cic coop cv doo dd ead eeig ehf eirl ev eurl gbr gie gmbh hf inc
incorporated kft kg kgaa kk lda limited llc llp lp ltd ltda mbh nv nyrt oe og ohg oo oou ood oy oyj ou
plc pvba sa saoc sarl sas sasu sca sccl sce scrl se sia sicav sl slu snc spa spzoo srl sro srls ug uab
vof vzw zrt
"""
_LEGAL_FORMS = frozenset(_FORMS.split())
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


def match_key(name: str) -> str:
    """Give the folded name by which the same body is found again: no case, accents, signs or legal form.

    A name of nothing else keeps what it has, so that the key is empty only for an empty name.
    """
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFKD", folded)
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    plain = unicodedata.normalize("NFC", plain).replace("&", " and ")
    # Forms written with dots or strokes are one word: S.A., s.r.o., A/S, sp. z o.o.
    plain = re.sub(r"\bsp\.?\s*z\s*o\.?\s*o\.?", " spzoo ", plain)
    plain = re.sub(r"\b(?:\w[./]){1,4}\w?\b", lambda found: re.sub(r"[./]", "", found[0]), plain)
    words = re.findall(r"[^\W_]+", plain)
    kept = [word for word in words if word not in _LEGAL_FORMS]
    while kept[:1] == ["the"] and len(kept) > 1:
        kept = kept[1:]
    return " ".join(kept or words) or " ".join(name.split())
