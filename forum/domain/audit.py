"""The record: an append-only chain of what was decided and changed, by ids and facts, never by content."""

import enum
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base
from forum.errors import Invalid

Fact = str | int | bool | None
Facts = Mapping[str, Fact | Sequence[str]]

FIRST = "0" * 64
"""What the first entry has for the hash of the one before."""

_FACT = re.compile(r"[A-Za-z0-9_.:,+-]{0,80}")


class AuditAction(enum.StrEnum):
    """What is recorded; a new one needs no migration, and an old one is never renamed."""

    DECIDED = "moderation.decided"
    OUTBOX_RETRIED = "outbox.retried"
    INDEX_DIFFERED = "search.differed"
    UNDONE = "moderation.undone"
    FLAGGED = "moderation.flagged"
    DISCLOSED = "moderation.disclosed"
    APPEALED = "appeal.filed"
    APPEAL_TAKEN = "appeal.taken"
    APPEAL_GIVEN_BACK = "appeal.given_back"
    APPEAL_WITHDRAWN = "appeal.withdrawn"
    APPEAL_DECIDED = "appeal.decided"
    MEMBER_ADDED = "member.added"
    MEMBER_ENDED = "member.ended"
    SEAT_ADDED = "seat.added"
    SEAT_ENDED = "seat.ended"
    INVITED = "invitation.made"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_REVOKED = "invitation.revoked"
    GROUP_ADDED = "group.added"
    CHARTER_CHANGED = "group.charter_changed"
    GROUP_RELABELLED = "group.relabelled"
    HOLDING_CHANGED = "group.holding_changed"
    ORGANISATION_ADDED = "organisation.added"
    ORGANISATION_CHANGED = "organisation.changed"
    ORGANISATIONS_MERGED = "organisation.merged"
    MEMBER_BODY_ADDED = "organisation.member_body_added"
    MEMBER_BODY_REMOVED = "organisation.member_body_removed"
    PUBLISHERS_CHANGED = "organisation.publishers_changed"
    MANDATE_GRANTED = "mandate.granted"
    MANDATE_ENDED = "mandate.ended"
    MANDATE_RAN_OUT = "mandate.ran_out"
    REQUEST_GRANTED = "request.granted"
    REQUEST_REFUSED = "request.refused"
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    SESSIONS_ENDED = "account.sessions_ended"
    ROLE_CHANGED = "account.role_changed"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    RECOVERY_CODES_MADE = "factor.recovery_codes_made"
    RECOVERY_CODE_USED = "factor.recovery_code_used"
    EMAIL_CHANGED = "account.email_changed"
    IDENTITY_LINKED = "account.identity_linked"
    IDENTITY_UNLINKED = "account.identity_unlinked"
    TOKEN_MADE = "token.made"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    CONSULTATION_MADE = "consultation.made"
    CONSULTATION_CHANGED = "consultation.changed"
    CONSULTATION_ANNOUNCED = "consultation.announced"
    CONSULTATION_OPENED = "consultation.opened"
    CONSULTATION_CLOSED = "consultation.closed"
    ANSWERS_PUBLISHED = "consultation.answers_published"
    COAUTHOR_ADDED = "paper.coauthor_added"
    COAUTHOR_REMOVED = "paper.coauthor_removed"
    UNSEALING_ASKED = "unsealing.asked"
    UNSEALING_APPROVED = "unsealing.approved"
    UNSEALING_REFUSED = "unsealing.refused"
    UNSEALED = "unsealing.read"
    KEY_ROTATED = "sealing.key_rotated"
    IMPORTED = "records.imported"
    EXPORTED = "records.exported"
    RETENTION_RAN = "privacy.retention_ran"
    OWN_DATA_EXPORTED = "privacy.exported"
    ERASURE_ASKED = "privacy.erasure_asked"
    ERASURE_TAKEN_BACK = "privacy.erasure_taken_back"
    ERASURE_REFUSED = "privacy.erasure_refused"
    ERASED = "privacy.erased"
    THREAD_PINNED = "thread.pinned"
    THREAD_CONCLUDED = "thread.concluded"
    PROTECTED_LOCKED = "protected.locked"
    PROTECTED_REPORTED = "protected.reported"
    PROTECTED_RELEASED = "protected.released"
    LATE_DECIDED = "consultation.late_decided"
    REMINDED = "consultation.reminded"
    STAGE_PLANNED = "stage.planned"
    STAGE_ADVANCED = "stage.advanced"
    SEATS_REMINDED = "stage.reminded"
    CATALOGUE_CHANGED = "stage.catalogue_changed"
    CONTACT_NAMED = "board.contact_named"
    STATUS_PROPOSED = "board.proposed"
    STATUS_REMARKED = "board.remarked"
    STATUS_WITHDRAWN = "board.withdrawn"
    STATUS_PUBLISHED = "board.published"
    DOCUMENT_ADDED = "library.added"
    DOCUMENT_CHANGED = "library.changed"
    ENTRY_RAISED = "register.raised"
    ENTRY_MOVED = "register.moved"
    """To another status."""
    ENTRY_GIVEN = "register.given"
    """To an owner."""
    ENTRY_CHANGED = "register.changed"
    ENTRY_TAKEN_OUT = "register.taken_out"
    ENTRY_PUT_BACK = "register.put_back"
    TOPIC_MADE = "topic.made"
    TOPIC_CHANGED = "topic.changed"
    TOPIC_DELETED = "topic.deleted"
    STANCE_SET = "topic.stance_set"
    STANCE_REMOVED = "topic.stance_removed"
    SEARCH_EXPORTED = "search.exported"
    MEETING_CONVENED = "meeting.convened"
    MEETING_CHANGED = "meeting.changed"
    MEETING_CANCELLED = "meeting.cancelled"
    MINUTES_CIRCULATED = "minutes.circulated"
    MINUTES_ADOPTED = "minutes.adopted"
    MINUTES_REMARKED = "minutes.remarked"
    REMARK_ANSWERED = "minutes.remark_answered"
    ATTENDANCE_RECORDED = "meeting.attendance_recorded"
    BALLOT_OPENED = "ballot.opened"
    BALLOT_CLOSED = "ballot.closed"
    BALLOT_WITHDRAWN = "ballot.withdrawn"
    VOTE_GIVEN = "ballot.vote_given"
    DECLARATION_FILED = "declaration.filed"
    DECLARATION_REMARKED = "declaration.remarked"
    SEAT_CALL_OPENED = "seat_call.opened"
    SEAT_CALL_CLOSED = "seat_call.closed"
    SEAT_PROPOSED = "seat.proposed"
    """One of two who have to agree has said whether an applicant gets a seat."""


