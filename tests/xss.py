"""Attempts to run a script or to reach out from a text, in the spellings of Markdown, HTML and URLs.

Made for this project. ``PAYLOADS`` is a plain list of sources, ``violations()`` parses HTML as a browser
would and names everything in it that is not on its own, independently written list.
"""

import re
from html.parser import HTMLParser

_SCRIPT = "alert(1)"

_ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "javascript&#x3a;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;&#x61;&#x76;&#x61;script:alert(1)",
    "java&#9;script:alert(1)",
    "java&#10;script:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "java\tscript:alert(1)",
    "java\u200bscript:alert(1)",
    "java\x00script:alert(1)",
    "&#1;javascript:alert(1)",
    "&#14;  javascript:alert(1)",
    " javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "%6aavascript:alert(1)",
    "javascript%3aalert(1)",
    "javascript://host.example/%0aalert(1)",
    "javascript:/*--></title></style>*/alert(1)",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "vbscript:msgbox(1)",
    "vb&#115;cript:msgbox(1)",
    "livescript:alert(1)",
    "mocha:alert(1)",
    "data:text/html,alert",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "data:image/png;base64,iVBORw0KGgo=",
    "DATA:text/html,x",
    "blob:https://host.example/x",
    "filesystem:https://host.example/x",
    "file:///etc/hosts",
    "ftp://host.example/",
    "tel:112",
    "about:blank",
    "chrome://settings",
    "intent://x#Intent;end",
    "ms-word:ofe|u|https://host.example/x.docx",
    "jar:https://host.example!/x",
    "//host.example/x",
    "/admin/delete",
    "\\\\host.example\\x",
    "?next=//host.example",
    "#p1",
    "#fn-1x",
    "../x",
    "https:alert(1)",
    "http:/x",
    'https://host.example/"onmouseover="alert(1)',
    "https://host.example/'onmouseover='alert(1)",
    "https://host.example/><script>alert(1)</script>",
    "https://host.example/`onmouseover=alert(1)",
    "https://user:pass@host.example/",
    "mailto:x@host.example?subject=<script>alert(1)</script>",
]

_HTML = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//host.example/x.js></SCRIPT>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1)//<</script>",
    "<script>alert(1)",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<IMG SRC=javascript:alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src=`x` onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<image src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<svg><a xlink:href="javascript:alert(1)"><text x=20 y=20>x</text></a></svg>',
    "<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<style>@import 'https://host.example/x.css';</style>",
    "<style><!--</style><img src=x onerror=alert(1)>-->",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<base href=//host.example/>",
    "<link rel=stylesheet href=//host.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)></select>",
    "<keygen autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video src=x onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<body onload=alert(1)>",
    "<frameset onload=alert(1)>",
    "<table background=javascript:alert(1)>",
    "<td background=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='https://host.example' onclick=alert(1)>x</a>",
    "<a href=https://host.example target=_blank>x</a>",
    "<a id=session name=cookie>x</a>",
    "<p style=background:url(javascript:alert(1))>x</p>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p id=p1 class='btn btn-danger'>x</p>",
    "<div hx-get=/admin data-bs-toggle=modal>x</div>",
    "<x onclick=alert(1) tabindex=1>x",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<?xml version='1.0'?><x/>",
    "<?php echo 1 ?>",
    "<% alert(1) %>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<template><script>alert(1)</script></template>",
    "<slot onslotchange=alert(1)></slot>",
    "<dialog open onclose=alert(1)>",
    "<portal src=//host.example>",
    "<a\x0chref=javascript:alert(1)>x</a>",
    "<a/href=javascript:alert(1)>x</a>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "{{constructor.constructor('alert(1)')()}}",
    "{% raw %}<script>alert(1)</script>{% endraw %}",
    "\ufdd0script>alert(1)\ufdd0/script>",
    "&#xFDD0;script>alert(1)",
]

