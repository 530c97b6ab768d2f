"""From a passage to an entry that is followed up, with a real browser."""

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

pytestmark = pytest.mark.browser


def test_a_passage_is_raised_given_and_moved_on(site: Site, context_of: ContextOf) -> None:
    """Passage, gap, owner, status with its reason, and the workbook that the filter leaves."""
    page = context_of("chair").new_page()
    listen(page)
    words = site.world.words
    page.goto("/registers/raise?of=/posts/{post}".format(**words))
    page.get_by_role("link", name="Legislative and implementation gaps", exact=True).click()
    page.get_by_label("Title").fill("Reports without a date")
    field = page.get_by_label("What it is about")
    field.press_sequentially("See [[2011/93")
    page.get_by_role("button", name="Directive 2011/93/EU").click()
    assert field.input_value() == "See [[Directive 2011/93/EU]]"
    page.get_by_label("Kind of gap").select_option("application")
    page.get_by_role("button", name="Raise it").click()
    expect(page.get_by_role("heading", name="Reports without a date")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("link", name="Owner: change").click()
    page.get_by_label("Owner").select_option(index=1)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Change the status").click()
    page.get_by_label("New status").select_option("examined")
    page.get_by_label("Reason").fill("Three seats asked for it.")
    page.get_by_role("button", name="Change the status").click()
    expect(page.get_by_text("Three seats asked for it.")).to_be_visible()
    page.goto("/registers/gaps/?gap-kind=application&status=examined")
    with page.expect_download() as loading:
        page.get_by_role("link", name="These entries as XLSX").click()
    book = load_workbook(io.BytesIO(loading.value.path().read_bytes())).active
    assert book is not None
    assert "Reports without a date" in {row[0] for row in book.iter_rows(values_only=True)}
