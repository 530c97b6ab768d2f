"""Topic.MAIL: composes a mail and hands it to the transport, outside any transaction.

The payload's `mail` names a composer; each asks again who may be told what. What a notice says in a
mail is in words.py, the look in forum/templates/email/.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.delivery.transport import Transport
from forum.delivery.words import invitation_subject, words_of
from forum.domain.accounts import InvitationPurpose
from forum.services.erasures import forget_address
from forum.services.letters import Letter, get_invitation_letter, get_letter, mark_mailed
from forum.services.mail_preferences import stop_token

FORUM = Path(__file__).parent.parent
MAX_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What every mail needs to know of this installation."""

    base_url: str
    site_name: str
    owner: str
    contact: str
    sender: str
    secret_key: str
    sealing_secret: bytes
    is_demonstration: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "MailSettings":
        """Give what mail needs from the configuration."""
        return cls(
            base_url=config["BASE_URL"],
            site_name=config["SITE_NAME"],
            owner=config["OWNER"],
            contact=config["CONTACT"],
            sender=config["MAIL_FROM"],
            secret_key=config["SECRET_KEY"],
            sealing_secret=str(config["SEALING_KEY"]).encode(),
            is_demonstration=config["DEMONSTRATION"],
        )


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail that is ready to go."""

    message: EmailMessage
    name: str
    notice_id: int | None = None
    erasure_id: int | None = None
    """The last letter to somebody: name and address go when it has gone."""


Composer = Callable[[Session, Mapping[str, Any]], Composed | None]
"""From a payload to a mail, or None where it has become moot."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """Prepares by composing and sending one mail; records that the notice was mailed."""

    composers: Mapping[str, Composer]
    transport: Transport
    clock: Clock
    batch_size: int = 1
    lease: timedelta = timedelta(minutes=5)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[Composed | None]:
        """Compose from what is true now, end the transaction, and send."""
        sent = []
        for payload in payloads:
            composed = self.composers[payload["mail"]](session, payload)
            session.rollback()
            if composed is not None:
                self.transport.send(composed.message, composed.name)
            sent.append(composed)
        return sent

    def record(self, session: Session, prepared: Composed | None) -> None:
        """Note when the notice was mailed, and forget an address that was kept for it alone."""
        if prepared is not None and prepared.notice_id is not None:
            mark_mailed(session, prepared.notice_id, now=self.clock())
        if prepared is not None and prepared.erasure_id is not None:
            forget_address(session, prepared.erasure_id)


def environment(language: str) -> tuple[Environment, NullTranslations]:
    """Give Jinja for mail in a language, and its translations; English where there are none."""
    translations = Translations.load(str(FORUM / "translations"), [language])
    jinja = Environment(
        loader=FileSystemLoader(FORUM / "templates"),
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return jinja, translations


def one_line(text: str, limit: int = MAX_SUBJECT) -> str:
    """Give text as a header may hold it: no control characters, one line, cut to length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Puts mails together: headers, a text and an HTML half, the footer that says why it came."""

    settings: MailSettings
    clock: Clock
    _environments: dict[str, tuple[Environment, NullTranslations]] = field(default_factory=dict)

    def compose(
        self,
        *,
        template: str,
        language: str,
        to_name: str,
        to_email: str,
        subject: str,
        name: str,
        values: Mapping[str, Any],
        stop_path: str | None = None,
    ) -> EmailMessage:
        """Give the message made from `email/<template>.txt` and `.html`; `name` makes its Message-ID."""
        settings = self.settings
        jinja, _ = self.environment(language)
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = _address(settings.site_name, settings.sender)
        message["To"] = _address(to_name, to_email)
        message["Subject"] = one_line(subject)
        message["Date"] = format_datetime(self.clock())
        host = urlsplit(settings.base_url).hostname or "localhost"
        message["Message-ID"] = f"<{name}@{host}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        if stop_path is not None:
            message["List-Unsubscribe"] = f"<{self.url(stop_path)}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        context = {
            "settings": settings,
            "language": language,
            "subject": one_line(subject),
            "stop_url": self.url(stop_path) if stop_path else None,
            "alerts_url": self.url("/me/alerts"),
            **values,
        }
        message.set_content(jinja.get_template(f"email/{template}.txt").render(context))
        html = jinja.get_template(f"email/{template}.html").render(context)
        message.add_alternative(html, subtype="html")
        return message

    def environment(self, language: str) -> tuple[Environment, NullTranslations]:
        """Give the environment of a language, made once."""
        if language not in self._environments:
            self._environments[language] = environment(language)
        return self._environments[language]

    def url(self, path: str) -> str:
        """Give the full address of a path, from the configured base and never from a request."""
        return self.settings.base_url.rstrip("/") + path

    def notice(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Compose the mail about a notice: {"mail": "notice", "notice_id"}."""
        letter = get_letter(
            session,
            payload["notice_id"],
            now=self.clock(),
            sealing_secret=self.settings.sealing_secret,
        )
        return self._about(letter) if letter is not None else None

    def preview(self, letter: Letter) -> EmailMessage:
        """Give the mail about a notice as its reader would get it, but for the link that stops such mail.

        That link is theirs alone, so it is left out for whoever looks at a mail before it goes.
        """
        return self._about(letter, stop_path="/mail/stop/…").message

    def _about(self, letter: Letter, stop_path: str | None = None) -> Composed:
        _, translations = self.environment(letter.language)
        words = words_of(letter, translations)
        token = stop_token(self.settings.secret_key, letter.account_public_id, letter.kind)
        name = f"notice-{letter.notice_public_id}"
        message = self.compose(
            template="notice",
            language=letter.language,
            to_name=letter.name,
            to_email=letter.email,
            subject=words.subject,
            name=name,
            values={"words": words, "letter": letter, "url": self.url(letter.path)},
            stop_path=stop_path or f"/mail/stop/{token}",
        )
        return Composed(message, name, letter.notice_id)

    def invitation(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Compose the mail that carries an invitation: {"mail": "invitation", "invitation_id"}."""
        letter = get_invitation_letter(
            session,
            payload["invitation_id"],
            secret=self.settings.secret_key.encode(),
            now=self.clock(),
        )
        if letter is None:
            return None
        _, translations = self.environment(letter.language)
        name = f"invitation-{letter.invitation_public_id}"
        message = self.compose(
            template="invitation",
            language=letter.language,
            to_name=letter.name,
            to_email=letter.email,
            subject=invitation_subject(letter, self.settings.site_name, translations),
            name=name,
            values={
                "letter": letter,
                "url": self.url(letter.path),
                "expires": format_date(letter.expires_at.date(), locale=letter.language),
                "is_password": letter.purpose is InvitationPurpose.PASSWORD,
            },
        )
        return Composed(message, name)


def _address(name: str, email: str) -> Address:
    user, _, domain = one_line(email, 254).rpartition("@")
    return Address(display_name=one_line(name, 80), username=user, domain=domain)
