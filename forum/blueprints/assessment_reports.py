"""A round as a report, DOCX and tagged PDF, and as the first draft of the group's recommendation."""

import io
from collections.abc import Iterator, Sequence

from flask import Response, current_app, flash, redirect, send_file
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from forum.blueprints import assessment_words, wording
from forum.blueprints.assessments import blueprint
from forum.blueprints.identity import current_actor
from forum.blueprints.paper_files import one_at_a_time
from forum.blueprints.shell import html_language
from forum.blueprints.support import (
    Form,
    in_sandbox,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.document_html import read_html
from forum.domain.document_markdown import to_markdown
from forum.domain.documents import Block, Document, Heading, ListBlock, Paragraph, Span, Spans, Table
from forum.domain.papers import Purpose
from forum.domain.text import TITLE_LENGTH, slugify
from forum.domain.uploads import MEDIA_TYPES, FileKind, Refused
from forum.errors import Invalid
from forum.extensions import db
from forum.office.front import Front
from forum.office.limited import print_paper
from forum.policy import Action, Actor
from forum.richtext import render
from forum.services.addresses import draft_path, round_path
from forum.services.annexed_statements import StatementLine, list_statements
from forum.services.catalogues import Assessed, get_assessed
from forum.services.drafts import DraftText, start_paper
from forum.services.matrices import AssessmentLine, Matrix, load_matrix
from forum.services.paper_choices import PaperChoices
from forum.services.threads import default_tlp


@blueprint.get("/<key>/rounds/<int:number>/report.docx")
def docx(slug: str, key: str, number: int) -> Response:
    """Give a round's report as DOCX: the matrix, every reason that the reader reads, what was annexed."""
    from forum.office.docx_writing import write_docx  # a tenth of a second and 10 MB, for those who ask

    assessed, document = _load(slug, key, number)
    return _download(write_docx(document, _front(assessed, number)), FileKind.DOCX, assessed, number)


@blueprint.get("/<key>/rounds/<int:number>/report.pdf")
def pdf(slug: str, key: str, number: int) -> Response:
    """Give a round's report as tagged PDF."""
    assessed, document = _load(slug, key, number)
    try:
        with one_at_a_time():
            data = print_paper(document, _front(assessed, number), current_app.config["PDF_FONTS"])
    except Refused:
        raise Invalid("This report could not be set as PDF. Take the DOCX.") from None
    return _download(data, FileKind.PDF, assessed, number)


@blueprint.post("/<key>/rounds/<int:number>/recommendation")
def recommendation(slug: str, key: str, number: int) -> Redirect:
    """Begin the group's recommendation: a group draft with the matrix and what was annexed."""
    form = Form()
    if not form.validate():
        raise Invalid("Go back, reload the page and try again.")
    assessed, document = _load(slug, key, number, Action.WRITE_GROUP_DRAFT, with_reasons=False)
    title = gettext("Recommendation: %(title)s", title=assessed.catalogue.title)[:TITLE_LENGTH]
    text = DraftText(title=title, rendered=render(to_markdown(document), profile="paper"))
    location = _begin(slug, form, text)
    flash(gettext("The draft is begun. The editors of group drafts can read it until it is sent."), "success")
    return redirect(location, 303)


@transactional
def _begin(session: Session, actor: Actor, slug: str, form: Form, text: DraftText) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    choices = PaperChoices(purpose=Purpose.GROUP_DRAFT)
    draft = start_paper(session, actor, slug, choices, text, now=now())
    return remember_submission(session, actor, form, draft_path(slug, draft.version.public_id))


def _load(
    slug: str, key: str, number: int, action: Action = Action.READ, *, with_reasons: bool = True
) -> tuple[Assessed, Document]:
    session, actor = db.session(), current_actor()
    assessed = get_assessed(session, actor, slug, key, action)
    matrix = load_matrix(session, actor, assessed, number)
    statements = list_statements(session, actor, assessed)
    blocks = tuple(_blocks(assessed, matrix, statements, with_reasons=with_reasons))
    return assessed, Document(blocks)


def _front(assessed: Assessed, number: int) -> Front:
    catalogue, group = assessed.catalogue, assessed.group
    tlp = default_tlp(group)
    base = current_app.config["BASE_URL"].rstrip("/")
    title = gettext("%(title)s: round %(number)d", title=catalogue.title, number=number)
    ended = assessed.get_round(number).stage.ended_at
    facts = [
        (gettext("Group"), group.title),
        (gettext("Stage"), assessed.get_round(number).stage.title),
        (gettext("Ended"), wording.moment(ended, day=True).words if ended else ""),
        (gettext("Readable by"), f"{wording.tlp_words(tlp)} (TLP:{tlp.value})"),
    ]
    return Front(
        title=title,
        label=f"TLP:{tlp.value} · {wording.tlp_words(tlp)}",
        running=title,
        address=base + round_path(group.slug, catalogue.key, number),
        language=html_language(),
        facts=tuple((name, value) for name, value in facts if value),
        authors=(group.title,),
        contents_words=gettext("Contents"),
    )


def _words(text: str, *, bold: bool = False) -> Spans:
    return (Span(text, bold=bold),)


def _blocks(
    assessed: Assessed, matrix: Matrix, statements: Sequence[StatementLine], *, with_reasons: bool
) -> Iterator[Block]:
    catalogue = assessed.catalogue
    seats = ngettext(
        "%(num)d seat gave an assessment.", "%(num)d seats gave an assessment.", len(matrix.lines)
    )
    yield Heading(1, _words(gettext("Result")))
    yield Paragraph(_words(f"{catalogue.summary} {seats}".strip()))
    scale = ", ".join(f"{place} {word}" for place, word in enumerate(catalogue.scale, 1))
    yield Paragraph(_words(gettext("Scale: %(words)s.", words=scale)))
    header = (_words(gettext("Solution")), *(_words(one["title"]) for one in catalogue.criteria))
    rows = [
        (
            _words(solution["title"]),
            *(
                _words(
                    assessment_words.in_words(
                        matrix.summaries[f"{solution['key']}/{criterion['key']}"], catalogue.scale
                    )
                )
                for criterion in catalogue.criteria
            ),
        )
        for solution in catalogue.solutions
    ]
    yield Table((header, *rows))
    if with_reasons:
        yield from _reasons(assessed, matrix)
    yield Heading(1, _words(gettext("Dissent and abstention")))
    if not statements:
        yield Paragraph(_words(gettext("No seat has annexed a statement.")))
    for one in statements:
        who = wording.author_words(one.byline) or gettext("A seat")
        yield Heading(2, _words(f"{who}: {assessment_words.stance(one.stance)}"))
        yield from read_html(one.html).blocks


def _reasons(assessed: Assessed, matrix: Matrix) -> Iterator[Block]:
    yield Heading(1, _words(gettext("Reasons")))
    for solution in assessed.catalogue.solutions:
        yield Heading(2, _words(solution["title"]))
        for cell in matrix.cells:
            if cell.solution["key"] != solution["key"]:
                continue
            yield Heading(3, _words(cell.criterion["title"]))
            given = [line for line in matrix.lines if line.has(cell.key)]
            items = tuple(_item(line, cell.key, assessed.catalogue.scale) for line in given)
            if items:
                yield ListBlock(items)
            else:
                yield Paragraph(_words(gettext("Nobody rated this.")))


def _item(line: AssessmentLine, cell: str, scale: Sequence[str]) -> tuple[Block, ...]:
    value, change = line.values[cell], line.change(cell)
    who = line.seat_title or wording.author_words(line.byline) or gettext("A seat")
    parts = [assessment_words.rating(line.rating(cell), scale)]
    if change is not None:
        before = assessment_words.rating(change[0], scale)
        parts.append(gettext("in the round before: %(rating)s", rating=before))
    if value.get("confidence"):
        word = assessment_words.confidence(value["confidence"])
        parts.append(gettext("confidence: %(word)s", word=word))
    head = Paragraph((Span(f"{who}: ", bold=True), Span("; ".join(parts))))
    evidence = read_html(value["evidence_html"]).blocks if value.get("evidence_html") else ()
    mark = (Paragraph(_words(gettext("Evidence:"))),) if evidence else ()
    return (head, *read_html(value.get("html", "")).blocks, *mark, *evidence)


def _download(data: bytes, kind: FileKind, assessed: Assessed, number: int) -> Response:
    response = send_file(
        io.BytesIO(data),
        mimetype=MEDIA_TYPES[kind],
        as_attachment=True,
        download_name=f"{slugify(assessed.catalogue.title, fallback='assessment')}-round-{number}.{kind}",
        etag=False,
    )
    return in_sandbox(response)
