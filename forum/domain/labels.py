"""The one label: ceilings, TLP 2.0, status, and the columns of everything that can be read."""

import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class Ceiling(enum.StrEnum):
    """How widely a group's contributions may be read at most, widest first."""

    PUBLIC = "public"
    COMMUNITY = "community"
    ORGANISATIONS = "organisations"
    MEMBERS = "members"


class Tlp(enum.StrEnum):
    """Traffic Light Protocol 2.0."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


class Status(enum.StrEnum):
    """Where a contribution is in its life."""

    DRAFT = "draft"
    RECEIVED = "received"
    PENDING = "pending"
    PUBLISHED = "published"
    HIDDEN = "hidden"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LOCKED = "locked"
    """Suspected material or a detail that may identify a victim: nobody reads it, its author neither."""


WRITER_READS = frozenset({Status.RECEIVED, Status.PENDING, Status.HIDDEN, Status.REJECTED})
"""The statuses in which a writer reads what the audience does not."""


class Labelled:
    """Mix-in for every readable thing. Only services.labels.relabel() writes audience and own."""

    status: Mapped[Status] = mapped_column(default=Status.PUBLISHED)
    tlp: Mapped[Tlp] = mapped_column(default=Tlp.AMBER)
    named_list_id: Mapped[int | None] = mapped_column(sa.ForeignKey("named_list.id"))
    audience: Mapped[str] = mapped_column(sa.String(64))
    own: Mapped[str] = mapped_column(sa.String(64))
