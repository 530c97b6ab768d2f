"""What a session list calls a browser."""

import pytest

from forum.domain.browsers import describe_browser


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iOS"),
        ("curl/8.0", ""),
    ],
)
def test_browser_and_system_are_named(user_agent: str, words: str) -> None:
    """Enough to recognise one's own."""
    assert describe_browser(user_agent) == words
