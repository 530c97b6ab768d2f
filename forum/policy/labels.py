"""Labels as text: from ceiling, TLP and status to the audience that is stored and compared."""

from typing import NamedTuple, assert_never

from forum.domain.labels import Ceiling, Status, Tlp

PUBLIC = "public"
COMMUNITY = "community"
NOBODY = "nobody"
"""The label of what is locked, and of what is blind yet: no clearance holds it."""

_WIDTH = {Ceiling.PUBLIC: 0, Ceiling.COMMUNITY: 1, Ceiling.ORGANISATIONS: 2, Ceiling.MEMBERS: 3}
_TLP_LEVEL = {
    Tlp.CLEAR: Ceiling.PUBLIC,
    Tlp.GREEN: Ceiling.COMMUNITY,
    Tlp.AMBER: Ceiling.ORGANISATIONS,
    Tlp.AMBER_STRICT: Ceiling.ORGANISATIONS,
    Tlp.RED: Ceiling.MEMBERS,
}


class Label(NamedTuple):
    """What is stored on a thing: who reads it, and where its writer still reads it."""

    audience: str
    own: str


def group_label(group_id: int) -> str:
    """Give the label of a group's members and role-holders."""
    return f"group:{group_id}"


def organisations_label(group_id: int) -> str:
    """Give the label of a group's members and the organisations that have a seat in it."""
    return f"group:{group_id}:organisations"


def moderators_label(group_id: int) -> str:
    """Give the label of what only a group's moderators (and its writer) read."""
    return f"group:{group_id}:moderators"


def managers_label(group_id: int) -> str:
    """Give the label of what only a group's chair and secretariat read: a consultation being prepared."""
    return f"group:{group_id}:managers"


def named_label(named_list_id: int) -> str:
    """Give the label of the people named as readers."""
    return f"named:{named_list_id}"


def authors_label(paper_id: int) -> str:
    """Give the label of a paper's co-authors and invited signatories."""
    return f"authors:paper:{paper_id}"


def writers_label(paper_id: int) -> str:
    """Give the clearance of who writes a paper's drafts; nothing is labelled so.

    Invited signatories read a draft (authors_label) and do not write it.
    """
    return f"writers:paper:{paper_id}"


def consultation_secretariat_label(consultation_id: int) -> str:
    """Give the label of what a consultation's secretariat has received."""
    return f"consultation:{consultation_id}:secretariat"


def ceiling_label(ceiling: Ceiling, group_id: int) -> str:
    """Give the label of everyone under a ceiling."""
    match ceiling:
        case Ceiling.PUBLIC:
            return PUBLIC
        case Ceiling.COMMUNITY:
            return COMMUNITY
        case Ceiling.ORGANISATIONS:
            return organisations_label(group_id)
        case Ceiling.MEMBERS:
            return group_label(group_id)
        case _:
            assert_never(ceiling)


def effective_ceiling(ceiling: Ceiling, tlp: Tlp) -> Ceiling:
    """Give the narrower of the group's ceiling and what the TLP label allows."""
    return max(ceiling, _TLP_LEVEL[tlp], key=_WIDTH.__getitem__)


def narrowest_tlp(ceiling: Ceiling) -> Tlp:
    """Give the widest TLP label that changes nothing under this ceiling."""
    return {
        Ceiling.PUBLIC: Tlp.CLEAR,
        Ceiling.COMMUNITY: Tlp.GREEN,
        Ceiling.ORGANISATIONS: Tlp.AMBER,
        Ceiling.MEMBERS: Tlp.RED,
    }[ceiling]


def tlp_choices(ceiling: Ceiling) -> tuple[Tlp, ...]:
    """Give the TLP labels that mean something under a ceiling, widest first."""
    return tuple(tlp for tlp in Tlp if _WIDTH[_TLP_LEVEL[tlp]] >= _WIDTH[ceiling])


def base_label(ceiling: Ceiling, tlp: Tlp, group_id: int, named_list_id: int | None) -> str:
    """Give the label that a published text has."""
    if named_list_id is not None:
        return named_label(named_list_id)
    return ceiling_label(effective_ceiling(ceiling, tlp), group_id)


def label_for(
    status: Status,
    base: str,
    *,
    group_id: int,
    paper_id: int | None = None,
    consultation_id: int | None = None,
    is_blind: bool = False,
) -> Label:
    """Give audience and own for a status.

    `paper_id` where the thing is a version or belongs to one, `consultation_id` where it is a
    consultation or was received by one; `is_blind` where nobody but its writer reads what was received.
    """
    own = base if paper_id is None else authors_label(paper_id)
    match status:
        case Status.DRAFT:
            if paper_id is not None:
                return Label(authors_label(paper_id), own)
            if consultation_id is None:
                raise ValueError("only papers and consultations have drafts")
            return Label(managers_label(group_id), own)
        case Status.RECEIVED if is_blind:
            return Label(NOBODY, own)
        case Status.RECEIVED:
            if consultation_id is None:
                raise ValueError("only what a consultation received is 'received'")
            return Label(consultation_secretariat_label(consultation_id), own)
        case Status.PENDING | Status.HIDDEN | Status.REJECTED:
            named = base.startswith("named:")
            return Label(f"{base}:moderators" if named else moderators_label(group_id), own)
        case Status.PUBLISHED | Status.WITHDRAWN:
            return Label(base, own)
        case Status.LOCKED:
            return Label(NOBODY, NOBODY)
        case _:
            assert_never(status)
