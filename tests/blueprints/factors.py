"""Second factors in tests: an app that shows codes."""

import re
from collections.abc import Callable
from datetime import datetime

import pyotp
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import submit


class App:
    """What a telephone does: keeps the secret, shows the code of the moment."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        self.totp = pyotp.TOTP(secret)
        self.clock = clock

    def code(self, steps: int = 0) -> str:
        """The code of now, or of some steps away."""
        return self.totp.at(int(self.clock().timestamp()) + 30 * steps)


def read_key(page: TestResponse) -> str:
    """The key as the page writes it out, for whoever cannot scan."""
    field = BeautifulSoup(page.text, "html.parser").find(id="key-text")
    assert field is not None
    return str(field["value"]).replace(" ", "")


def set_up_codes(client: FlaskClient, clock: Callable[[], datetime]) -> tuple[App, list[str]]:
    """Set an app up through the pages; gives it and the recovery codes, if some were shown."""
    assert submit(client, "/accounts/second-factor/codes/begin").status_code == 303
    app = App(read_key(client.get("/accounts/second-factor/codes")), clock)
    answer = submit(client, "/accounts/second-factor/codes", {"code": app.code()})
    assert answer.status_code in {200, 303}, answer.text
    return app, re.findall(r"<code>([a-z2-7-]{29})</code>", answer.text)
