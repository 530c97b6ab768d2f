"""Reminding bodies that have not answered about a joint position: who would be told, with what mail."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import SubjectKind
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import Mandate
from forum.domain.papers import Paper, PaperVersion
from forum.services.letters import Letter, write_letter
from forum.services.signatories import list_board, publishers_of


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who would be reminded: for which bodies, and the mail as it would go; None where none goes."""

    name: str
    bodies: tuple[str, ...]
    letter: Letter | None


def list_recipients(
    session: Session, paper: Paper, version: PaperVersion, *, now: datetime, sealing_secret: bytes
) -> list[Recipient]:
    """Give whom a reminder would reach now, with each one's mail: the people of bodies that are missing."""
    lines = [line for line in list_board(session, version, now=now) if line.is_to_be_asked]
    if not lines:
        return []
    names = {line.organisation.id: line.organisation.name for line in lines}
    rows = session.execute(
        sa.select(Account.id, Account.name, Mandate.organisation_id)
        .join(Mandate, Mandate.account_id == Account.id)
        .where(
            publishers_of(Mandate.organisation_id, now.date()),
            Mandate.organisation_id.in_(names),
            Account.status == AccountStatus.ACTIVE,
        )
        .distinct()
        .order_by(Account.name, Account.id)
    )
    bodies: dict[tuple[int, str], list[str]] = {}
    for account_id, name, organisation_id in rows:
        bodies.setdefault((account_id, name), []).append(names[organisation_id])
    found = []
    for (account_id, name), for_whom in bodies.items():
        notice = Notice(
            account_id=account_id,
            public_id="preview",
            kind=NoticeKind.SIGNATURE_ASKED,
            group_id=paper.group_id,
            subject_kind=SubjectKind.VERSION,
            subject_id=version.id,
            key="",
            created_at=now,
        )
        letter = write_letter(session, notice, now=now, sealing_secret=sealing_secret)
        found.append(Recipient(name, tuple(sorted(for_whom)), letter))
    return found
