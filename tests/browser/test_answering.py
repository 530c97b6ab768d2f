"""Answering a consultation with a real browser: saving while writing, and two who write on one question."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

pytestmark = pytest.mark.browser


def open_page(site: Site, context_of: ContextOf) -> Page:
    """The first page of a questionnaire, as one of those who may write."""
    page = context_of("member").new_page()
    listen(page)
    page.goto("/groups/{group}/consultations/{asking}/answer/1".format(**site.world.words))
    return page


def test_it_is_saved_while_it_is_written(site: Site, context_of: ContextOf) -> None:
    """Without a press of any button; a second change goes over the first and is no conflict with it."""
    page = open_page(site, context_of)
    field = page.get_by_label("Question 1?")
    for words in ("Saved by itself.", "Saved by itself, twice."):
        field.fill(words)
        expect(page.locator("[data-autosave-status]")).to_contain_text("Saved:")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("not sent yet")
    assert open_page(site, context_of).get_by_label("Question 1?").input_value() == "Saved by itself, twice."


def test_two_on_one_question_are_shown_both_texts(site: Site, context_of: ContextOf) -> None:
    """What the first saved stands beside what the second typed; the second then decides."""
    first = open_page(site, context_of)
    second = open_page(site, context_of)
    first.get_by_label("Question 1?").fill("From the first.")
    first.get_by_role("button", name="Save", exact=True).click()
    second.get_by_label("Question 1?").fill("From the second.")
    second.get_by_role("button", name="Save", exact=True).click()
    assert second.get_by_text("From the first.").is_visible()
    assert second.get_by_label("Question 1?").input_value() == "From the second."
    assert_well_made(second)
    second.get_by_role("button", name="Save", exact=True).click()
    assert open_page(site, context_of).get_by_label("Question 1?").input_value() == "From the second."


def test_a_file_goes_by_its_own_button_and_nothing_typed_beside_it_is_lost(
    site: Site, context_of: ContextOf
) -> None:
    """Saving while writing leaves the chosen file in its field; the button takes both."""
    page = context_of("member").new_page()
    listen(page)
    page.goto("/groups/{group}/consultations/{asking}/answer/2".format(**site.world.words))
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "figures.txt", "mimeType": "text/plain", "buffer": b"Complete reports by month."}
    )
    page.get_by_role("group", name="Question 4?").get_by_label("3", exact=True).check()
    expect(page.locator("[data-autosave-status]")).to_contain_text("Saved:")
    page.get_by_role("button", name="Upload the file").click()
    expect(page.get_by_text("figures.txt is here and is being checked.")).to_be_visible()
    assert page.get_by_role("group", name="Question 4?").get_by_label("3", exact=True).is_checked()
    assert_well_made(page)
