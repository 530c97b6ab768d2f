"""Working groups with their charter, stages, seats and memberships."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import Attribution
from forum.domain.base import Base, PublicId, partial_index
from forum.domain.erasures import FormerTexts
from forum.domain.labels import Ceiling, Tlp


class GroupRole(enum.StrEnum):
    """What a person does in a group; one person may hold several."""

    CHAIR = "chair"
    RAPPORTEUR = "rapporteur"
    MODERATOR = "moderator"
    SECRETARIAT = "secretariat"
    MEMBER = "member"
    OBSERVER = "observer"


WRITING_ROLES = frozenset(GroupRole) - {GroupRole.OBSERVER}


class HoldingRule(enum.StrEnum):
    """What is held for a moderator before anyone reads it."""

    NONE = "none"
    NEWCOMER = "newcomer"
    EVERYTHING = "everything"


class MembersVisible(enum.StrEnum):
    """What a listed group shows of its members to people outside."""

    NAMES = "names"
    BODIES = "bodies"
    NUMBERS = "numbers"


class WhoMayWrite(enum.StrEnum):
    """Members with a writing role, or anyone signed in who may read."""

    MEMBERS = "members"
    COMMUNITY = "community"


class Group(PublicId, Base):
    """A working group; its charter is loaded from configuration and edited by its chair."""

    __tablename__ = "working_group"

    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str]
    short_title: Mapped[str]
    initiative: Mapped[int | None]
    summary: Mapped[str] = mapped_column(default="")
    mandate_source: Mapped[str] = mapped_column(default="")
    mandate_html: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")
    ceiling: Mapped[Ceiling] = mapped_column(default=Ceiling.MEMBERS)
    is_listed: Mapped[bool] = mapped_column(default=True)
    in_directory: Mapped[bool] = mapped_column(default=True)
    default_tlp: Mapped[Tlp] = mapped_column(default=Tlp.AMBER)
    attribution: Mapped[Attribution] = mapped_column(default=Attribution.NAMED)
    shown_as_choices: Mapped[list[str]] = mapped_column(default=list)
    holding_rule: Mapped[HoldingRule] = mapped_column(default=HoldingRule.NEWCOMER)
    holding_rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What else moderators have held: domain/holding_rules.py."""
    promised_days: Mapped[int] = mapped_column(default=2)
    """Working days in which moderators promise an answer."""
    retention_days: Mapped[int] = mapped_column(default=0)
    """Days for which withdrawn and rejected texts are kept; 0: as the forum's settings say."""
    former_texts: Mapped[FormerTexts] = mapped_column(default=FormerTexts.KEPT)
    """What becomes of what a person wrote for no organisation, once the person is erased."""
    members_visible: Mapped[MembersVisible] = mapped_column(default=MembersVisible.BODIES)
    who_may_write: Mapped[WhoMayWrite] = mapped_column(default=WhoMayWrite.MEMBERS)
    languages: Mapped[list[str]] = mapped_column(default=list)
    rules: Mapped[list[Any]] = mapped_column(default=list)
    """The group's rules of conduct: [{"key", "text"}]."""
    practice: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Lead times, quorum and declarations: domain/practice.py."""
    audience: Mapped[str] = mapped_column(sa.String(64))
    """The label of the group's own pages, from the ceiling; written by relabel()."""
    edited_fields: Mapped[list[str]] = mapped_column(default=list)
    """Charter fields changed on the web: a later `forum init` leaves them alone."""
    created_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class Stage(Base):
    """One step of a group's procedure; opens one consultation, assessment, discussion or meeting.

    The current stage is the first by position that has not ended: domain/stages.py.
    """

    __tablename__ = "stage"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    position: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(64))
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(sa.String(32))
    summary: Mapped[str] = mapped_column(default="")
    catalogue_key: Mapped[str] = mapped_column(sa.String(64), default="")
    """Of an assessment: what is assessed (domain/assessments.py); the same again is the next round."""
    opens_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    """The deadline; nothing ends by it, but an assessment that arrives after it is not taken."""
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    ended_at: Mapped[datetime | None]


class StageReminder(Base):
    """A round of reminders to the seats that are missing in a stage."""

    __tablename__ = "stage_reminder"

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(sa.ForeignKey("stage.id"), index=True)
    sent_at: Mapped[datetime]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    people: Mapped[int]
    """To how many it went."""


class SeatKind(enum.StrEnum):
    """What a seat belongs to."""

    ORGANISATION = "organisation"
    MEMBER_STATE = "member_state"
    COMMON_INTEREST = "common_interest"
    PERSONAL = "personal"
    PUBLIC_ENTITY = "public_entity"
    """A public body that represents no Member State."""


class Seat(PublicId, Base):
    """A place at the table: decisions and quorum count seats, not people."""

    __tablename__ = "seat"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    kind: Mapped[SeatKind]
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    title: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Membership(Base):
    """A person's role in a group, with the seat it fills; ended rows are kept as history."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.Index("ix_membership_account_group", "account_id", "group_id"),
        partial_index(
            "uq_membership_role",
            "group_id",
            "account_id",
            "role",
            unique=True,
            where="ended_at IS NULL AND seat_id IS NULL",
        ),
        # One person may sit on two seats, such as their own and, as an alternate, a body's.
        partial_index(
            "uq_membership_seat",
            "account_id",
            "seat_id",
            unique=True,
            where="ended_at IS NULL AND seat_id IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    role: Mapped[GroupRole]
    seat_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"), index=True)
    is_alternate: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
