"""Topic.ALERT: looks at saved searches when their time has come; and the mail that tells what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.delivery.mail import Composed, PostOffice
from forum.domain.notices import NoticeKind
from forum.search.protocol import SearchEngine
from forum.services.alert_letters import get_alert_letter
from forum.services.mail_preferences import stop_token
from forum.services.saved_searches import Look, look, record_look


@dataclass(frozen=True, slots=True)
class Alerts:
    """Prepares by searching with the owner's rights of now; records the notice and the next look."""

    engine: SearchEngine
    clock: Clock
    sealing_secret: bytes
    batch_size: int = 5
    lease: timedelta = timedelta(minutes=2)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[Look | None]:
        """Give what each look saw."""
        now = self.clock()
        return [
            look(
                session,
                self.engine,
                payload["saved_search_id"],
                now=now,
                sealing_secret=self.sealing_secret,
            )
            for payload in payloads
        ]

    def record(self, session: Session, prepared: Look | None) -> None:
        """Write it down, where somebody is to be told."""
        if prepared is not None:
            record_look(session, prepared, now=self.clock())


@dataclass(frozen=True, slots=True)
class AlertMail:
    """Composes the mail of a saved search: {"mail": "alert", "notice_id", "since", "until"}."""

    office: PostOffice
    engine: SearchEngine

    def compose(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Give the mail, or None where nothing of it may be told any more."""
        office = self.office
        letter = get_alert_letter(
            session,
            self.engine,
            payload,
            now=office.clock(),
            sealing_secret=office.settings.sealing_secret,
        )
        if letter is None:
            return None
        _, translations = office.environment(letter.language)
        subject = translations.ngettext(
            "%(num)d new for “%(name)s”", "%(num)d new for “%(name)s”", letter.count
        )
        name = f"notice-{letter.notice_public_id}"
        token = stop_token(office.settings.secret_key, letter.account_public_id, NoticeKind.SAVED_SEARCH)
        message = office.compose(
            template="alert",
            language=letter.language,
            to_name=letter.name,
            to_email=letter.email,
            subject=subject % {"num": letter.count, "name": letter.search},
            name=name,
            values={"letter": letter, "url": office.url(letter.path), "address": office.url},
            stop_path=f"/mail/stop/{token}",
        )
        return Composed(message, name, letter.notice_id)
