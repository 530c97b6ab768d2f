"""Every charter that ships is valid, and a wrong one is named by file, group and key."""

import re
from pathlib import Path

import pytest

from forum.domain.attribution import Attribution
from forum.domain.charters import load_charters, rules_from_text, rules_to_text
from forum.domain.datafile import DataFileError
from forum.domain.groups import MembersVisible
from forum.domain.labels import Ceiling
from forum.domain.strategy import load
from forum.errors import Invalid

CONFIG = Path(__file__).parents[2] / "config"
FILE = CONFIG / "groups.toml"


@pytest.fixture(scope="module")
def charters():
    return {charter.slug: charter for charter in load_charters(FILE)}


def test_the_ten_groups_and_the_questions_ship(charters):
    """Only the questions to the unit stay out of the directory."""
    assert [slug for slug, c in charters.items() if not c.in_directory] == ["questions-to-the-unit"]
    assert len(charters) == 11


def test_initiatives_and_groups_name_each_other(charters):
    """A group is reached from the page of its initiative, and no initiative is without a group."""
    strategy = load(CONFIG / "strategy.toml")
    from_strategy = {slug: i.number for i in strategy.initiatives for slug in i.groups}
    from_charters = {slug: c.initiative for slug, c in charters.items() if c.initiative}
    assert from_strategy == from_charters
    assert set(from_charters.values()) == set(range(1, 9))


def test_the_closed_groups_are_listed(charters):
    """The lab and the expert process are closed; that they exist is public."""
    closed = {slug for slug, c in charters.items() if c.ceiling is Ceiling.MEMBERS}
    assert closed == {"innovation-hub-lab", "euif-e2ee-expert-process"}
    assert all(charters[slug].listed for slug in closed)


def test_the_members_of_the_expert_process_are_visible_and_its_discussions_sealed(charters):
    """Undisclosed experts were found fault with; what each of them said stays among them."""
    process = charters["euif-e2ee-expert-process"]
    assert process.members_visible in (MembersVisible.NAMES, MembersVisible.BODIES)
    assert process.attribution is Attribution.CHATHAM_HOUSE


def test_a_visitor_finds_something_to_read(charters):
    """At least four groups in the directory are public."""
    public = [c for c in charters.values() if c.in_directory and c.ceiling is Ceiling.PUBLIC]
    assert len(public) >= 4


def test_every_group_has_five_or_six_rules_and_forbids_abuse_material(charters):
    """Decisions name a rule, so there must be one for each ordinary reason."""
    for charter in charters.values():
        assert len(charter.rules) in (5, 6), charter.slug
        assert "no-material" in {rule.key for rule in charter.rules}, charter.slug


def test_contacts_are_fictitious(charters):
    """No address of a real body in the shipped charters."""
    assert all(re.fullmatch(r"[a-z-]+@secretariat\.example", c.contact) for c in charters.values())


def test_a_procedure_ends_in_something_agreed(charters):
    """Each group of the directory has stages, and the last is a meeting."""
    for charter in charters.values():
        if charter.in_directory:
            assert len(charter.stages) >= 3, charter.slug
            assert charter.stages[-1].kind == "meeting", charter.slug


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            'ceiling = "public"', 'ceiling = "open"', "ceiling: 'open' must be one of", id="no such ceiling"
        ),
        pytest.param(
            "promised_days = 3", "promised_days = 0", "promised_days: must be at least 1", id="no promise"
        ),
        pytest.param('"es", "pt"]', '"xx"]', "languages: 'xx' must be one of", id="no such language"),
        pytest.param(
            "initiative = 8", "initiative = 9", "initiative: must be the number", id="a ninth initiative"
        ),
        pytest.param('contact = "global', 'kontact = "global', "contact: is missing", id="misspelt key"),
        pytest.param(
            'ceiling = "public"',
            'ceiling = "community"',
            "default_tlp: CLEAR is wider than",
            id="label over ceiling",
        ),
        pytest.param(
            'ceiling = "public"\nlisted = true\ndefault_tlp = "CLEAR"',
            'ceiling = "members"\nlisted = true\ndefault_tlp = "RED"',
            "who_may_write: the community cannot write",
            id="writing without reading",
        ),
        pytest.param(
            'attribution = "named"',
            'attribution = "organisation"',
            "shown_as_choices: 'name' contradicts",
            id="names",
        ),
        pytest.param(
            "listed = true", "listed = false", "listed: only a closed group", id="public and unlisted"
        ),
        pytest.param(
            'key = "sources"', 'key = "civil"', "key: 'civil' is used twice", id="two rules of one key"
        ),
    ],
)
def test_a_wrong_charter_is_named_by_file_group_and_key(tmp_path, old, new, message):
    text = FILE.read_text(encoding="utf-8")
    before, group = text.split('slug = "weprotect"')
    assert old in group
    path = tmp_path / "groups.toml"
    path.write_text(f'{before}slug = "weprotect"{group.replace(old, new, 1)}', encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        load_charters(path)
    assert str(caught.value).startswith("groups.toml: groups[weprotect]")
    assert message in str(caught.value)


def test_rules_are_edited_as_lines() -> None:
    """What is shown for editing reads back as it was, blank lines and blanks aside."""
    rules = [{"key": "civil", "text": "Argue: with the point."}, {"key": "sources-2", "text": "Say why."}]
    assert rules_from_text(rules_to_text(rules)) == rules
    assert rules_from_text("\n civil :  Argue: with the point. \r\n\nsources-2: Say why.") == rules


@pytest.mark.parametrize("text", ["", " \n", "no colon", ": no key", "civil:", "Two Words: x", "a: x\na: y"])
def test_lines_that_are_no_rules_are_refused(text: str) -> None:
    """At the field, naming the line."""
    with pytest.raises(Invalid) as caught:
        rules_from_text(text)
    assert caught.value.field == "rules"
