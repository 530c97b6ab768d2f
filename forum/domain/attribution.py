"""Who a contribution comes from and how it is shown: the columns; services.attribution presents them."""

import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base
from forum.domain.organisations import StakeholderType


class Attribution(enum.StrEnum):
    """How a group's discussions name their authors."""

    NAMED = "named"
    ORGANISATION = "organisation"
    CHATHAM_HOUSE = "chatham_house"


class ShownAs(enum.StrEnum):
    """What readers are shown of an author, widest first."""

    NAME = "name"
    ORGANISATION = "organisation"
    STAKEHOLDER_TYPE = "stakeholder_type"


class SubjectKind(enum.StrEnum):
    """The kinds of contribution that are moderated, flagged, indexed and owned."""

    POST = "post"
    VERSION = "version"
    THREAD = "thread"
    ATTACHMENT = "attachment"
    CONSULTATION = "consultation"
    ACCOUNT = "account"
    """No contribution: a person, about whom the platform decides."""
    ANSWER = "answer"
    ASSESSMENT = "assessment"
    ENTRY = "entry"
    """An entry of a register."""
    MEETING = "meeting"
    BALLOT = "ballot"
    ARTICLE_STATUS = "article_status"
    """What a board says of an article in a State."""


class Attributed:
    """Mix-in: author and the body spoken for, as they were when it was sent.

    Under the Chatham House Rule author and organisation are null and only the alias is stored;
    who wrote it is an Authorship row under a sealed key.
    """

    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    stakeholder_type: Mapped[StakeholderType | None]
    country: Mapped[str | None] = mapped_column(sa.String(2))
    shown_as: Mapped[ShownAs] = mapped_column(default=ShownAs.NAME)
    alias: Mapped[str | None] = mapped_column(sa.String(64))


class Authorship(Base):
    """Who wrote a contribution, as a key an Actor holds: account:12, organisation:5 or sealed:<hmac>."""

    __tablename__ = "authorship"
    __table_args__ = (sa.Index("ix_authorship_writer", "writer_key", "subject_kind", "subject_id"),)

    subject_kind: Mapped[SubjectKind] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    writer_key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)


class NamedList(Base):
    """The people named as readers of a RED text."""

    __tablename__ = "named_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)


class NamedReader(Base):
    """One person on a named list."""

    __tablename__ = "named_reader"

    list_id: Mapped[int] = mapped_column(sa.ForeignKey("named_list.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, index=True)
