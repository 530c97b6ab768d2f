"""Organisations: respondent types, former names, member bodies, mergers, and the mandates people hold."""

import enum
from datetime import date, datetime

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
