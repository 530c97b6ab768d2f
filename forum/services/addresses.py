"""Where things are found: paths for mail, notices and search results, which cannot ask Flask for one.

tests/services/test_addresses.py holds each of them to the application's routes.
"""

from forum.domain.attribution import SubjectKind
from forum.policy.subjects import Subject


def post_path(public_id: str) -> str:
    """Give the permalink of a post, which leads to the right page and anchor."""
    return f"/posts/{public_id}"


def version_path(paper_public_id: str, number: int) -> str:
    """Give the lasting address of a paper's version."""
    return f"/papers/{paper_public_id}/v/{number}"


def thread_path(group_slug: str, public_id: str) -> str:
    """Give the address of a discussion."""
    return f"/groups/{group_slug}/threads/{public_id}/"


def group_path(slug: str) -> str:
    """Give the address of a group."""
    return f"/groups/{slug}/"


def consultation_path(group_slug: str, public_id: str) -> str:
    """Give the address of a consultation."""
    return f"/groups/{group_slug}/consultations/{public_id}/"


def answer_path(group_slug: str, consultation_public_id: str, public_id: str) -> str:
    """Give the address of an answer to a consultation."""
    return f"{consultation_path(group_slug, consultation_public_id)}answers/{public_id}/"


def stages_path(group_slug: str) -> str:
    """Give the address of a group's procedure."""
    return f"/groups/{group_slug}/stages/"


def assessment_path(group_slug: str, catalogue_key: str) -> str:
    """Give the address of what a group assesses."""
    return f"/groups/{group_slug}/assessments/{catalogue_key}/"


def assessment_link(public_id: str) -> str:
    """Give the permalink of one seat's assessment, which leads to where it is shown."""
    return f"/assessments/{public_id}"


def round_path(group_slug: str, catalogue_key: str, number: int) -> str:
    """Give the address of what a round of assessments came to."""
    return f"{assessment_path(group_slug, catalogue_key)}rounds/{number}/"


def meeting_path(group_slug: str, public_id: str) -> str:
    """Give the address of a meeting; `#point-<public id>` leads to one point of its agenda."""
    return f"/groups/{group_slug}/meetings/{public_id}/"


def ballot_path(group_slug: str, public_id: str) -> str:
    """Give the address of a decision that a group takes."""
    return f"/groups/{group_slug}/decisions/{public_id}/"


def seat_call_path(group_slug: str, public_id: str) -> str:
    """Give the address where a seat can be applied for."""
    return f"/groups/{group_slug}/calls/{public_id}/"


def declarations_path(group_slug: str) -> str:
    """Give the address of a group's declarations of interest."""
    return f"/groups/{group_slug}/declarations/"


def paper_path(group_slug: str, public_id: str) -> str:
    """Give the address of a paper, whichever version is the newest."""
    return f"/groups/{group_slug}/papers/{public_id}/"


def draft_path(group_slug: str, version_public_id: str) -> str:
    """Give the address where a draft is written on."""
    return f"/groups/{group_slug}/papers/drafts/{version_public_id}"


def signing_path(paper_public_id: str) -> str:
    """Give the address where invited bodies read the draft of a joint position and answer."""
    return f"/signing/{paper_public_id}/"


def unread_path(group_slug: str, thread_public_id: str) -> str:
    """Give the address that leads to the first unread post of a discussion."""
    return f"{thread_path(group_slug, thread_public_id)}unread"


def saved_search_path(public_id: str) -> str:
    """Give the page of a saved search."""
    return f"/me/searches/{public_id}/"


def attachment_path(public_id: str) -> str:
    """Give the address of an attachment."""
    return f"/attachments/{public_id}"


def case_path(kind: SubjectKind, public_id: str) -> str:
    """Give the page on which a moderator decides about a contribution."""
    return f"/moderation/cases/{kind}/{public_id}"


def entry_path(register: str, public_id: str) -> str:
    """Give the address of an entry of a register."""
    return f"/registers/{register}/{public_id}/"


def proposal_path(group_slug: str, public_id: str) -> str:
    """Give the address of a status of a board, proposed or published."""
    return f"/groups/{group_slug}/board/statuses/{public_id}"


def document_path(slug: str) -> str:
    """Give the page of a document of the reference library."""
    return f"/library/{slug}"


def subject_path(subject: Subject) -> str:
    """Give the address of a contribution."""
    slug, row = subject.group.slug, subject.row
    match subject.kind:
        case SubjectKind.POST:
            return post_path(row.public_id)
        case SubjectKind.THREAD:
            return thread_path(slug, row.public_id)
        case SubjectKind.CONSULTATION:
            return consultation_path(slug, row.public_id)
        case SubjectKind.ANSWER:
            assert subject.consultation is not None
            return answer_path(slug, subject.consultation.public_id, row.public_id)
        case SubjectKind.ASSESSMENT:
            return assessment_link(row.public_id)
        case SubjectKind.MEETING:
            return meeting_path(slug, row.public_id)
        case SubjectKind.BALLOT:
            return ballot_path(slug, row.public_id)
        case SubjectKind.ATTACHMENT:
            return attachment_path(row.public_id)
        case SubjectKind.VERSION:
            assert subject.paper is not None
            if row.number is None:
                return paper_path(slug, subject.paper.public_id)
            return version_path(subject.paper.public_id, row.number)
        case SubjectKind.ENTRY:
            return entry_path(row.register, row.public_id)
        case SubjectKind.ARTICLE_STATUS:
            return proposal_path(slug, row.public_id)
        case SubjectKind.ACCOUNT:
            raise ValueError("a person is no contribution")


def statement_path(public_id: str) -> str:
    """Give the page of a statement of reasons."""
    return f"/moderation/statements/{public_id}"


def outcome_of_flag_path(decision_public_id: str) -> str:
    """Give the page that tells whoever flagged what a decision was."""
    return f"/moderation/decisions/{decision_public_id}/outcome"


def appeal_path(public_id: str) -> str:
    """Give the page of an appeal."""
    return f"/moderation/appeals/{public_id}"
