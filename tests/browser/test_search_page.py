"""The search page walked by its elements, as the page's plan names them, by people with different rights."""

import re

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.checks import assert_well_made, listen
from tests.browser.conftest import ContextOf, Site

pytestmark = pytest.mark.browser

PEOPLE = ("outsider", "member", "secretariat")
WIDTHS = (390, 1280)


def facets_of(page: Page, width: int) -> Locator:
    """The facets that are seen at this width: beside the results, or behind one summary above them."""
    if width >= 1000:
        return page.locator(".facets-wide")
    summary = page.locator(".facets-narrow > summary")
    if not page.locator(".facets-narrow").evaluate("e => e.open"):
        summary.click()
    return page.locator(".facets-narrow")


def total_of(page: Page) -> int:
    """How many passages the tab says that there are."""
    return int(page.locator(".tabs .facet-count").first.inner_text().replace(",", ""))


def choose(page: Page, width: int, value: str) -> int:
    """Choose a value of a facet; gives the number that stood beside it."""
    line = facets_of(page, width).locator("li", has=page.get_by_role("link", name=value, exact=True))
    count = int(line.locator(".facet-count").inner_text().replace(",", ""))
    line.locator("a").click()
    page.wait_for_load_state()
    return count


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("person", PEOPLE)
def test_what_was_asked_is_said_and_can_be_changed(context_of: ContextOf, person: str, width: int) -> None:
    """Understood as, across so many groups, chips that go one by one, both orders, the grammar."""
    page = context_of(person, width=width).new_page()
    page.goto("/search?q=deadline+-kind:meeting+after:2020")
    understood = page.locator(".understood").inner_text()
    assert re.search(
        r"Understood as deadline -kind:meeting after:2020-01-01 · across the \d+ groups?", understood
    )
    chips = page.locator(".chips .chip")
    assert [text.split(" ×")[0] for text in chips.all_inner_texts()] == [
        "not Kind: Meeting",
        "From: 2020-01-01",
    ]
    chips.first.click()
    page.wait_for_url(lambda url: "kind" not in url)
    assert chips.count() == 1
    chips.first.click()
    page.wait_for_url(lambda url: "after" not in url)
    assert chips.count() == 0
    page.locator(".result-head").get_by_role("link", name="date").click()
    page.wait_for_url("**sort=date**")
    page.locator(".result-head").get_by_role("link", name="relevance").click()
    page.wait_for_url(lambda url: "sort" not in url)
    page.locator(".grammar summary").click()
    rules = page.locator(".grammar").inner_text()
    for sign in (
        '"false positives"',
        "-voluntary",
        " OR ",
        "NEAR/5",
        "encrypt*",
        "organisation:",
        "versions:",
    ):
        assert sign in rules
    assert "up to 64 words, 5 beginnings with a star and 10 NEAR" in rules


@pytest.mark.parametrize("width", WIDTHS)
def test_values_of_a_facet_add_up_and_facets_narrow_each_other(context_of: ContextOf, width: int) -> None:
    """OR within, AND across: the numbers beside the values are what one finds."""
    page = context_of("member", width=width).new_page()
    page.goto("/search?q=deadline")
    whole = total_of(page)
    papers = choose(page, width, "Paper")
    assert total_of(page) == papers
    both = choose(page, width, "Discussion")
    assert total_of(page) == papers + both <= whole
    narrowed = choose(page, width, "Prevention network")
    assert total_of(page) == narrowed <= papers + both
    assert page.locator(".chip").count() == 3


@pytest.mark.parametrize("person", PEOPLE)
def test_the_three_tabs_and_what_a_result_says(context_of: ContextOf, person: str) -> None:
    """Passages, papers and discussions once each, organisations; who, readable by, shown as, date, cite."""
    page = context_of(person).new_page()
    complaints = listen(page)
    page.goto("/search?q=deadline")
    tabs = page.locator(".tabs a")
    assert [re.sub(r" \d+$", "", text) for text in tabs.all_inner_texts()] == [
        "Passages", "Papers and discussions", "Organisations",
    ]  # fmt: skip
    results = page.locator(".result")
    assert results.count() == min(20, total_of(page)) > 0
    for number in range(results.count()):
        result = results.nth(number)
        assert result.locator("a.cite").count() == 1
        assert result.locator(".result-title a").get_attribute("href")
        assert re.search(r"Everyone|All participants|Members|organisations", result.inner_text())
        assert re.search(r"\d{1,2} \w{3} \d{4}", result.inner_text())
    assert "shown as:" in results.first.inner_text()
    tabs.nth(1).click()
    page.wait_for_url("**view=containers**")
    assert "each paper and discussion once" in page.locator(".result-head h2").inner_text()
    assert_well_made(page)
    page.goto("/search?q=example+messenger&view=organisations")
    page.get_by_role("link", name="Find what it wrote").first.click()
    page.wait_for_url("**organisation=**")
    assert page.locator(".chip", has_text="Organisation:").count() == 1
    offered = page.get_by_role("link", name="Make a topic of this").count()
    assert offered == (1 if person == "secretariat" else 0)
    assert complaints == []


def test_a_file_opens_at_its_page_and_an_old_version_leads_on(context_of: ContextOf) -> None:
    """Neither makes the reader look for it."""
    page = context_of("member").new_page()
    page.goto("/search?q=%22nineteen+countries%22+kind:attachment")
    hit = page.locator(".result").first
    number = re.search(r"page (\d+)", hit.inner_text())
    assert number is not None
    hit.locator(".result-title a").click()
    page.wait_for_url(f"**/attachments/*/pages/{number[1]}")
    page.goto("/search?q=kind:paper+versions:superseded")
    newer = page.locator(".result-newer a").first
    assert re.fullmatch(r"read version \d+", newer.inner_text())
    newer.click()
    page.wait_for_url("**/versions/*")
    page.goto("/search?q=kind:paper+versions:current")
    assert page.locator(".result-newer").count() == 0


@pytest.mark.parametrize("person", PEOPLE)
def test_nothing_found_says_what_to_loosen(context_of: ContextOf, person: str) -> None:
    """A filter that is in the way, quotation marks, another spelling; or that it is the words."""
    page = context_of(person, width=390).new_page()
    page.goto('/search?q="deadline+no+such"+year:1999')
    assert page.get_by_text("Nothing found").is_visible()
    page.get_by_role("link", name="Any of the words, without anything chosen").click()
    page.wait_for_url(lambda url: "1999" not in url)
    assert page.locator(".result").count() > 0
    page.goto("/search?q=deadlnie")
    page.get_by_text("Did you mean").locator("a").click()
    page.wait_for_url("**deadline**")
    page.goto("/search?q=qqzzqq+kind:paper")
    assert page.get_by_text("it is the words").is_visible()
    assert_well_made(page)


def test_the_page_of_an_export_follows_the_work_by_itself(site: Site, context_of: ContextOf) -> None:
    """Nobody presses anything; when the file is there, the page asks no more."""
    page = context_of("member").new_page()
    page.goto("/search/exports/new?q=deadline")
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/search/exports/*")
    assert page.locator("[data-running]").is_visible()
    site.work()
    page.get_by_role("link", name="Download").wait_for()
    assert page.locator("[data-running]").count() == 0
