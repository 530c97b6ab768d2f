"""Mail about a person's own account: what happened to it. It is always sent, and stops with no switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from babel.dates import format_datetime, get_timezone
from babel.support import NullTranslations
from sqlalchemy.orm import Session

from forum.delivery.mail import Composed, PostOffice
from forum.domain.account_links import LinkPurpose
from forum.domain.erasures import TextsChoice
from forum.services.account_links import LinkLetter, get_link_letter
from forum.services.erasures import ErasureLetter, get_erasure_letter
from forum.services.security_mail import Happened, SecurityLetter, get_security_letter


@dataclass(frozen=True, slots=True)
class AccountMail:
    """Composes them."""

    office: PostOffice

    def security(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Compose what tells a person: {"mail": "security", "account_id", "happened", "at"}."""
        letter = get_security_letter(session, payload["account_id"], payload["happened"], payload["at"])
        if letter is None:
            return None
        _, translations = self.office.environment(letter.language)
        happened = _subject(letter.happened, translations)
        name = f"security-{payload['account_id']}-{letter.happened.value}-{letter.at.timestamp():.0f}"
        advice = _advice(letter.happened, translations)
        return Composed(self._letter(letter, name, happened, [f"{happened}.", _when(letter)], advice), name)

    def link(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Compose the mail that carries a link: {"mail": "link", "link_id"}."""
        office = self.office
        letter = get_link_letter(
            session, payload["link_id"], secret=office.settings.secret_key.encode(), now=office.clock()
        )
        if letter is None:
            return None
        _, translations = office.environment(letter.language)
        subject, link_words, advice = _link_words(letter.purpose, translations)
        name = f"link-{letter.public_id}"
        link = office.url(letter.path)
        return Composed(self._letter(letter, name, subject, [], advice, link, link_words), name)

    def erasure(self, session: Session, payload: Mapping[str, Any]) -> Composed | None:
        """Compose the answer to a request for erasure: {"mail": "erasure", "erasure_id"}."""
        letter = get_erasure_letter(session, payload["erasure_id"])
        if letter is None:
            return None
        _, translations = self.office.environment(letter.language)
        subject, sentences, advice = _erasure_words(letter, translations)
        name = f"erasure-{letter.public_id}"
        link, link_words = (
            self.office.url("/privacy"),
            translations.gettext("Your rights, and whom to write to"),
        )
        message = self._letter(letter, name, subject, sentences, advice, link, link_words)
        return Composed(message, name, erasure_id=int(payload["erasure_id"]))

    def _letter(
        self,
        letter: SecurityLetter | LinkLetter | ErasureLetter,
        name: str,
        subject: str,
        sentences: Sequence[str],
        advice: str,
        link: str | None = None,
        link_words: str = "",
    ) -> EmailMessage:
        return self.office.compose(
            template="account",
            language=letter.language,
            to_name=letter.name,
            to_email=letter.email,
            subject=subject,
            name=name,
            values={
                "name": letter.name,
                "sentences": sentences,
                "advice": advice,
                "link": link,
                "link_words": link_words,
            },
        )


def _erasure_words(letter: ErasureLetter, translations: NullTranslations) -> tuple[str, list[str], str]:
    """Give the subject, what was done and why, and what the person can do."""
    _ = translations.gettext
    if not letter.is_granted:
        return (
            _("Your request to be erased was refused"),
            [_("You asked to be erased from the forum. This was refused."), letter.reason],
            _("You may complain to a supervisory authority, and you may go to court."),
        )
    kept = (
        _("What you wrote for no organisation was withdrawn.")
        if letter.texts is TextsChoice.WITHDRAWN
        else _("What was published stays on record under “Former member”, or was withdrawn where the "
               "terms of a group say so.")
    )  # fmt: skip
    return (
        _("You were erased from the forum"),
        [
            _("Your name, address, password, sessions, drafts, notices and settings are deleted."),
            kept,
            letter.reason,
        ],
        _("This is the last letter to this address, which is deleted as soon as it has gone."),
    )


def _link_words(purpose: LinkPurpose, translations: NullTranslations) -> tuple[str, str, str]:
    """Give the subject, what the link does, and the advice."""
    _ = translations.gettext
    return {
        LinkPurpose.PASSWORD: (
            _("A new password"),
            _("Set a new password"),
            _("The link works once, for an hour. If you did not ask for it, do nothing: nothing changes."),
        ),
        LinkPurpose.EMAIL: (
            _("Your new address"),
            _("Confirm that this is your address"),
            _("The link works once, for a day. If you did not ask for it, do nothing: nothing changes."),
        ),
        LinkPurpose.EMAIL_UNDO: (
            _("The address of your account was changed"),
            _("It was not me: take it back"),
            _("If it was you, there is nothing to do. The link works for two weeks."),
        ),
    }[purpose]


def _when(letter: SecurityLetter) -> str:
    zone = get_timezone(letter.time_zone)
    return format_datetime(letter.at, "long", tzinfo=zone, locale=letter.language)


def _subject(happened: Happened, translations: NullTranslations) -> str:
    _ = translations.gettext
    return {
        Happened.PASSWORD_CHANGED: _("Your password was changed"),
        Happened.CODES_ADDED: _("Codes of an app were set up for your account"),
        Happened.CODES_REMOVED: _("Codes of an app were taken off your account"),
        Happened.PASSKEY_ADDED: _("A passkey was added to your account"),
        Happened.PASSKEY_REMOVED: _("A passkey was taken off your account"),
        Happened.FACTORS_REMOVED: _("Your second factor was taken off by those who manage accounts"),
        Happened.RECOVERY_CODE_USED: _("A recovery code of yours was used"),
        Happened.IDENTITY_LINKED: _("Sign-in with your organisation was added to your account"),
        Happened.IDENTITY_UNLINKED: _("Sign-in with your organisation was taken off your account"),
        Happened.EMAIL_CHANGED: _("The address of your account was changed"),
        Happened.WRONG_CODES: _("Somebody knows your password and tried second factors"),
    }[happened]


def _advice(happened: Happened, translations: NullTranslations) -> str:
    _ = translations.gettext
    if happened is Happened.WRONG_CODES:
        return _("If that was not you, change your password now: it is known to somebody else.")
    return _("If that was you, there is nothing to do. If not, set a new password at once and write to us.")
