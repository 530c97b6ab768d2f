"""Overrides for the tests: fast hashing, nothing waits."""

SECRET_KEY = "testing"  # noqa: S105
SEALING_KEY = "testing-seal"
ARGON2_MEMORY = 64
ARGON2_TIME = 1
SIGN_IN_DELAY = 0
BASE_URL = "http://localhost"
