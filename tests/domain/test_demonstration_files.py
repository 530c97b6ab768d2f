"""The demonstration folder is read whole, and a wrong value is named by file, place and key."""

import shutil
from pathlib import Path

import pytest

from forum.domain.charters import load_charters
from forum.domain.datafile import DataFileError
from forum.domain.demonstration_files import load_demonstration
from forum.domain.labels import Status, Tlp

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "forum" / "demonstration"


@pytest.fixture(scope="module")
def charters():
    return load_charters(ROOT / "config" / "groups.toml")


@pytest.fixture
def copy(tmp_path):
    """A folder of its own with the people, the bodies and one group."""
    (tmp_path / "groups").mkdir()
    for name in ("people.toml", "organisations.toml", "groups/european-centre.toml"):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    """Replaces the first occurrence, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_group_without_a_file_starts_empty(copy, charters):
    """The demonstration may fill some of the groups only."""
    assert [group.slug for group in load_demonstration(copy, charters).groups] == ["european-centre"]


def test_a_later_version_is_the_one_before_with_its_replacements(copy, charters):
    """What is struck out is gone and what is new is there; the rest stands word by word."""
    (group,) = load_demonstration(copy, charters).groups
    paper = next(paper for paper in group.papers if paper.key == "governance-options")
    first, second = paper.versions
    assert "| cost a year |" in first.text
    assert "| cost a year |" not in second.text
    assert "useful in any case as a first phase" in second.text
    assert first.text.split("\n\n")[0] == second.text.split("\n\n")[0]
    assert (paper.current, second.number) == (second, 2)


def test_what_is_not_said_comes_from_the_charter_and_the_person(copy, charters):
    """The label is the charter's, the body spoken for the first mandate of the author."""
    (group,) = load_demonstration(copy, charters).groups
    discussion = next(d for d in group.discussions if d.key == "transition-from-what-exists")
    post = discussion.posts[0]
    assert discussion.tlp is Tlp.CLEAR
    assert (post.speaking_for, post.status, post.reply_to) == (
        "model-hotline-network",
        Status.PUBLISHED,
        "",
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "people.toml",
            '@example-messenger.example"',
            '@gmail.com"',
            "not at a domain kept for",
            id="real domain",
        ),
        pytest.param(
            "people.toml",
            'organisation = "example-messenger"',
            'organisation = "acme"',
            "no organisation",
            id="body",
        ),
        pytest.param(
            "people.toml", 'language = "en"', 'language = "xx"', "language: 'xx' must be", id="language"
        ),
        pytest.param(
            "organisations.toml", 'country = "IE"', 'country = "Ireland"', "is no ISO code", id="country"
        ),
        pytest.param(
            "groups/european-centre.toml",
            'reply_to = "p1"',
            'reply_to = "p99"',
            "replies to nothing",
            id="no parent",
        ),
        pytest.param(
            "groups/european-centre.toml",
            'author = "piotr-wzor"',
            'author = "nina-nova"',
            "nina-nova may not write in this group",
            id="writing without a seat",
        ),
        pytest.param(
            "groups/european-centre.toml",
            'action = "approve", by = "greta-modell"',
            'action = "approve", by = "helena-primer"',
            "helena-primer is no moderator of this group",
            id="deciding without the role",
        ),
        pytest.param(
            "groups/european-centre.toml",
            'quotation = "conflicts of',
            'quotation = "matters of',
            "does not say",
            id="another passage",
        ),
        pytest.param(
            "groups/european-centre.toml",
            '"rejected"',
            '"published"',
            "is published, but its decisions leave it rejected",
            id="a status that its decisions do not lead to",
        ),
        pytest.param(
            "groups/european-centre.toml", "old = ", 'old = "nowhere in it"\nold_ = ', "occurs 0", id="edit"
        ),
    ],
)
def test_a_wrong_value_is_named(copy, charters, file, old, new, message):
    change(copy / file, old, new)
    with pytest.raises(DataFileError) as caught:
        load_demonstration(copy, charters)
    assert str(caught.value).startswith(file.rpartition("/")[2])
    assert message in str(caught.value)
