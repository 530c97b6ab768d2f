"""Where to turn for help and where to report, read from `config/duty_of_care.toml`.

Only contacts that the operator has verified are printed; a country without one shows the general lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forum.domain.datafile import Table, open_table, refuse_twice

COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class CountryContacts:
    """The hotline and the helpline of one country (ISO code of two letters); texts may be empty."""

    country: str
    hotline_name: str
    hotline_address: str
    helpline_name: str
    helpline_number: str
    verified: bool


@dataclass(frozen=True)
class DutyOfCare:
    """What every page's footer says about help and reporting."""

    emergency: str
    child_helpline: str
    child_helpline_note: str
    hotline_network: str
    hotline_network_note: str
    countries: tuple[CountryContacts, ...]

    @property
    def printed_countries(self) -> tuple[CountryContacts, ...]:
        """The countries whose contacts a page may show."""
        return tuple(country for country in self.countries if country.verified)


def load_duty_of_care(path: Path) -> DutyOfCare:
    """Reads and checks the contacts; DataFileError names what is wrong and where."""
    with open_table(path) as top:
        tables = top.tables("countries", "country")
        countries = tuple(_country(table) for table in tables)
        refuse_twice(tables, "country", [country.country for country in countries])
        return DutyOfCare(
            emergency=top.text("emergency"),
            child_helpline=top.text("child_helpline"),
            child_helpline_note=top.text("child_helpline_note"),
            hotline_network=top.text("hotline_network"),
            hotline_network_note=top.text("hotline_network_note"),
            countries=countries,
        )


def _country(table: Table) -> CountryContacts:
    contacts = CountryContacts(
        country=table.text("country"),
        hotline_name=table.text("hotline_name", ""),
        hotline_address=table.text("hotline_address", ""),
        helpline_name=table.text("helpline_name", ""),
        helpline_number=table.text("helpline_number", ""),
        verified=table.flag("verified"),
    )
    table.finish()
    if not COUNTRY.fullmatch(contacts.country):
        raise table.fault("country", f"'{contacts.country}' must be an ISO code of two capital letters")
    if contacts.hotline_address and not contacts.hotline_address.startswith("https://"):
        raise table.fault("hotline_address", "must begin with https://")
    return contacts
