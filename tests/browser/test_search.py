"""The search page on a phone, and its parts that are closed at first."""

import pytest

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

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


def test_names_are_completed_while_one_types(context_of: ContextOf) -> None:
    """By the browser's own list; choosing one puts it into the box."""
    page = context_of().new_page()
    page.goto("/search")
    page.locator("#q").press_sequentially("group:prev")
    option = page.locator("#q-completions option[value='group:prevention']")
    option.wait_for(state="attached")
    page.locator("#q").fill("group:prevention deadline")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search?q=group**")
    assert page.locator(".result").count() > 0


def test_the_secretariats_first_journey(site: Site, context_of: ContextOf) -> None:
    """A half-remembered, misspelt query; facets; the later page of a file; the list as a file."""
    page = context_of("secretariat").new_page()
    page.goto("/search?q=desks+in+nineten+countrees")
    page.get_by_text("Did you mean").locator("a").click()
    page.wait_for_url("**nineteen**")
    page.locator(".facets-wide a", has_text="Attachment").click()
    assert page.locator(".chip", has_text="Attachment").is_visible()
    hit = page.locator(".result").first
    hit.locator(".result-title a").click()
    page.wait_for_url("**/attachments/*/pages/*")
    assert "nineteen countries" in page.locator("main").inner_text()
    page.go_back()
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_label("Document (DOCX)").check()
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/search/exports/*")
    assert page.get_by_text("Waiting for its turn").is_visible()
    site.work()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".docx")


def test_the_secretariats_second_journey(context_of: ContextOf) -> None:
    """From a search to an alert: saved, with a choice of when one is told."""
    page = context_of("secretariat").new_page()
    page.goto("/search?q=deadline")
    page.get_by_role("link", name="Save this search").click()
    page.get_by_label("Name").fill("What is said of deadlines")
    page.get_by_label("At once").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/me/searches/*/")
    assert page.get_by_label("At once").is_checked()
    page.goto("/me/searches/")
    assert page.get_by_role("link", name="What is said of deadlines", exact=True).is_visible()
