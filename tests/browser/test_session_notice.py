"""The notice before a session ends, in a real browser whose clock the test moves."""

from tests.browser.checks import listen
from tests.browser.conftest import ContextOf


def test_two_minutes_before_the_end(context_of: ContextOf) -> None:
    """It comes, any key takes it away and keeps the session, and without one it says what is true."""
    page = context_of("member").new_page()
    complaints = listen(page)
    page.clock.install()
    page.goto("/groups/")
    notice = page.locator("[data-session]")
    page.clock.fast_forward("27:50")
    assert notice.is_hidden()
    page.clock.fast_forward("00:20")
    notice.wait_for()
    assert "In two minutes your session ends" in notice.inner_text()
    with page.expect_response("**/accounts/session") as answer:
        page.keyboard.press("Shift")
    assert answer.value.status == 204
    notice.wait_for(state="hidden")
    page.clock.fast_forward("28:10")
    notice.wait_for()
    page.clock.fast_forward("02:00")
    page.get_by_text("What you typed is still here").wait_for()
    assert complaints == []


def test_typing_is_activity(context_of: ContextOf) -> None:
    """A key after a minute is told to the server; keys in the same minute are not."""
    page = context_of("member").new_page()
    page.clock.install()
    page.goto("/groups/")
    told: list[str] = []
    page.on(
        "request", lambda request: told.append(request.url) if "accounts/session" in request.url else None
    )
    told.clear()
    page.keyboard.press("Shift")
    page.clock.fast_forward("01:30")
    with page.expect_response("**/accounts/session"):
        page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    assert [url.rpartition("/")[2] for url in told] == ["session"]
