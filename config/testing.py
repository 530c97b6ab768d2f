"""Overrides for the tests: fast hashing, nothing waits."""

SECRET_KEY = "testing"  # noqa: S105
SEALING_KEY = "testing-seal"
ARGON2_MEMORY = 64
ARGON2_TIME = 1
SIGN_IN_DELAY = 0
LIMIT_POSTS = LIMIT_SEARCHES = LIMIT_REQUESTS = LIMIT_INVITATIONS = "1000000/60"
LIMIT_LINKS = LIMIT_API = LIMIT_TOKENS = "1000000/60"
BASE_URL = "http://localhost"
