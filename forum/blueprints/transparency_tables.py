"""The transparency report in words: its tables, in the order in which providers report, and its charts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext

from forum.blueprints import moderation_words as words
from forum.blueprints import wording
from forum.domain.appeals import Side
from forum.domain.moderation import NOT_CHOSEN, RESTRICTIONS, Action, FlagReason
from forum.domain.statements import AccountRestriction, Category, Provision, Visibility
from forum.services.figure_files import Table
from forum.services.transparency import Report, Restriction

_CATEGORIES = {
    Category.ANIMAL_WELFARE: lazy_gettext("Animal welfare"),
    Category.CONSUMER_INFORMATION: lazy_gettext("Consumer information"),
    Category.CYBER_VIOLENCE: lazy_gettext("Cyber violence"),
    Category.CYBER_VIOLENCE_AGAINST_WOMEN: lazy_gettext("Cyber violence against women"),
    Category.DATA_PROTECTION: lazy_gettext("Data protection and privacy"),
    Category.SPEECH: lazy_gettext("Illegal or harmful speech"),
    Category.INTELLECTUAL_PROPERTY: lazy_gettext("Intellectual property"),
    Category.CIVIC_DISCOURSE: lazy_gettext("Civic discourse or elections"),
    Category.NOT_SPECIFIED: lazy_gettext("Not specified by the notice"),
    Category.OTHER_TERMS: lazy_gettext("Other rules of the group"),
    Category.PROTECTION_OF_MINORS: lazy_gettext("Protection of minors"),
    Category.PUBLIC_SECURITY: lazy_gettext("Public security"),
    Category.SCAMS: lazy_gettext("Scams and fraud"),
    Category.SELF_HARM: lazy_gettext("Self-harm"),
    Category.UNSAFE_PRODUCTS: lazy_gettext("Unsafe or prohibited products"),
    Category.VIOLENCE: lazy_gettext("Violence"),
}
_RESTRICTIONS: Mapping[Restriction, Any] = {
    Visibility.REMOVED: lazy_gettext("Removed"),
    Visibility.DISABLED: lazy_gettext("Removed from view"),
    Visibility.DEMOTED: lazy_gettext("Shown further down"),
    Visibility.AGE_RESTRICTED: lazy_gettext("Restricted by age"),
    Visibility.INTERACTION_RESTRICTED: lazy_gettext("Closed to replies"),
    Visibility.LABELLED: lazy_gettext("Labelled"),
    Visibility.OTHER: lazy_gettext("Shown to fewer people, or in another place"),
    Provision.PARTIAL_SUSPENSION: lazy_gettext("Part of the service suspended"),
    Provision.TOTAL_SUSPENSION: lazy_gettext("Service suspended"),
    Provision.PARTIAL_TERMINATION: lazy_gettext("Part of the service ended"),
    Provision.TOTAL_TERMINATION: lazy_gettext("Service ended"),
    AccountRestriction.SUSPENDED: lazy_gettext("Account suspended"),
    AccountRestriction.TERMINATED: lazy_gettext("Account ended"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its parts from the left, each a number and the name of its series."""

    label: str
    parts: Sequence[int]

    @property
    def total(self) -> int:
        """Its whole length."""
        return sum(self.parts)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of bars; the table with the same key says the same in figures."""

    key: str
    title: str
    bars: Sequence[Bar]
    series: Sequence[str]

    @property
    def longest(self) -> int:
        """The longest bar, at least 1."""
        return max([1, *(bar.total for bar in self.bars)])


def list_tables(report: Report) -> list[Table]:
    """Give the report's tables."""
    return [
        _summary(report),
        _measures_by_category(report),
        _measures_by_restriction(report),
        _rules(report),
        _notices(report),
        _complaints(report),
        _automated(report),
        _resources(report),
        _months(report),
        _not_applicable(),
    ]


