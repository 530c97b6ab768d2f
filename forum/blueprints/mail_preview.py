"""A mail as its reader would get it, for the page that shows it before it goes."""

from flask import current_app

from forum.extensions import clock
from forum.services.letters import Letter


def mail_of(letter: Letter) -> tuple[str, str]:
    """Give subject and text of a mail, composed by what composes the mail itself."""
    # The worker's part, with the standard library's mail under it: 2 MB, for those who look at a mail.
    from forum.delivery.mail import MailSettings, PostOffice

    message = PostOffice(MailSettings.from_config(current_app.config), clock()).preview(letter)
    body = message.get_body(("plain",))
    return str(message["Subject"]), body.get_content() if body is not None else ""
