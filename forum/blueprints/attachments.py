"""Reading attachments: the file where there is one, and the extracted text page by page."""

import io

from flask import Blueprint, Response, render_template, send_file

from forum.blueprints.identity import current_actor
from forum.blueprints.support import in_sandbox
from forum.domain.attachments import Attachment, AttachmentState
from forum.extensions import db, storage
from forum.services.attachments import get_attachment, get_page

blueprint = Blueprint("attachments", __name__, url_prefix="/attachments")


@blueprint.get("/<attachment_id>")
def attachment(attachment_id: str) -> str | Response:
    """Download the file; where only its text is kept, show the first page of it."""
    found = get_attachment(db.session(), current_actor(), attachment_id)
    if found.attachment.state is AttachmentState.CLEAN and found.attachment.storage_key:
        return download(found.attachment)
    return render_template("attachments/page.html", found=found, group=found.group)


@blueprint.get("/<attachment_id>/pages/<int:number>")
def page(attachment_id: str, number: int) -> str:
    """Show the extracted text of one page."""
    found = get_page(db.session(), current_actor(), attachment_id, number)
    return render_template("attachments/page.html", found=found, group=found.group)


def download(attachment: Attachment) -> Response:
    """Send the stored file as a download that no browser runs."""
    with storage().open(str(attachment.storage_key)) as file:
        data = file.read()  # 20 MB at most
    response = send_file(
        io.BytesIO(data),
        mimetype=attachment.media_type,
        as_attachment=True,
        download_name=attachment.filename,
        etag=False,
    )
    return in_sandbox(response)
