"""A procedure in a real browser: an open stage, reminders, who is missing, close, matrix, report."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf

pytestmark = pytest.mark.browser


def rate_all(page: Page) -> None:
    """Fill a page of the form with the keyboard's own controls, and go on."""
    for group in page.get_by_role("group", name="Rating").all():
        group.get_by_label("4 good").check()
    for field in page.get_by_label("Reason", exact=True).all():
        field.fill("We tried it for a month.")
    for field in page.get_by_label("How confident are you?").all():
        field.select_option("high")
    page.get_by_role("button", name="Save and go on").click()


def test_from_an_open_stage_to_the_report(context_of: ContextOf) -> None:
    """Who is missing, each mail before it goes; a seat submits; closing shows the matrix."""
    chair = context_of("chair").new_page()
    listen(chair)
    chair.goto("/")
    chair.get_by_role("listitem").filter(has_text="Desk lamps").get_by_role(
        "link", name="Second round"
    ).click()
    expect(chair.get_by_role("heading", name="Open now: Second round")).to_be_visible()
    missing = chair.get_by_role("list").filter(has_text="Example Readers of Desk lamps")
    expect(missing).to_contain_text("Empty: nobody can act for it")
    chair.get_by_role("link", name="Remind: see who gets which mail").click()
    expect(chair.locator("pre").first).to_contain_text("waits for your seat")
    assert_well_made(chair)
    chair.get_by_role("button", name="Send these reminders").click()
    expect(chair.get_by_role("status").first).to_contain_text("reminded")

    member = context_of("member", width=390, dark=True).new_page()
    listen(member)
    member.goto("/")
    member.get_by_role("listitem").filter(has_text="Desk lamps").get_by_role(
        "link", name="Second round"
    ).click()
    member.get_by_role("link", name="On the device").click()
    expect(member.get_by_text("In the round before your seat said: 4 good").first).to_be_visible()
    rate_all(member)
    rate_all(member)
    expect(member.get_by_role("heading", name="Preview of your seat's assessment")).to_be_visible()
    assert_well_made(member)
    member.get_by_role("button", name="Submit").click()
    expect(member.get_by_text("It is submitted.").first).to_be_visible()

    chair.reload()
    expect(chair.get_by_role("heading", name="Seats that are missing")).to_be_visible()
    expect(chair.get_by_text("Example Readers of Desk lamps")).to_have_count(0)
    chair.get_by_label("Go on although something is missing").check()
    chair.get_by_role("button", name="Go on").click()
    expect(chair.get_by_role("status").first).to_contain_text("is open")
    chair.goto("/groups/desk-lamps/assessments/solutions/rounds/2/")
    cell = chair.get_by_role("cell").filter(has_text="Reasons for Secure enclave under Privacy")
    expect(cell).to_contain_text("median 4 good")
    assert_well_made(chair)
    cell.get_by_role("link").click()
    expect(chair.get_by_text("We tried it for a month.").first).to_be_visible()
    chair.go_back()
    with chair.expect_download() as download:
        chair.get_by_role("link", name="Report as DOCX").click()
    assert download.value.suggested_filename == "technical-solutions-round-2.docx"
