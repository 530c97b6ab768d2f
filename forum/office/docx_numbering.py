"""The lists of a DOCX that we write: one definition for bullets, one for numbers, a number for each list."""

from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

_LEVELS = 9
_BULLETS = ("•", "–", "▪")


class Numbering:
    """Adds to the part that holds the definitions of lists."""

    def __init__(self, root: Any) -> None:
        self._root = root
        taken = [int(found.get(qn("w:abstractNumId"))) for found in root.findall(qn("w:abstractNum"))]
        first = max(taken, default=0) + 1
        self._abstract = {False: first, True: first + 1}
        for is_ordered, number in self._abstract.items():
            self._insert(_definition(number, is_ordered))
        self._last = max((int(num.get(qn("w:numId"))) for num in root.findall(qn("w:num"))), default=0)

    def _insert(self, definition: Any) -> None:
        """Definitions stand before the lists that use them."""
        num = self._root.find(qn("w:num"))
        if num is None:
            self._root.append(definition)
        else:
            num.addprevious(definition)

    def add(self, is_ordered: bool, start: int, depth: int) -> int:
        """Add a list and give its number."""
        self._last += 1
        self._root.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{self._last}">'
                f'<w:abstractNumId w:val="{self._abstract[is_ordered]}"/>'
                f'<w:lvlOverride w:ilvl="{depth}"><w:startOverride w:val="{start}"/></w:lvlOverride></w:num>'
            )
        )
        return self._last

    def apply(self, paragraph: Paragraph, number: int, depth: int) -> None:
        """Make a paragraph an entry of a list."""
        paragraph._p.get_or_add_pPr().append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
            )
        )


def _definition(number: int, is_ordered: bool) -> Any:
    levels = []
    for depth in range(_LEVELS):
        kind = "decimal" if is_ordered else "bullet"
        text = f"%{depth + 1}." if is_ordered else _BULLETS[depth % len(_BULLETS)]
        indent = 360 * (depth + 1)
        levels.append(
            f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
            f'<w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/>'
            f'<w:pPr><w:ind w:left="{indent}" w:hanging="360"/></w:pPr></w:lvl>'
        )
    return parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">'
        f'<w:multiLevelType w:val="hybridMultilevel"/>{"".join(levels)}</w:abstractNum>'
    )
