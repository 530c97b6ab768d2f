"""Addresses made without Flask are those that Flask would make."""

import pytest
from flask import Flask

from forum.services.addresses import (
    attachment_path,
    consultation_path,
    group_path,
    paper_path,
    post_path,
    signing_path,
    stages_path,
    thread_path,
    version_path,
)


@pytest.mark.parametrize(
    ("path", "endpoint", "values"),
    [
        (post_path("x1"), "posts.show", ["x1"]),
        (thread_path("lab", "t1"), "threads.show", ["lab", "t1"]),
        (version_path("p1", 2), "papers.citation_address", ["p1", 2]),
        (paper_path("lab", "p1"), "papers.paper", ["lab", "p1"]),
        (signing_path("p1"), "signing.answer", ["p1"]),
        (stages_path("lab"), "stages.index", ["lab"]),
        (group_path("lab"), "groups.overview", ["lab"]),
        (consultation_path("lab", "c1"), "consultations.consultation", ["lab", "c1"]),
        (attachment_path("a1"), "attachments.attachment", ["a1"]),
    ],
)
def test_a_path_leads_to_its_page(app: Flask, path: str, endpoint: str, values: list[object]) -> None:
    """The route that answers it, and the values it is given."""
    found, given = app.url_map.bind("localhost").match(path)
    assert (found, list(given.values())) == (endpoint, values)
