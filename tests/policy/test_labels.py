"""From ceiling, TLP and status to who reads: every pair, and what no caller may ask."""

import itertools

import pytest

from forum.domain.labels import Ceiling, Status, Tlp
from forum.policy.labels import (
    NOBODY,
    Label,
    base_label,
    ceiling_label,
    effective_ceiling,
    label_for,
    narrowest_tlp,
    tlp_choices,
)

WIDEST_FIRST = [Ceiling.PUBLIC, Ceiling.COMMUNITY, Ceiling.ORGANISATIONS, Ceiling.MEMBERS]
MEMBERS = "group:1"


@pytest.mark.parametrize(
    ("ceiling", "label"),
    list(zip(WIDEST_FIRST, ["public", "community", "group:1:organisations", "group:1"], strict=True)),
)
def test_the_label_of_a_ceiling(ceiling: Ceiling, label: str) -> None:
    """Everybody under it."""
    assert ceiling_label(ceiling, 1) == label


@pytest.mark.parametrize(("ceiling", "tlp"), list(itertools.product(Ceiling, Tlp)))
def test_no_label_widens_a_ceiling(ceiling: Ceiling, tlp: Tlp) -> None:
    """What a text may be at most is never more than its group; a named list is narrower than both."""
    found = effective_ceiling(ceiling, tlp)
    assert WIDEST_FIRST.index(found) >= WIDEST_FIRST.index(ceiling)
    assert base_label(ceiling, tlp, 1, None) == ceiling_label(found, 1)
    assert base_label(ceiling, tlp, 1, 4) == "named:4"
    assert (tlp in tlp_choices(ceiling)) is (effective_ceiling(Ceiling.PUBLIC, tlp) is found)


@pytest.mark.parametrize("ceiling", Ceiling)
def test_the_widest_label_that_changes_nothing(ceiling: Ceiling) -> None:
    """It is offered, and leaves the ceiling as it is."""
    assert narrowest_tlp(ceiling) in tlp_choices(ceiling)
    assert effective_ceiling(ceiling, narrowest_tlp(ceiling)) is ceiling


@pytest.mark.parametrize(
    ("status", "extra", "audience"),
    [
        pytest.param(Status.PUBLISHED, {}, MEMBERS, id="published: its readers"),
        pytest.param(Status.WITHDRAWN, {}, MEMBERS, id="withdrawn: its readers see the stub"),
        pytest.param(Status.PENDING, {}, "group:1:moderators", id="held: moderators"),
        pytest.param(Status.HIDDEN, {}, "group:1:moderators", id="removed from view: moderators"),
        pytest.param(Status.REJECTED, {}, "group:1:moderators", id="rejected: moderators"),
        pytest.param(Status.LOCKED, {}, NOBODY, id="locked: nobody"),
        pytest.param(Status.DRAFT, {"paper_id": 9}, "authors:paper:9", id="a draft: its authors"),
        pytest.param(
            Status.DRAFT, {"consultation_id": 2}, "group:1:managers", id="a consultation's: its managers"
        ),
        pytest.param(
            Status.RECEIVED,
            {"consultation_id": 2},
            "consultation:2:secretariat",
            id="received: the consultation's secretariat",
        ),
        pytest.param(Status.RECEIVED, {"is_blind": True}, NOBODY, id="blind: nobody yet"),
    ],
)
def test_who_reads_in_which_status(status: Status, extra: dict[str, int], audience: str) -> None:
    """And where its writer still reads it: among its readers, or as a paper's author."""
    own = NOBODY if status is Status.LOCKED else "authors:paper:9" if "paper_id" in extra else MEMBERS
    assert label_for(status, MEMBERS, group_id=1, **extra) == Label(audience, own)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [Status.PENDING, Status.HIDDEN, Status.REJECTED])
def test_what_is_for_named_people_is_moderated_among_them(status: Status) -> None:
    """A moderator who is not named does not read it either."""
    assert label_for(status, "named:4", group_id=1).audience == "named:4:moderators"


@pytest.mark.parametrize("status", [Status.DRAFT, Status.RECEIVED])
def test_a_status_that_a_thing_cannot_have(status: Status) -> None:
    """Only papers and consultations have drafts, only consultations receive."""
    with pytest.raises(ValueError, match="only"):
        label_for(status, MEMBERS, group_id=1)