def list_charts(report: Report) -> list[Chart]:
    """Give the report's charts; one without a bar is left out."""
    categories = _both(report, "by_category")
    restrictions = _both(report, "by_restriction")
    series = [gettext("Own initiative"), gettext("On notice")]
    charts = [
        Chart(
            "months",
            gettext("Decisions by month"),
            [
                Bar(
                    wording.partial_date(month),
                    [_sum(counter, RESTRICTIONS), _sum(counter, set(Action) - RESTRICTIONS)],
                )
                for month, counter in report.by_month.items()
            ]
            if report.decisions
            else [],
            [gettext("Restricting"), gettext("All others")],
        ),
        Chart(
            "categories",
            gettext("Restrictions by category"),
            [Bar(str(_CATEGORIES[one]), [own, on_notice]) for one, own, on_notice in categories],
            series,
        ),
        Chart(
            "restrictions",
            gettext("Restrictions by kind"),
            [Bar(str(_RESTRICTIONS[one]), [own, on_notice]) for one, own, on_notice in restrictions],
            series,
        ),
    ]
    return [chart for chart in charts if chart.bars]


def _sum(counter: Counter[Action], wanted: Any) -> int:
    return sum(count for action, count in counter.items() if action in wanted)


def _both(report: Report, name: str) -> list[tuple[Any, int, int]]:
    """The keys of a counter on both initiatives, the most frequent first."""
    own, on_notice = getattr(report.own_initiative, name), getattr(report.on_notice, name)
    keys = sorted({*own, *on_notice}, key=lambda key: (-own[key] - on_notice[key], str(key)))
    return [(key, own[key], on_notice[key]) for key in keys]


