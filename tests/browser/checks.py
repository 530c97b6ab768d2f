"""What every page must hold in a real browser.

With FORUM_TEST_SCREENSHOTS=folder every visit leaves its pictures there: look at them before you commit.
"""

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]

_LISTEN = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", event =>
  window.__refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def listen(page: Page) -> list[str]:
    """Collect what the page complains about from now on: refused sources, errors on the console."""
    complaints: list[str] = []
    page.add_init_script(_LISTEN)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def assert_well_made(page: Page) -> None:
    """No axe violation narrow and wide, light and dark; nothing wider than the window; no refused source."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            _picture(page, width, scheme)
            rules = None if scheme == "light" else COLOURS
            found = violations(page, rules)
            assert not found, "\n".join([f"{page.url} at {width} px, {scheme}:", *found])
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{page.url} is {overflow} px wider than {width} px"
    assert page.evaluate("window.__refused || []") == []


def _picture(page: Page, width: int, scheme: str) -> None:
    if folder := os.environ.get("FORUM_TEST_SCREENSHOTS"):
        test = re.sub(r"[^A-Za-z0-9]+", "-", os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[-1])
        name = f"{test.removeprefix('test-').removesuffix('-call-').strip('-')}-{width}-{scheme}.png"
        page.screenshot(path=Path(folder) / name, full_page=True)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Give what axe finds against WCAG 2.2 AA (or the named rules): rule, element, advice."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]}).response
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
