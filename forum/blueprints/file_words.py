"""What became of the parts of an office file that a paper cannot hold, in sentences."""

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import gettext, ngettext

from forum.extensions import db
from forum.services.uploads import find_origin

_ORDER = (
    "insertions", "deletions", "comments", "figures", "tables_left_out", "foreign_parts", "tables_split",
    "merged_cells", "cell_parts", "text_boxes", "equations", "hidden", "underlined", "heading_numbers",
    "contents", "contents_lines", "margins",
)  # fmt: skip


class Origin(NamedTuple):
    """The file that a draft was begun from, and what became of its parts."""

    filename: str
    sentences: list[str]


def origin_of(version_id: int) -> Origin | None:
    """Give what a draft's page says of the file that it was begun from; None where it was not."""
    found = find_origin(db.session(), version_id)
    return Origin(found.filename, remark_sentences(found.remarks)) if found is not None else None


def remark_sentences(remarks: Mapping[str, int]) -> list[str]:
    """Give a sentence for each kind of remark, what changes the words first."""
    return [_sentence(kind, int(remarks[kind])) for kind in _ORDER if remarks.get(kind)]


def _sentence(kind: str, count: int) -> str:
    match kind:
        case "insertions":
            return ngettext(
                "One tracked insertion was accepted.", "%(num)d tracked insertions were accepted.", count
            )
        case "deletions":
            return ngettext(
                "One tracked deletion was carried out: its words are not in the draft.",
                "%(num)d tracked deletions were carried out: their words are not in the draft.",
                count,
            )
        case "comments":
            return ngettext(
                "One comment in the margin was left out.",
                "%(num)d comments in the margin were left out.",
                count,
            )
        case "figures":
            return ngettext(
                "One figure is named in brackets where it stood; the original is attached.",
                "%(num)d figures are named in brackets where they stood; the original is attached.",
                count,
            )
        case "tables_left_out":
            return ngettext(
                "One table is too large for a paper and is named in brackets; the original is attached.",
                "%(num)d tables are too large for a paper and named in brackets; the original is attached.",
                count,
            )
        case "foreign_parts":
            return ngettext(
                "One part in a format of its own was left out; the original is attached.",
                "%(num)d parts in formats of their own were left out; the original is attached.",
                count,
            )
        case "tables_split":
            return ngettext(
                "One long table became several, each with the same header.",
                "%(num)d long tables became several each, with the same header.",
                count,
            )
        case "merged_cells":
            return ngettext(
                "One merged cell stands in the first of its places.",
                "%(num)d merged cells stand in the first of their places.",
                count,
            )
        case "cell_parts":
            return ngettext(
                "One cell had several paragraphs, which are one now.",
                "%(num)d cells had several paragraphs, which are one now.",
                count,
            )
        case _:
            return _of_looks(kind, count)


def _of_looks(kind: str, count: int) -> str:
    match kind:
        case "text_boxes":
            return ngettext(
                "The words of one text box follow the paragraph it hung on.",
                "The words of %(num)d text boxes follow the paragraphs they hung on.",
                count,
            )
        case "equations":
            return ngettext(
                "One formula is plain characters now: look at it.",
                "%(num)d formulas are plain characters now: look at them.",
                count,
            )
        case "hidden":
            return ngettext(
                "One piece of hidden text was left out.",
                "%(num)d pieces of hidden text were left out.",
                count,
            )
        case "underlined":
            return gettext("Underlining was left out.")
        case "heading_numbers":
            return gettext(
                "Headings were numbered by the program: the numbers are not in the text. "
                "Look at references such as “see section 2”."
            )
        case "margins":
            return gettext("Headers and footers of pages were left out.")
        case _:
            return gettext("The table of contents was left out: the page of a paper makes its own.")
