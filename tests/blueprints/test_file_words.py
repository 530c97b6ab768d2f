"""Every remark on an office file has its sentence."""

import re
from pathlib import Path

from flask import Flask

import forum.office
from forum.blueprints.file_words import remark_sentences


def test_no_remark_is_swallowed(app: Flask) -> None:
    """What the readers count, the draft's page tells: one sentence a kind, one for one and one for more."""
    kinds = {"tables_split"}
    for path in Path(forum.office.__file__).parent.glob("*.py"):
        kinds.update(re.findall(r'\.note\("([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert len(kinds) > 12
    with app.test_request_context():
        for kind in kinds:
            assert len(remark_sentences({kind: 1})) == 1, kind
            assert len(remark_sentences({kind: 3})) == 1, kind
        assert remark_sentences({}) == []
