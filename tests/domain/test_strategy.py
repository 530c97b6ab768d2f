"""The strategy file is complete, and says nothing as a fact that has not been verified."""

import re
from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError
from forum.domain.strategy import STRANDS, load

FILE = Path(__file__).parents[2] / "config" / "strategy.toml"


@pytest.fixture(scope="module")
def strategy():
    return load(FILE)


def test_two_pillars_hold_the_eight_initiatives(strategy):
    """Pillar I has 1 to 3, pillar II 4 to 8."""
    assert [i.number for i in strategy.initiatives] == list(range(1, 9))
    assert [(p.number, p.initiatives) for p in strategy.pillars] == [
        ("I", (1, 2, 3)),
        ("II", (4, 5, 6, 7, 8)),
    ]
    assert [i.number for i in strategy.list_of_pillar(strategy.pillars[0])] == [1, 2, 3]


def test_the_strategy_is_the_communication_of_july_2020(strategy):
    """Its reference and date are those of the document."""
    assert (strategy.reference, strategy.date) == ("COM(2020) 607 final", "2020-07-24")


def test_every_strand_is_taken_up_by_an_initiative(strategy):
    """Prevention, investigation and assistance, offline and online, each appear somewhere."""
    assert {s for i in strategy.initiatives for s in i.strands} == set(STRANDS)
    assert {s for i in strategy.initiatives for s in i.settings} == {"offline", "online"}


def test_what_is_unverified_is_not_printed(strategy):
    """The second wave of procedures and the e-evidence acts wait for somebody to check them."""
    first, second = strategy.get_initiative(1), strategy.get_initiative(2)
    assert len(first.status) > len(first.printed_status)
    assert not any("second wave" in line.text for line in first.printed_status)
    assert {"Regulation (EU) 2023/1543", "Directive (EU) 2023/1544"}.isdisjoint(
        act.reference for act in second.printed_acts
    )


def test_everything_printed_has_a_source_and_a_reference(strategy):
    """A status line without a source, or an act without a reference, is no fact."""
    for initiative in strategy.initiatives:
        assert all(line.source for line in initiative.printed_status)
        assert all(act.reference for act in initiative.printed_acts)


def test_status_lines_are_printed_in_the_order_of_time(strategy):
    """Oldest first, undated lines last."""
    for initiative in strategy.initiatives:
        dates = [line.date or "9999" for line in initiative.printed_status]
        assert dates == sorted(dates)


def test_acts_carry_no_addresses(strategy):
    """References last longer than addresses."""
    assert not re.search(r"https?://|www\.", FILE.read_text(encoding="utf-8"))
    assert strategy.directive.celex == "32011L0093"


def test_the_directive_binds_26_states_and_not_denmark(strategy):
    """Recital 52."""
    assert len(set(strategy.directive.bound)) == 26
    assert "DK" not in strategy.directive.bound
    assert strategy.directive.not_bound == ("DK",)
    assert strategy.directive.transposition_due == "2013-12-18"


def test_articles_2_to_25_are_there_and_the_unverified_titles_are_not_printed(strategy):
    """The titles of articles 21 to 25 have not been checked."""
    articles = strategy.directive.articles
    assert [int(a.number) for a in articles] == list(range(2, 26))
    assert [a.number for a in articles if not a.printed_title] == ["21", "22", "23", "24", "25"]


def test_the_interim_regulation_has_its_dates_and_its_nine_heads_of_report(strategy):
    """In force from 2 August 2021 to 3 April 2026."""
    interim = strategy.interim_regulation
    assert (interim.in_force, interim.ended) == ("2021-08-02", "2026-04-03")
    assert len(interim.provider_reports) == 9


def test_an_initiative_in_the_wrong_pillar_is_refused(tmp_path):
    """Pillars and initiatives must tell the same story."""
    path = tmp_path / "strategy.toml"
    text = FILE.read_text(encoding="utf-8").replace("initiatives = [1, 2, 3]", "initiatives = [1, 2]")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match=r"strategy\.toml: pillars: .* disagree"):
        load(path)
