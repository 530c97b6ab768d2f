"""Writing and citing papers as people do it, in a real browser."""

import io
import re

import pytest
from pypdf import PdfReader

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

SAVED = re.compile(r"^Saved \d\d:\d\d$")

pytestmark = pytest.mark.browser


def test_a_paper_is_written_and_sent_without_scripts(site: Site, context_of: ContextOf) -> None:
    """Title and text, preview, save, send: the page that opens is the paper with its numbered paragraphs."""
    page = context_of("member", width=390, scripts=False).new_page()
    page.goto(f"/groups/{site.world.words['group']}/papers/new")
    page.get_by_label("Title").fill("What schools need")
    page.get_by_label("Text", exact=True).fill("# Needs\n\nTime and *people*.")
    page.get_by_role("button", name="Preview").click()
    assert page.locator(".preview em").inner_text() == "people"
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Save and send").click()
    assert page.locator("h1").inner_text() == "What schools need"
    assert page.locator("#p2").inner_text() == "Time and people."


def test_a_wrong_form_is_accessible(site: Site, context_of: ContextOf) -> None:
    """The summary of what is wrong is focused and leads to the fields."""
    page = context_of("member").new_page()
    listen(page)
    page.goto(f"/groups/{site.world.words['group']}/papers/new")
    page.get_by_role("button", name="Save the draft").click()
    assert page.locator("[role=alert] a").first.get_attribute("href") == "#title"
    assert_well_made(page)


def test_a_conflict_shows_both_texts_accessibly(site: Site, context_of: ContextOf) -> None:
    """Two windows on one draft: the second save meets the first one's text."""
    context = context_of("member")
    first, second = context.new_page(), context.new_page()
    listen(second)
    path = f"/groups/{site.world.words['group']}/papers/drafts/{site.world.words['draft']}"
    for page in (first, second):
        page.goto(path)
    for page, words in ((first, "Words of the first."), (second, "Words of the second.")):
        page.get_by_label("Text", exact=True).fill(words)
        page.get_by_role("button", name="Save the draft").click()
        page.wait_for_load_state()
    assert "1 part differs" in second.locator("main").inner_text()
    assert second.get_by_label("The other text").input_value().strip() == "Words of the first."
    assert second.get_by_label("Text", exact=True).input_value().strip() == "Words of the second."
    assert_well_made(second)


def test_a_draft_is_saved_while_it_is_written(site: Site, context_of: ContextOf) -> None:
    """No button is pressed: the page says so, gets the draft's address, and the text is there again."""
    page = context_of("member").new_page()
    faults = listen(page)
    page.goto(f"/groups/{site.world.words['group']}/papers/new")
    page.get_by_label("Title").fill("Kept from the first words")
    page.get_by_label("Text", exact=True).fill("Nobody pressed a button.")
    told = page.locator("[data-autosaved]")
    told.filter(has_text=SAVED).wait_for()
    page.wait_for_url("**/papers/drafts/*")
    page.get_by_label("Text", exact=True).press_sequentially(" Twice.")
    page.get_by_text("Not saved yet").wait_for()
    told.filter(has_text=SAVED).wait_for()
    page.reload()
    assert "Twice." in page.get_by_label("Text", exact=True).input_value()
    page.get_by_role("button", name="Save the draft").click()
    assert page.locator("h1").inner_text() == "Draft"
    assert faults == []


def test_a_citation_is_copied(site: Site, context_of: ContextOf) -> None:
    """The button puts the sentence on the clipboard and says so."""
    context = context_of()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    words = site.world.words
    page.goto(f"/groups/{words['group']}/papers/{words['versioned']}/versions/1/cite/p2")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"/papers/{words['versioned']}/v/1#p2" in copied


def test_the_label_is_on_every_sheet(site: Site, context_of: ContextOf) -> None:
    """Printed from the browser: title page first, then the text, with label and place on each sheet."""
    page = context_of().new_page()
    words = site.world.words
    page.goto(f"/groups/{words['group']}/papers/{words['versioned']}/versions/2/print")
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    sheets = [sheet.extract_text() for sheet in reader.pages]
    assert len(sheets) > 1
    for number, sheet in enumerate(sheets, 1):
        assert "TLP:CLEAR" in sheet
        assert f"{number} / {len(sheets)}" in sheet
    assert "Reporting duties that small services can meet" in sheets[0]
    assert "What we propose" not in sheets[0]
    assert "Back to the paper" not in " ".join(sheets)


_SELECT = """([first, last]) => {
  const range = document.createRange();
  range.setStart(document.querySelector(first).firstChild, 0);
  const end = document.querySelector(last).lastChild;
  range.setEnd(end, end.textContent.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_a_selected_passage_is_commented_on(site: Site, context_of: ContextOf) -> None:
    """Over the end of a paragraph, with tools and comments in between; the next Tab reaches the button."""
    page = context_of("member").new_page()
    complaints = listen(page)
    words = site.world.words
    path = f"/groups/{words['group']}/papers/{words['debated']}/"
    page.goto(path)
    page.evaluate(_SELECT, ["#p3", "#p5"])
    page.locator("#passage-tools").wait_for()
    button = page.get_by_role("button", name="Comment on this passage")
    assert page.evaluate(
        "document.querySelector('#passage-tools').previousElementSibling.contains("
        "document.querySelector('#p5'))"
    )
    assert_well_made(page)
    page.evaluate(_SELECT, ["#p3", "#p5"])
    button.focus()
    page.keyboard.press("Enter")
    quoted = page.locator(".quoted-passage blockquote").inner_text()
    assert quoted.startswith("Reports are counted")
    assert quoted.endswith("it received.")
    page.get_by_label("Your text").fill("Both paragraphs say the same.")
    page.get_by_role("button", name="Send").click()
    assert "Both paragraphs say the same." in page.locator(".post-body").first.inner_text()
    assert complaints == []


def test_without_scripts_a_paragraph_is_commented_on(site: Site, context_of: ContextOf) -> None:
    """The link under it leads to the same composer."""
    page = context_of("member", width=390, scripts=False).new_page()
    words = site.world.words
    page.goto(f"/groups/{words['group']}/papers/{words['debated']}/")
    assert not page.locator("#passage-tools").is_visible()
    page.get_by_role("link", name="Comment paragraph 5").click()
    assert page.locator(".quoted-passage blockquote").inner_text().startswith("Every service publishes")