class AuditEntry(Base):
    """One entry. It points at things by public id and by no foreign key: it outlives what it names."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True
    )
    """From 1, without a gap."""
    recorded_at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(sa.String(13))
    """The account that did it; null is the system or its operator."""
    action: Mapped[str] = mapped_column(sa.String(64))
    subject_kind: Mapped[str | None] = mapped_column(sa.String(32))
    subject: Mapped[str | None] = mapped_column(sa.String(13), index=True)
    group: Mapped[str | None] = mapped_column("group_public_id", sa.String(13), index=True)
    facts: Mapped[str]
    """Canonical JSON as text, so that the hash covers what is stored, byte for byte."""
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))

    def read_facts(self) -> dict[str, Any]:
        """Give the facts as a value."""
        return dict(json.loads(self.facts))


GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
        # INSERT OR REPLACE would delete without asking the trigger above.
        "CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry "
        "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number) "
        "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only()",
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only()",
    ),
}
"""By database: what makes it refuse to change or delete an entry. `forum schema` puts it into migrations."""

FIND_GUARDS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_entry'::regclass "
    "AND NOT tgisinternal AND tgenabled <> 'D'",
}
"""By database: the names of the guards that are in force."""

UNGUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER audit_entry_no_update",
        "DROP TRIGGER audit_entry_no_delete",
        "DROP TRIGGER audit_entry_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER audit_entry_no_change ON audit_entry",
        "DROP TRIGGER audit_entry_no_truncate ON audit_entry",
        "DROP FUNCTION audit_entry_is_append_only()",
    ),
}
"""What takes the guards away again; for a migration that goes down."""


@dataclass(frozen=True, slots=True)
class Head:
    """A place in the chain, to be kept outside: whatever leads up to it can no longer be changed unseen."""

    number: int
    hash: str

    def __str__(self) -> str:
        """Write it as SEQ:HASH."""
        return f"{self.number}:{self.hash}"


def parse_head(text: str) -> Head:
    """Read SEQ:HASH; Invalid for anything else."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text.strip())
    if found is None:
        raise Invalid("A head is SEQ:HASH, as `forum audit head` prints it.")
    return Head(int(found[1]), found[2])


def canonical_facts(facts: Facts) -> str:
    """Write facts down the one way there is; ValueError for anything that could be text of a person."""
    for name, value in facts.items():
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, str) and not _FACT.fullmatch(part):
                raise ValueError(f"{name} is no fact: the record holds ids and keys, never content")
            if not isinstance(part, str | int | None):
                raise ValueError(f"{name} is neither a key nor a number")
    return _canonical(dict(facts))


def chain_hash(
    number: int,
    recorded_at: datetime,
    actor: str | None,
    action: str,
    subject_kind: str | None,
    subject: str | None,
    group: str | None,
    facts: str,
    previous: str,
) -> str:
    """Give an entry's hash: SHA-256 over its fields and the hash before it, as canonical JSON."""
    at = recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [number, at, actor, action, subject_kind, subject, group, facts, previous]
    return hashlib.sha256(_canonical(fields).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
