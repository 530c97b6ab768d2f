"""Keeping passwords: Argon2id, two at a time, and as much work for an unknown address as for a known one."""

import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_TWO_AT_A_TIME = threading.BoundedSemaphore(2)
"""Each verification takes 64 MiB: a flood of sign-ins must not take the machine's memory."""


class Passwords:
    """Hashes and verifies with one set of parameters; `memory` in KiB, `time` in passes."""

    def __init__(self, *, memory: int, time: int) -> None:
        self._hasher = PasswordHasher(
            memory_cost=memory, time_cost=time, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._dummy: str | None = None

    def hash(self, password: str) -> str:
        """Give the form that is stored."""
        with _TWO_AT_A_TIME:
            return self._hasher.hash(_normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; without a stored one the same work is done for nothing."""
        if self._dummy is None:
            self._dummy = self.hash("nobody has this password")
        with _TWO_AT_A_TIME:
            try:
                self._hasher.verify(stored or self._dummy, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)


def _normal(password: str) -> str:
    """One spelling for what different keyboards send."""
    return unicodedata.normalize("NFC", password)
