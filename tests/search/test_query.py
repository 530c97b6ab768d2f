"""Filters and trees as values."""

from datetime import date

import pytest

from forum.search.query import Filter, Filters, Group, Near, Not, Or, Phrase, Word, iterate_operands

A, B, C, D = Word("a"), Word("b"), Phrase(("c", "c")), Word("d")


def test_a_filter_names_a_known_field() -> None:
    with pytest.raises(ValueError, match="audience"):
        Filter("audience", ("public",))


def test_choices_of_a_field_add_up_and_are_dropped_one_by_one() -> None:
    filters = (
        Filters().choose("group", "lab").choose("group", "net", "lab").choose("kind", "post", negated=True)
    )
    assert filters.chosen("group") == ("lab", "net")
    assert filters.chosen("kind") == ()
    assert filters.drop("group", "lab").chosen("group") == ("net",)
    assert not filters.drop("group", "lab").drop("group", "net").drop("kind", "post", negated=True)


def test_dropping_leaves_the_opposite_choice_alone() -> None:
    filters = Filters().choose("kind", "post", negated=True)
    assert filters.drop("kind", "post") == filters


def test_merging_takes_the_narrower_dates_and_all_choices() -> None:
    typed = Filters(after=date(2020, 1, 1), before=date(2023, 1, 1)).choose("group", "lab")
    chosen = Filters(after=date(2021, 1, 1), versions="current").choose("group", "net")
    merged = typed.merge(chosen)
    assert (merged.after, merged.before) == (date(2021, 1, 1), date(2023, 1, 1))
    assert merged.chosen("group") == ("lab", "net")
    assert merged.versions == "current"


def test_operands_are_what_a_hit_can_hold() -> None:
    tree = Group((A, Not(D), Or((B, Group((Near(A, C),))))))
    assert list(iterate_operands(tree)) == [A, B, A, C]
    assert list(iterate_operands(tree, excluded=True)) == [A, D, B, A, C]
