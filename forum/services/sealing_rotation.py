"""Changing the key under which authorship is sealed: every sealed key that still belongs to somebody anew."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, IdempotencyKey
from forum.domain.groups import Seat
from forum.domain.organisations import Organisation
from forum.domain.tables import metadata
from forum.errors import Invalid
from forum.services.sealing import account_key, organisation_key, sealed_key, seat_key
from forum.services.second_factors import reseal_codes

MIN_LENGTH = 32
"""Characters a key needs; `secrets.token_urlsafe(48)` gives 64."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys came to."""

    changed: int
    """Rows that carry the new key."""
    left: int
    """Rows under keys of nobody who is there: they stay as they are, and nobody can be found by them."""


def sealed_columns() -> list[sa.Column[Any]]:
    """Give every column, in every table there is, that may hold a sealed writer key."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in {"writer_key", "appellant_key", "sealed_owner"}
    ]


def rotate_sealing_key(session: Session, old: bytes, new: bytes) -> Rotation:
    """Seal every authorship anew; Invalid for a key that is short or the same.

    Aliases stay, and so does who reads their own text. Remembered keys of repeated API calls go.
    """
    if len(new) < MIN_LENGTH:
        raise Invalid("A sealing key has at least %(least)d characters.", least=MIN_LENGTH)
    if new == old:
        raise Invalid("That is the key that is in force.")
    keys = [account_key(one) for one in session.scalars(sa.select(Account.id))]
    keys += [organisation_key(one) for one in session.scalars(sa.select(Organisation.id))]
    keys += [seat_key(one) for one in session.scalars(sa.select(Seat.id))]
    anew = {sealed_key(old, key): sealed_key(new, key) for key in keys}
    changed = left = 0
    for own in sealed_columns():
        table = own.table
        for held in session.scalars(sa.select(own).where(own.startswith("sealed:")).distinct()).all():
            rows = session.scalar(sa.select(sa.func.count()).select_from(table).where(own == held)) or 0
            if held in anew:
                session.execute(sa.update(table).where(own == held).values({own.name: anew[held]}))
                changed += rows
            else:
                left += rows
    session.execute(sa.delete(IdempotencyKey))
    reseal_codes(session, old, new)
    return Rotation(changed, left)
