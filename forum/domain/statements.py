"""Statements of reasons, modelled on the DSA: a value that cannot be built unless the schema allows it."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.personal_data import refuse_personal_data
from forum.domain.statement_schema import (
    FIRST_APPLICATION_DAY,
    FIRST_CONTENT_DAY,
    LAST_DAY,
    codes,
    find_faults,
)
from forum.errors import Invalid


class Category(enum.StrEnum):
    """What a breach is about, as the schema names it."""

    ANIMAL_WELFARE = "STATEMENT_CATEGORY_ANIMAL_WELFARE"
    CONSUMER_INFORMATION = "STATEMENT_CATEGORY_CONSUMER_INFORMATION"
    CYBER_VIOLENCE = "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    CYBER_VIOLENCE_AGAINST_WOMEN = "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN"
    DATA_PROTECTION = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    SPEECH = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    INTELLECTUAL_PROPERTY = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    CIVIC_DISCOURSE = "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS"
    NOT_SPECIFIED = "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
    OTHER_TERMS = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    PROTECTION_OF_MINORS = "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    PUBLIC_SECURITY = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
    SCAMS = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    SELF_HARM = "STATEMENT_CATEGORY_SELF_HARM"
    UNSAFE_PRODUCTS = "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS"
    VIOLENCE = "STATEMENT_CATEGORY_VIOLENCE"


class Visibility(enum.StrEnum):
    """What happens to a text."""

    REMOVED = "DECISION_VISIBILITY_CONTENT_REMOVED"
    DISABLED = "DECISION_VISIBILITY_CONTENT_DISABLED"
    DEMOTED = "DECISION_VISIBILITY_CONTENT_DEMOTED"
    AGE_RESTRICTED = "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED"
    INTERACTION_RESTRICTED = "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"
    LABELLED = "DECISION_VISIBILITY_CONTENT_LABELLED"
    OTHER = "DECISION_VISIBILITY_OTHER"


class Provision(enum.StrEnum):
    """What of the service a person no longer has."""

    PARTIAL_SUSPENSION = "DECISION_PROVISION_PARTIAL_SUSPENSION"
    TOTAL_SUSPENSION = "DECISION_PROVISION_TOTAL_SUSPENSION"
    PARTIAL_TERMINATION = "DECISION_PROVISION_PARTIAL_TERMINATION"
    TOTAL_TERMINATION = "DECISION_PROVISION_TOTAL_TERMINATION"


class AccountRestriction(enum.StrEnum):
    """What happens to an account."""

    SUSPENDED = "DECISION_ACCOUNT_SUSPENDED"
    TERMINATED = "DECISION_ACCOUNT_TERMINATED"


class SourceType(enum.StrEnum):
    """What led to a decision."""

    ARTICLE_16 = "SOURCE_ARTICLE_16"
    TRUSTED_FLAGGER = "SOURCE_TRUSTED_FLAGGER"
    OTHER_NOTIFICATION = "SOURCE_TYPE_OTHER_NOTIFICATION"
    VOLUNTARY = "SOURCE_VOLUNTARY"


@dataclass(frozen=True, slots=True)
class Illegal:
    """The ground is a law."""

    legal_ground: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Incompatible:
    """The ground is a rule of the group; `is_also_illegal` None leaves the question open."""

    ground: str
    explanation: str
    is_also_illegal: bool | None = None


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What was done, to a text, to the use of the service or to an account; at least one of the three."""

    visibility: frozenset[Visibility] = frozenset()
    visibility_other: str = ""
    provision: Provision | None = None
    account: AccountRestriction | None = None
    until: date | None = None
    """The last day of the restriction; None for one without end."""

    def __post_init__(self) -> None:
        if not (self.visibility or self.provision or self.account):
            raise Invalid("A statement of reasons states at least one restriction.")
        if (Visibility.OTHER in self.visibility) != bool(self.visibility_other.strip()):
            raise Invalid("Another restriction of visibility is put into words, and no known one is.")

    def fields(self) -> dict[str, Any]:
        """Give the fields that say it."""
        found: dict[str, Any] = {}
        end = self.until.isoformat() if self.until else None
        if self.visibility:
            found["decision_visibility"] = sorted(self.visibility)
            found["end_date_visibility_restriction"] = end
        if self.visibility_other:
            found["decision_visibility_other"] = self.visibility_other.strip()
        if self.provision:
            found |= {"decision_provision": self.provision, "end_date_service_restriction": end}
        if self.account:
            found |= {"decision_account": self.account, "end_date_account_restriction": end}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class StatementOfReasons:
    """Why something was restricted; Invalid at once where the schema would not take it.

    Nothing here is decided or found by a machine, and it is always about text.
    """

    puid: str
    ground: Illegal | Incompatible
    restrictions: Restrictions
    category: Category
    facts: str
    source: SourceType
    content_date: date
    application_date: date
    additions: frozenset[Category] = frozenset()
    specification: frozenset[str] = frozenset()
    language: str | None = None
    """ISO 639-1; None where it could tell who wrote."""
    _fields: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for text in (self.facts, self.ground.explanation, self.restrictions.visibility_other):
            refuse_personal_data(text)
        if isinstance(self.ground, Incompatible):
            refuse_personal_data(self.ground.ground, None)
        unknown = self.specification - codes("category_specification")
        if unknown:
            raise Invalid("“%(code)s” is no keyword of the schema.", code=min(unknown))
        if self.category in self.additions:
            raise Invalid("A category is not added to itself.")
        object.__setattr__(self, "_fields", self._build())
        faults = find_faults(self._fields)
        if faults:
            raise Invalid("This is no statement of reasons: %(why)s", field="reason", why=faults[0])

    def fields(self) -> dict[str, Any]:
        """Give the statement as the schema writes it; what does not apply is absent."""
        return dict(self._fields)

    def _build(self) -> dict[str, Any]:
        end = self.restrictions.until
        if end is not None and not self.application_date <= end <= LAST_DAY:
            raise Invalid("A restriction ends after it begins, and before 2038.", field="until")
        found: dict[str, Any] = {
            "puid": self.puid,
            "category": self.category,
            "decision_facts": self.facts.strip(),
            "content_type": ["CONTENT_TYPE_TEXT"],
            "content_date": max(self.content_date, FIRST_CONTENT_DAY).isoformat(),
            "application_date": max(self.application_date, FIRST_APPLICATION_DAY).isoformat(),
            "source_type": self.source,
            "automated_detection": "No",
            "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
            "territorial_scope": sorted(codes("territorial_scope")),
            **self.restrictions.fields(),
            **_ground_fields(self.ground),
        }
        if self.additions:
            found["category_addition"] = sorted(self.additions)
        if self.specification:
            found["category_specification"] = sorted(self.specification)
        if self.language:
            found["content_language"] = self.language.upper()
        return found


def _ground_fields(ground: Illegal | Incompatible) -> dict[str, Any]:
    if isinstance(ground, Illegal):
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": ground.legal_ground.strip(),
            "illegal_content_explanation": ground.explanation.strip(),
        }
    found = {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": ground.ground.strip(),
        "incompatible_content_explanation": ground.explanation.strip(),
    }
    if ground.is_also_illegal is not None:
        found["incompatible_content_illegal"] = "Yes" if ground.is_also_illegal else "No"
    return found


class Statement(PublicId, Base):
    """A statement of reasons as it was sent; its public id is the `puid`, never used again."""

    __tablename__ = "statement_of_reasons"

    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("moderation_decision.id"), unique=True)
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    """None for what the platform decided about an account."""
    fields: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
