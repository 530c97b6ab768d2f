"""What somebody typed while their session ended comes along through signing in, and is shown again.

It travels in the sign-in page, signed, so that only what a page of ours sent can be carried; nothing of
it is stored. A page of another site cannot send it: the browser's Origin is asked.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, render_template, request
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import HiddenField

from forum.blueprints.support import Form

CARRIED = frozenset(
    {
        "comments.new",
        "drafts.draft",
        "drafts.edit",
        "drafts.new",
        "posts.edit",
        "posts.reply",
        "threads.ask_unit",
        "threads.new",
        "threads.show",
    }
)
"""The routes whose forms show what is sent to them again, as a preview, without keeping it."""
MAX_AGE = 12 * 3600
"""In seconds."""
_BUTTONS = frozenset({"csrf_token", "step", "action"})

_SECRETIVE = frozenset({"factors", "openid", "proving", "second_factor"})
"""Blueprints whose forms hold codes; passwords are told by the names of their fields."""


class ReturnForm(Form):
    """What comes along through signing in."""

    carried = HiddenField()


@dataclass(frozen=True, slots=True)
class Carried:
    """A form as it was sent: to which address, and its fields in their order."""

    path: str
    fields: list[tuple[str, str]]

    @property
    def text(self) -> str:
        """The text that was typed."""
        return dict(self.fields).get("body", "")


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="carried")


def _is_of_this_site() -> bool:
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.host


def carry() -> str:
    """Give what this request sends, signed, to be carried along; empty where nothing is to be."""
    if request.method != "POST" or request.endpoint not in CARRIED or not _is_of_this_site():
        return ""
    if not request.form.get("body", "").strip():
        return ""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _BUTTONS]
    return str(_serializer().dumps([request.full_path.rstrip("?"), fields]))


def keep_typed() -> list[tuple[str, str]]:
    """Give the fields of a form of ours that could not be taken just now, to be shown and sent again.

    Empty where nothing was typed, where the form may hold a secret, and where another site sent it. The CSRF
    token and the one-use key are those that were sent: a text that was taken after all is not taken twice.
    """
    if request.method != "POST" or request.blueprint in _SECRETIVE or not _is_of_this_site():
        return []
    fields = list(request.form.items(multi=True))
    if any(word in name for name, _ in fields for word in ("password", "secret", "passphrase")):
        return []
    return fields if any(is_typed(value) for name, value in fields if name not in _BUTTONS) else []


def is_typed(value: str) -> bool:
    """Whether a field's value reads like somebody's words: keys and choices have no space."""
    return any(character.isspace() for character in value.strip())


def open_carried(token: str) -> Carried | None:
    """Give what was carried; None where it is none of ours, or older than a session can be."""
    try:
        path, fields = _serializer().loads(token, max_age=MAX_AGE)
    except BadData:
        return None
    return Carried(path, [(name, value) for name, value in fields])


def show_carried(carried: Carried) -> str:
    """Render the page on which a person finds again what they typed, with the way back into its form."""
    return render_template(
        "accounts/carried.html",
        carried=carried,
        title=gettext("What you typed is here"),
        why=gettext(
            "Your session had ended when you pressed the button. You are signed in again; "
            "nothing was saved or sent yet."
        ),
    )


def show_after_factor(carried: Carried) -> str:
    """Render that page for somebody who had to set up a second factor before their text could be sent."""
    return render_template(
        "accounts/carried.html",
        carried=carried,
        title=gettext("What you typed is here"),
        why=gettext("Your second factor is set up. Nothing of your text was saved or sent yet."),
    )
