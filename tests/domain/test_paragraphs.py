"""Numbered paragraphs of sanitised HTML."""

import pytest

from forum.domain.paragraphs import Paragraph, fingerprint, outline, plain_text, split_blocks


def test_blocks_are_the_top_level_elements() -> None:
    html = "<p>a</p>\n<hr>\n<ul><li><p>b<br>c</p></li></ul><div><table></table></div>"
    assert list(split_blocks(html)) == [
        "<p>a</p>",
        "<hr>",
        "<ul><li><p>b<br>c</p></li></ul>",
        "<div><table></table></div>",
    ]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        pytest.param("<p>a\n  b <em>c</em>&amp;d&nbsp;e</p>", "a b c&d e", id="white space is folded"),
        pytest.param("<ul><li>a</li><li><p>b</p></li></ul>", "a\nb", id="entries stand on lines"),
        pytest.param(
            "<table>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n<tr>\n<td>c</td>\n<td></td>\n</tr>\n</table>",
            "a\tb\nc",
            id="cells after tabs",
        ),
        pytest.param("<pre><code>a\n\n  b &lt;c\n</code></pre>", "a\nb <c", id="lines of code stay"),
        pytest.param("<p>a<br>b</p>", "a\nb", id="breaks"),
        pytest.param(
            '<p>a<sup class="footnote-ref"><a href="#fn-1" id="fnref-1">1</a></sup> b</p>',
            "a b",
            id="marks of footnotes are no words",
        ),
    ],
)
def test_plain_text(block: str, text: str) -> None:
    assert plain_text(block) == text


def test_paragraphs_are_numbered_where_there_are_words_and_point_into_the_text() -> None:
    text, paragraphs = outline(["<h2>A</h2>", "<hr>", "<p>b c</p>", "<ol><li>d</li></ol>"])
    assert text == "A\n\nb c\n\nd"
    assert paragraphs[1] is None
    found = [p for p in paragraphs if p]
    assert [(p.anchor, p.kind, text[p.start : p.end]) for p in found] == [
        ("p1", "heading", "A"),
        ("p2", "paragraph", "b c"),
        ("p3", "list", "d"),
    ]
    assert found[1].hash == fingerprint("b\n c ")


def test_a_paragraph_survives_being_stored() -> None:
    paragraph = Paragraph(3, "quote", 10, 20, "ab")
    assert paragraph.to_row() == [3, "p3", "quote", 10, 20, "ab"]
    assert Paragraph.from_row(paragraph.to_row()) == paragraph
