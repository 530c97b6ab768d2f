"""The search page on a phone, and its parts that are closed at first."""

import pytest

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf

pytestmark = pytest.mark.browser


def test_facets_open_on_a_phone_without_scripts(context_of: ContextOf) -> None:
    """Behind one summary above the results; a value is a link."""
    page = context_of("member", width=390, scripts=False).new_page()
    page.goto("/search?q=deadline")
    value = page.locator(".facets-narrow .facet a", has_text="Discussion")
    assert not value.is_visible()
    page.locator(".facets-narrow > summary").click()
    value.click()
    assert "kind=post" in page.url
    assert page.locator(".chip").inner_text().startswith("Kind: Discussion")


def test_facets_stand_beside_the_results_when_there_is_room(context_of: ContextOf) -> None:
    """And only there."""
    page = context_of("member").new_page()
    page.goto("/search?q=deadline")
    assert page.locator(".facets-wide").is_visible()
    assert not page.locator(".facets-narrow").is_visible()


def test_what_opens_is_accessible(context_of: ContextOf) -> None:
    """Axe looks at the help and the facets too."""
    page = context_of("member", width=390).new_page()
    complaints = listen(page)
    page.goto("/search?q=deadline")
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    assert_well_made(page)
    assert complaints == []
