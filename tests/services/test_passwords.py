"""Argon2id with one set of parameters."""

import pytest
from argon2 import PasswordHasher

from forum.services.passwords import Passwords

keeper = Passwords(memory=64, time=1)
PASSWORD = "gravel tulip orbit canteen"


def test_only_the_password_verifies() -> None:
    """The right one does, another does not, and none at all never does."""
    stored = keeper.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert keeper.verify(stored, PASSWORD)
    assert not keeper.verify(stored, PASSWORD + "s")
    assert not keeper.verify(None, "nobody has this password")
    assert not keeper.verify("not a hash", PASSWORD)


def test_two_spellings_of_one_letter_are_one_password() -> None:
    """A composed é and e with an accent are the same keystroke to a person."""
    assert keeper.verify(keeper.hash("cafe\u0301 au lait, tiède"), "caf\u00e9 au lait, tiède")


def test_changed_parameters_ask_for_a_new_hash() -> None:
    """After the configuration is made stronger, old hashes are renewed."""
    stored = keeper.hash(PASSWORD)
    assert not keeper.needs_rehash(stored)
    assert Passwords(memory=128, time=1).needs_rehash(stored)


def test_an_unknown_address_costs_one_verification_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many calls of Argon2 with a stored password as without."""
    calls: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher,
        "verify",
        lambda self, stored, given: (calls.append(stored), verify(self, stored, given)),
    )
    stored = keeper.hash(PASSWORD)
    keeper.verify(stored, "wrong")
    keeper.verify(None, "wrong")
    assert len(calls) == 2
