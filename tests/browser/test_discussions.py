"""Writing in a discussion with a real browser."""

import pytest

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

pytestmark = pytest.mark.browser


def test_errors_and_preview_are_accessible(site: Site, context_of: ContextOf) -> None:
    """A reply that is empty shows a focused summary; the next one its preview; scripts are not needed."""
    page = context_of("member").new_page()
    listen(page)
    page.goto("/groups/{group}/threads/{thread}/".format(**site.world.words))
    page.get_by_role("button", name="Send the reply").click()
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert_well_made(page)
    page.get_by_label("Your text").fill("One **form** for all.")
    page.get_by_role("button", name="Preview").click()
    assert page.locator("#preview strong").inner_text() == "form"
    assert page.get_by_label("Your text").input_value() == "One **form** for all."
    assert_well_made(page)


def test_a_branch_folds_without_scripts(site: Site, context_of: ContextOf) -> None:
    """The replies below a reply are folded by one key."""
    page = context_of("visitor", scripts=False).new_page()
    page.goto("/groups/{group}/threads/{long_thread}/".format(**site.world.words))
    inside = page.locator("details.branch article").first
    assert inside.is_visible()
    page.locator("details.branch summary").first.press("Enter")
    assert not inside.is_visible()
