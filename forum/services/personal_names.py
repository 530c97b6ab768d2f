"""Names of people in a text that others will read: what the shape of a word does not tell, the accounts do.

A full name is refused whoever bears it, a surname where a member of the group bears it. Neither says whether
that person wrote or flagged the text: whoever tries names out learns who has an account, and no more.
"""

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, Membership
from forum.domain.personal_data import PersonalData, refusal

_WORD = re.compile(r"[^\W\d_][^\W_]*(?:[-'’][^\W_]+)*")
_LONGEST_NAME = 4
"""Words of a name that are looked up at most."""
_SHORTEST_SURNAME = 4


def refuse_names(session: Session, group: Group | None, text: str, *, field: str = "reason") -> None:
    """Raise Invalid where a text names a person."""
    words = _WORD.findall(text)
    if any(word[0].isupper() for word in words) and (
        _is_a_name(session, words) or (group is not None and _is_a_surname(session, group, words))
    ):
        raise refusal(PersonalData.NAME, field)


def _is_a_name(session: Session, words: list[str]) -> bool:
    written = {
        " ".join(words[start : start + length])
        for length in range(2, _LONGEST_NAME + 1)
        for start in range(len(words) - length + 1)
        if words[start][0].isupper() and words[start + length - 1][0].isupper()
    }
    if not written:
        return False
    # As it is written, and folded as far as the database folds: SQLite knows only ASCII.
    folded = {candidate.lower() for candidate in written}
    names = sa.or_(
        *(column.in_(written) for column in (Account.name, Account.latin_name)),
        *(sa.func.lower(column).in_(folded) for column in (Account.name, Account.latin_name)),
    )
    return session.scalar(sa.select(Account.id).where(names).limit(1)) is not None


def _is_a_surname(session: Session, group: Group, words: list[str]) -> bool:
    capitalised = {word for word in words if word[0].isupper() and len(word) >= _SHORTEST_SURNAME}
    names = session.scalars(
        sa.select(Account.name)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.group_id == group.id, Membership.ended_at.is_(None))
    )
    return any(parts[-1] in capitalised for name in names if len(parts := name.split()) > 1)
