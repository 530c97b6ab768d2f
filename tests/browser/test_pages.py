"""Every page state is well made in a real browser."""

import pytest

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site
from tests.browser.states import STATES, State

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_page_is_accessible_and_clean(site: Site, context_of: ContextOf, state: State) -> None:
    """0 axe violations (WCAG 2.2 AA), 0 CSP reports, at both widths and in both themes."""
    page = context_of(state.who).new_page()
    complaints = listen(page)
    answer = page.goto(state.path.format(**site.world.words))
    assert answer is not None
    assert answer.status == state.status
    assert_well_made(page)
    # Chromium notes the status of an error page on its console; that is no complaint of the page.
    assert [text for text in complaints if f"status of {state.status}" not in text] == []


def test_the_menu_opens_without_scripts(context_of: ContextOf) -> None:
    """On a phone the navigation is behind one summary, which needs no JavaScript."""
    page = context_of("member", width=390, scripts=False).new_page()
    page.goto("/")
    groups = page.locator(".site-panel a", has_text="Groups")
    assert not groups.is_visible()
    page.locator(".site-menu summary").click()
    groups.click()
    assert page.url.endswith("/groups/")


def test_an_open_menu_is_accessible(context_of: ContextOf) -> None:
    """Axe looks at the menus too, which it cannot see while they are closed."""
    page = context_of("member").new_page()
    listen(page)
    page.goto("/groups/")
    page.evaluate("document.querySelectorAll('header details').forEach(d => d.open = true)")
    assert_well_made(page)


def test_the_keyboard_reaches_the_text_first(context_of: ContextOf) -> None:
    """The first Tab offers to skip the navigation, and Enter does."""
    page = context_of().new_page()
    page.goto("/groups/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_theme_follows_the_device(context_of: ContextOf, dark: bool) -> None:
    """The page is light or dark as the device asks."""
    page = context_of(dark=dark).new_page()
    page.goto("/")
    red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0]")
    assert (int(red) < 100) is dark