_MARKDOWN = [
    '[x](https://host.example "onmouseover=alert(1)")',
    "[x](https://host.example '\"><script>alert(1)</script>')",
    '[x](https://host.example "</a><script>alert(1)</script>")',
    "[x](<javascript:alert(1)>)",
    "[x](<https://host.example onmouseover=alert(1)>)",
    "[x](<script>alert(1)</script>)",
    "[<script>alert(1)</script>](https://host.example)",
    "[![x](javascript:alert(1))](javascript:alert(1))",
    "![x](https://host.example/x.png)",
    "![x](https://host.example/x.png \"' onerror='alert(1)\")",
    '!["onerror="alert(1)](https://host.example/x.png)',
    '![x" onerror=alert(1) y="](x)',
    "![<img src=x onerror=alert(1)>](https://host.example/x.png)",
    "[![<b>x</b>](https://host.example/a)](https://host.example/b)",
    "<javascript:alert(1)>",
    "<https://host.example/\"onmouseover='alert(1)'>",
    "<x@host.example?<script>>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x]: <script>alert(1)</script>\n\n[x]",
    "[x]: https://host.example '\"onclick=alert(1)'\n\n[x]",
    '``` "><script>alert(1)</script>\nx\n```',
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "# <svg onload=alert(1)>",
    "| <script>alert(1)</script> |\n|-|\n| <img src=x onerror=alert(1)> |",
    '|a|\n|:-" onclick=alert(1):|\n|b|',
    "1000000000000. <script>\n2. x",
    "**<script>**alert(1)**</script>**",
    "<scr**i**pt>alert(1)</script>",
    "<a href='*javascript:alert(1)*'>",
    "~~<b onmouseover=alert(1)>~~",
    'x[^"><script>alert(1)</script>]\n\n[^"><script>alert(1)</script>]: y',
    'x[^"onclick=alert(1)]\n\n[^"onclick=alert(1)]: <script>alert(1)</script>',
    "x[^1]\n\n[^1]: [y](javascript:alert(1))",
    "x[^p1]\n\n[^p1]: y[^p1]",
    "x[^a-2] y[^a] z[^a]\n\n[^a]: one\n[^a-2]: two",
    "[x](#fn-1) [y](#fnref-1-2) [z](#fn-javascript)",
    "www.host.example/<script>alert(1)</script>",
    'https://host.example/"onmouseover=alert(1)',
    "xmpp:x@host.example/<script>",
    "http://<script>alert(1)</script>",
    "- [ ] <script>alert(1)</script>\n- [x] x",
    "a <!-- raw HTML omitted --> b",
    'x data-sourcepos="1:1-1:1" <p data-sourcepos="1:1">',
    '<div class="table-scroll" role="region">x</div>',
    "\\<script>alert(1)\\</script>",
    "&lt;![x](javascript:alert(1))",
]

PAYLOADS = [
    *_HTML,
    *_MARKDOWN,
    *(f"[x]({address})" for address in _ADDRESSES),
    *(f"![x]({address})" for address in _ADDRESSES),
    *(f"<{address}>" for address in _ADDRESSES),
    *(f"[x]: <{address}>\n\n[x]" for address in _ADDRESSES),
    *(f'<a href="{address}">x</a>' for address in _ADDRESSES),
    *(f"> | a |\n> |---|\n> | {html} |" for html in _HTML),
]

_TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "section", "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    ("a", "href"): r"(?i:https?://|mailto:)[^\s<>\"]+|#(?:fn|fnref)-[0-9]+(?:-[0-9]+)?",
    ("a", "rel"): r"nofollow noopener ugc noreferrer",
    ("a", "id"): r"fnref-[0-9]+(-[0-9]+)?",
    ("a", "class"): r"footnote-backref",
    ("a", "role"): r"doc-(noteref|backlink)",
    ("a", "aria-label"): r"Back to reference [0-9]+(-[0-9]+)?",
    ("div", "class"): r"table-scroll",
    ("div", "tabindex"): r"0",
    ("div", "role"): r"region",
    ("div", "aria-label"): r"Table",
    ("li", "id"): r"fn-[0-9]+",
    ("ol", "start"): r"[0-9]{1,9}",
    ("pre", "tabindex"): r"0",
    ("section", "class"): r"footnotes",
    ("section", "role"): r"doc-endnotes",
    ("sup", "class"): r"footnote-ref",
    ("table", "class"): r"table",
    ("td", "class"): r"text-(start|center|end)",
    ("th", "class"): r"text-(start|center|end)",
}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
                if re.fullmatch(r"p[0-9]+", value or "") and not self.open:
                    continue
            pattern = _ATTRIBUTES.get((tag, name))
            if pattern is None or not re.fullmatch(pattern, value or ""):
                self.wrong.append(f"<{tag} {name}={value!r}>")
        names = dict(attrs)
        if str(names.get("href", "#")).startswith("#") == ("rel" in names):
            self.wrong.append(f"rel of {attrs}")
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"<?{data}>")


def violations(html: str) -> list[str]:
    """Return everything in rendered HTML that must not be there; an empty list is what is wanted."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if len(reader.ids) != len(set(reader.ids)):
        reader.wrong.append(f"ids twice: {reader.ids}")
    return reader.wrong + [f"</{tag}> is missing" for tag in reader.open]
