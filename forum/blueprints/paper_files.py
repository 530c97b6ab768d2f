"""A version as a file: DOCX, tagged PDF, and a page made for printing. Who may read it may take it along."""

import fcntl
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, send_file
from flask_babel import gettext

from forum.blueprints import wording
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import citation, paper_path
from forum.blueprints.support import in_sandbox
from forum.domain.document_html import read_html
from forum.domain.papers import Purpose, TranslationKind
from forum.domain.text import slugify
from forum.domain.uploads import MEDIA_TYPES, FileKind, Refused
from forum.errors import Invalid, TooSoon
from forum.extensions import db
from forum.office.front import Front
from forum.office.limited import print_paper
from forum.richtext import blocks_of
from forum.services.papers import PaperHead, VersionLine, VersionText, get_paper, get_text
from forum.services.signatures import list_signatories

blueprint = Blueprint(
    "paper_files", __name__, url_prefix="/groups/<slug>/papers/<paper_id>/versions/<int:number>"
)


@blueprint.get("/paper.docx")
def docx(slug: str, paper_id: str, number: int) -> Response:
    """Give a version as DOCX."""
    from forum.office.docx_writing import write_docx  # a tenth of a second and 10 MB, for those who ask

    head, shown, text = _load(slug, paper_id, number)
    data = write_docx(read_html(text.html), front_of(head, shown, text))
    return _download(data, FileKind.DOCX, shown)


@blueprint.get("/paper.pdf")
def pdf(slug: str, paper_id: str, number: int) -> Response:
    """Give a version as tagged PDF."""
    head, shown, text = _load(slug, paper_id, number)
    front = front_of(head, shown, text)
    try:
        with one_at_a_time():
            data = print_paper(read_html(text.html), front, current_app.config["PDF_FONTS"])
    except Refused:
        raise Invalid(
            "This paper could not be set as PDF. Take the DOCX, or print the page made for that."
        ) from None
    return _download(data, FileKind.PDF, shown)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Set one PDF at a time: a long one takes seconds, and the other processes have pages to serve."""
    with (Path(current_app.instance_path) / "printing.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TooSoon(
                "Another paper is being set as PDF just now. Try again in %(seconds)d seconds.", seconds=5
            ) from None
        yield


@blueprint.get("/print")
def printed(slug: str, paper_id: str, number: int) -> str:
    """Show a version on a page made for printing."""
    head, shown, text = _load(slug, paper_id, number)
    return render_template(
        "papers/print.html",
        head=head,
        shown=shown,
        blocks=[(int(anchor[1:]) if anchor else 0, html) for anchor, html in blocks_of(text.html)],
        front=front_of(head, shown, text),
        path=f"{paper_path(slug, paper_id)}versions/{number}",
    )


def _load(slug: str, paper_id: str, number: int) -> tuple[PaperHead, VersionLine, VersionText]:
    """Give a version as its page does: what cannot be read there cannot be taken along either."""
    session, actor = db.session(), current_actor()
    head = get_paper(session, actor, slug, paper_id)
    shown = head.get_version(number)
    return head, shown, get_text(session, actor, shown)


def front_of(head: PaperHead, shown: VersionLine, text: VersionText) -> Front:
    """Give what stands on the title page, and on every page."""
    author = wording.author_words(head.byline) or gettext("Author not shown")
    bodies = [head.byline.organisation] if head.byline.organisation else []
    if head.paper.purpose is Purpose.JOINT_POSITION:
        signed = list_signatories(db.session(), shown.id, {shown.id: shown.number})
        bodies += [line.name for line in signed if line.name not in bodies]
    at = wording.moment(shown.at, day=True).words
    base = current_app.config["BASE_URL"].rstrip("/")
    facts = [
        (gettext("Author"), author),
        (gettext("Bodies"), "\n".join(bodies)),
        (gettext("Language"), _language(head)),
        (gettext("Group"), head.group.title),
        (gettext("Version"), gettext("%(number)s of %(date)s", number=shown.number, date=at)),
        (gettext("State"), wording.status_name(shown.status)),
        (gettext("Readable by"), f"{wording.tlp_words(shown.tlp)} (TLP:{shown.tlp.value})"),
        (gettext("Cite as"), citation(head, shown)),
    ]
    return Front(
        title=shown.title,
        label=f"TLP:{shown.tlp.value} · {wording.tlp_words(shown.tlp)}",
        running=_running(head, shown),
        address=f"{base}/papers/{head.paper.public_id}/v/{shown.number}",
        language=head.paper.language,
        facts=tuple((name, value) for name, value in facts if value),
        abstract=tuple(part for part in text.abstract.split("\n\n") if part.strip()),
        authors=(author,),
        summary_words=gettext("Summary by the author"),
        contents_words=gettext("Contents"),
    )


def _language(head: PaperHead) -> str:
    """Say which language it is, and of a translation whose it is."""
    language = wording.own_language_name(head.paper.language)
    kind = head.paper.translation_kind
    return f"{language} ({wording.translation_name(kind)})" if kind else language


def _running(head: PaperHead, shown: VersionLine) -> str:
    words = gettext("%(title)s, version %(number)s", title=_shortened(shown.title), number=shown.number)
    if head.paper.translation_kind is TranslationKind.MACHINE:
        return f"{wording.translation_name(TranslationKind.MACHINE)} · {words}"
    return words


def _shortened(title: str) -> str:
    return title if len(title) <= 60 else f"{title[:57].rstrip()}…"


def _download(data: bytes, kind: FileKind, shown: VersionLine) -> Response:
    response = send_file(
        io.BytesIO(data),
        mimetype=MEDIA_TYPES[kind],
        as_attachment=True,
        download_name=f"{slugify(shown.title, fallback='paper')}-v{shown.number}.{kind}",
        etag=False,
    )
    return in_sandbox(response)
