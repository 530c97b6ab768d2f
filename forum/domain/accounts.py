"""Accounts, their sessions, invitations, requests for access and access tokens."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId


class PlatformRole(enum.StrEnum):
    """Roles over the platform; they give no clearance by themselves."""

    MEMBER = "member"
    SECRETARIAT = "secretariat"
    ADMINISTRATOR = "administrator"


class AccountStatus(enum.StrEnum):
    """Placeholders come from imports and cannot sign in until invited."""

    PLACEHOLDER = "placeholder"
    ACTIVE = "active"
    DISABLED = "disabled"
    FORMER = "former"


class Theme(enum.StrEnum):
    """Light, dark, or as the device says."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Account(PublicId, Base):
    """A person."""

    __tablename__ = "account"

    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    """Folded to lower case; null for placeholders."""
    name: Mapped[str]
    latin_name: Mapped[str | None]
    handle: Mapped[str] = mapped_column(sa.String(64), unique=True)
    source_key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    """What an import calls the person, so that a second import finds them."""
    password_hash: Mapped[str | None]
    platform_role: Mapped[PlatformRole] = mapped_column(default=PlatformRole.MEMBER)
    status: Mapped[AccountStatus] = mapped_column(default=AccountStatus.ACTIVE)
    suspended_until: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    theme: Mapped[Theme] = mapped_column(default=Theme.AUTO)
    about: Mapped[str] = mapped_column(default="")
    name_is_public: Mapped[bool] = mapped_column(default=False)
    """Whether people outside one's groups may see the name; off until the person chooses."""
    uses_shortcuts: Mapped[bool] = mapped_column(default=False)
    """Whether single keys work on the moderation pages; off until the person chooses."""
    feed_key: Mapped[str | None] = mapped_column(sa.String(43))
    """The secret in the addresses of a person's own feeds; null until there is one."""
    created_at: Mapped[datetime]


class LoginSession(Base):
    """A server-side session: the cookie holds a 256-bit id, this row its SHA-256."""

    __tablename__ = "login_session"

    id_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(13), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(sa.String(120), default="")
    is_pending: Mapped[bool] = mapped_column(default=False)
    """The password was right and a second factor is awaited: it opens nothing but the page that asks."""
    has_second_factor: Mapped[bool] = mapped_column(default=False)
    """Whether a second factor was shown in it."""
    proven_at: Mapped[datetime]
    """When the person last showed that it is they: grave acts ask again after a while."""


class SignInThrottle(Base):
    """Failed sign-ins in a row on one e-mail address or from one network address."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """A hash, so that the table holds nothing that somebody typed."""
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    last_tried_at: Mapped[datetime] = mapped_column(index=True)


class RateCounter(Base):
    """How often something was done in the present span of time, where no Redis counts."""

    __tablename__ = "rate_counter"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """A hash of the limit and of who is counted."""
    window: Mapped[int] = mapped_column(sa.BigInteger())
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class InvitationPurpose(enum.StrEnum):
    """What accepting does; a token for one purpose opens no other."""

    ACCOUNT = "account"
    """Join the forum, perhaps with a platform role and an organisation's mandate."""
    GROUP = "group"
    """Take a role in a group, perhaps on a seat; makes the account where there is none."""
    PASSWORD = "password"  # noqa: S105
    """Set a new password on an account that is there."""


class Invitation(PublicId, Base):
    """An invitation that expires and works once; the address holds the token, this row its hash."""

    __tablename__ = "invitation"

    purpose: Mapped[InvitationPurpose]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    email: Mapped[str] = mapped_column(sa.String(254), index=True)
    name: Mapped[str] = mapped_column(default="")
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """The account the invitation gives a password to, where it exists already."""
    platform_role: Mapped[PlatformRole] = mapped_column(default=PlatformRole.MEMBER)
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"))
    role: Mapped[str | None] = mapped_column(sa.String(16))
    seat_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"))
    is_alternate: Mapped[bool] = mapped_column(default=False)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    invited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RequestKind(enum.StrEnum):
    """What is asked for."""

    ACCOUNT = "account"
    SEAT = "seat"


class AccessRequest(PublicId, Base):
    """Somebody asks for an account, or a person for a seat in a group."""

    __tablename__ = "access_request"

    kind: Mapped[RequestKind]
    email: Mapped[str] = mapped_column(sa.String(254))
    name: Mapped[str]
    organisation_name: Mapped[str] = mapped_column(default="")
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"))
    message: Mapped[str] = mapped_column(default="")
    call_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat_call.id"), index=True)
    """The open procedure that a seat is applied for under; null for a request of one's own accord."""
    seat_kind: Mapped[str | None] = mapped_column(sa.String(32))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    register_id: Mapped[str] = mapped_column(sa.String(32), default="")
    """In the Transparency Register."""
    created_at: Mapped[datetime]
    proposed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Who of two has said so first, where two people have to agree."""
    proposed_grant: Mapped[bool | None]
    proposed_reason: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    is_granted: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(default="")


class AccessToken(PublicId, Base):
    """A personal token for the API; shown once, stored as its hash."""

    __tablename__ = "access_token"

    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    has_second_factor: Mapped[bool] = mapped_column(default=True)
    """Whether the session that made it had shown a second factor: a token is no stronger than that."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SubmissionKey(Base):
    """The one-use key of a form: a second press of the button finds what the first one made."""

    __tablename__ = "submission_key"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    location: Mapped[str]
    digest: Mapped[str] = mapped_column(sa.String(64))
    """Hash of what was sent: something else under the same key was written after going back."""


class IdempotencyKey(Base):
    """A key that a program sent with a write: sent again, it finds what the first one made.

    Neither the account nor the text is in it, so that it is no record of who wrote what under the
    Chatham House Rule.
    """

    __tablename__ = "idempotency_key"

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    """Sealed together with the account."""
    digest: Mapped[str] = mapped_column(sa.String(80))
    """Sealed: of the call and its body, so that another request under the same key is noticed."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    reference: Mapped[str] = mapped_column(sa.String(64), default="")