def _hours(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _summary(report: Report) -> Table:
    return Table(
        "summary",
        gettext("Summary"),
        [gettext("What"), gettext("Figure")],
        [
            [gettext("First day"), report.period.first.isoformat()],
            [gettext("Last day"), report.period.last.isoformat()],
            [gettext("Decisions that stand"), report.decisions],
            [gettext("Restrictions on own initiative"), report.own_initiative.count],
            [gettext("Restrictions on notice"), report.on_notice.count],
            [gettext("Notices decided on"), report.notices.count],
            [gettext("Decisions overturned on appeal"), report.complaints.upheld.total()],
            [gettext("Suspensions of authors"), report.suspensions],
            [gettext("Warnings"), report.warnings],
        ],
        gettext("Only public contributions to public, listed groups are counted."),
    )


def _measures_by_category(report: Report) -> Table:
    rows: list[list[Any]] = [
        [str(_CATEGORIES[one]), own, on_notice, own + on_notice]
        for one, own, on_notice in _both(report, "by_category")
    ]
    return Table(
        "categories",
        gettext("Restrictions by category"),
        [gettext("Category"), gettext("Own initiative"), gettext("On notice"), gettext("Together")],
        [
            *rows,
            _line(gettext("All restrictions"), report, lambda one: one.count),
            _line(gettext("of these on the ground of a law"), report, lambda one: one.on_law),
            [
                gettext("Median hours until the decision"),
                _hours(report.own_initiative.median_hours),
                _hours(report.on_notice.median_hours),
                None,
            ],
        ],
        gettext("Hours count from sending, on notice from the first notice."),
    )


def _line(head: str, report: Report, of: Any) -> list[Any]:
    own, on_notice = of(report.own_initiative), of(report.on_notice)
    return [head, own, on_notice, own + on_notice]


def _measures_by_restriction(report: Report) -> Table:
    return Table(
        "restrictions",
        gettext("Restrictions by kind"),
        [gettext("Restriction"), gettext("Own initiative"), gettext("On notice"), gettext("Together")],
        [
            [str(_RESTRICTIONS[one]), own, on_notice, own + on_notice]
            for one, own, on_notice in _both(report, "by_restriction")
        ],
        gettext("One measure can restrict in more than one way."),
    )


def _rules(report: Report) -> Table:
    return Table(
        "rules",
        gettext("Rules that restrictions rested on"),
        [gettext("Rule"), gettext("Restrictions")],
        [[rule, count] for rule, count in report.by_rule.most_common()],
    )


def _notices(report: Report) -> Table:
    notices = report.notices
    rows: list[list[Any]] = [
        [words.flag_reason(reason), notices.by_reason[reason], notices.restricted[reason]]
        for reason in FlagReason
    ]
    return Table(
        "notices",
        gettext("Notices of readers"),
        [gettext("Reason"), gettext("Decided on"), gettext("of these restricted")],
        [
            *rows,
            [gettext("All notices"), notices.count, notices.restricted.total()],
            [gettext("Median hours until the decision"), _hours(notices.median_hours), None],
        ],
        gettext("Counted in the period of the decision. A notice that something is illegal stands apart."),
    )


def _complaints(report: Report) -> Table:
    complaints = report.complaints
    return Table(
        "complaints",
        gettext("Complaints"),
        [gettext("What"), gettext("Figure")],
        [
            [gettext("Appeals of authors, upheld"), complaints.upheld[Side.AUTHOR]],
            [gettext("Appeals of authors, rejected"), complaints.rejected[Side.AUTHOR]],
            [gettext("Appeals of readers who had flagged, upheld"), complaints.upheld[Side.FLAGGER]],
            [gettext("Appeals of readers who had flagged, rejected"), complaints.rejected[Side.FLAGGER]],
            [gettext("All appeals decided on"), complaints.count],
            [gettext("Median hours until the decision"), _hours(complaints.median_hours)],
        ],
        gettext(
            "Counted in the period of their decision, which a person of another body makes than the one who "
            "decided first. Each is about a decision that stands in the log."
        ),
    )


def _automated(report: Report) -> Table:
    held = report.held
    share = None if held.share_published is None else round(100 * held.share_published, 1)
    return Table(
        "automated-means",
        gettext("Automated means"),
        [gettext("What"), gettext("Figure")],
        [
            [gettext("Held by a rule, then published by a person"), held.published],
            [gettext("Held by a rule, then rejected by a person"), held.rejected],
            [gettext("Held in vain, per cent (the rate of error)"), share],
            [gettext("Median hours held"), _hours(held.median_hours)],
            [gettext("Decided by a machine alone"), 0],
        ],
        gettext(
            "The holding rules of a group keep a contribution back until a person has read it: they count as "
            "automated means. Nothing is found, ranked or decided by a machine."
        ),
    )


def _resources(report: Report) -> Table:
    return Table(
        "human-resources",
        gettext("Human resources"),
        [gettext("What"), gettext("Figure")],
        [[gettext("People who moderated a public group in the period"), report.moderators]],
    )


def _months(report: Report) -> Table:
    actions = [action for action in Action if action not in NOT_CHOSEN]
    used = [action for action in actions if any(counter[action] for counter in report.by_month.values())]
    return Table(
        "months",
        gettext("Decisions by month"),
        [gettext("Month"), *(words.done(action) for action in used), gettext("Together")],
        [
            [wording.partial_date(month), *(counter[action] for action in used), counter.total()]
            for month, counter in report.by_month.items()
        ],
        gettext("By the day of the decision, in UTC."),
    )


def _not_applicable() -> Table:
    no_orders = gettext("Orders of authorities reach the operator, not the forum: none is recorded here.")
    return Table(
        "not-applicable",
        gettext("What does not apply"),
        [gettext("Part of the layout"), gettext("Why")],
        [
            [gettext("Orders of Member States' authorities"), no_orders],
            [gettext("Notices of trusted flaggers"), gettext("None is registered with this forum.")],
            [
                gettext("Out-of-court dispute settlement"),
                gettext("No body was named to this forum, and no dispute is recorded."),
            ],
            [
                gettext("Restrictions of monetary payments"),
                gettext("There are none on this forum to restrict."),
            ],
            [
                gettext("Linguistic expertise of moderators"),
                gettext("Languages of people are not recorded."),
            ],
            [
                gettext("Average monthly recipients"),
                gettext("Visits are not counted: the forum keeps no such record of its readers."),
            ],
        ],
    )
