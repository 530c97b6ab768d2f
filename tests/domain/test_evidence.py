"""Addresses of passages."""

import pytest

from forum.domain.attribution import SubjectKind
from forum.domain.evidence import Pointed, read_address

ID, OTHER = "c66vwxs4lr6y6", "cpmue77i7zsry"


@pytest.mark.parametrize(
    ("address", "pointed"),
    [
        (f"/papers/{ID}/v/2#p17", Pointed(SubjectKind.VERSION, ID, 2, "p17")),
        (f"https://forum.example/papers/{ID}/v/2", Pointed(SubjectKind.VERSION, ID, 2)),
        (f"/groups/lab/papers/{ID}/versions/3#p1", Pointed(SubjectKind.VERSION, ID, 3, "p1")),
        (f"/groups/lab/papers/{ID}/versions/3/cite/p4", Pointed(SubjectKind.VERSION, ID, 3, "p4")),
        (f"/posts/{ID}", Pointed(SubjectKind.POST, ID)),
        (f"/groups/lab/consultations/{OTHER}/answers/{ID}/", Pointed(SubjectKind.ANSWER, ID)),
        (f"/attachments/{ID}/pages/14", Pointed(SubjectKind.ATTACHMENT, ID, None, "14")),
        (f"/attachments/{ID}", Pointed(SubjectKind.ATTACHMENT, ID)),
        (f"/posts/{ID}x", None),
        ("https://forum.example/", None),
        ("", None),
    ],
)
def test_an_address_points_at_a_passage(address: str, pointed: Pointed | None) -> None:
    """With or without the host, in every form in which the site shows it."""
    assert read_address(address) == pointed
