//! Scripts in disguise. The tricks are those of public collections (OWASP's filter evasion cheat sheet, the mutation
//! attacks on sanitisers, the known traps of Markdown); none may come through.

use proptest::prelude::*;

use super::reading::assert_harmless;
use crate::to_html;

const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//example.org/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "a <script>alert(1)</script> b",
    "<<script>alert(1)//<</script>",
    "<script>\n\nalert(1)\n\n</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=\"alert(1)\"",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
    "<img src=`javascript:alert(1)`>",
    "<img src=javascript:alert(1)>",
    "<img src=\"data:image/svg+xml;base64,PHN2Zy8+\">",
    "<img srcset=\"x 1x, javascript:alert(1) 2x\">",
    "<body onload=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    "<a href=\"x\" onclick=\"alert(1)\">x</a>",
    "<a/onclick=alert(1)//href=x>x</a>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\" \u{1}javascript:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"java&#10;script:alert(1)\">x</a>",
    "<a href=\"&#106;&#97;vascript:alert(1)\">x</a>",
    "<a href=\"&#x6A&#x61vascript&colon;alert(1)\">x</a>",
    "<a href=\"javascript&Tab;:alert(1)\">x</a>",
    "<a href=\"vbscript:msgbox(1)\">x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<a href=\"blob:https://example.org/x\">x</a>",
    "<a href=\"view-source:javascript:alert(1)\">x</a>",
    "<a xlink:href=\"javascript:alert(1)\">x</a>",
    "<a href=x target=_blank rel=opener>x</a>",
    "<a href=x ping=//example.org>x</a>",
    "<a id=location name=cookie href=x>x</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<object data=javascript:alert(1)><param name=x></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=javascript:alert(1)>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<div style=\"width:expression(alert(1))\">x</div>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x</table>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) />",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math href=javascript:alert(1)>x</math>",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<textarea><p title=\"</textarea><img src=x onerror=alert(1)>\">",
    "<title><p title=\"</title><img src=x onerror=alert(1)>\">",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<select><option><script>alert(1)</script></select>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<x onclick=alert(1)>x</x>",
    "<p title=\"--><script>alert(1)</script>\">x",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<!DOCTYPE x [<!ENTITY y \"<script>alert(1)</script>\">]>",
    "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
    "<div\n\n<img src=x onerror=alert(1)>",
    "<div title=\"\n\n\" onmouseover=alert(1)>",
    "</p onclick=alert(1)><img src=x onerror=alert(1)",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert%281%29)",
    "[x](<java\tscript:alert(1)>)",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x09;javascript&colon;alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x](https://example.org \"a\\\" onmouseover=alert(1) b=\\\"\")",
    "[x](https://example.org/\"onmouseover=\"alert(1))",
    "![x](javascript:alert(1))",
    "![x\" onerror=\"alert(1)](x.png)",
    "![x](x.png \"a\\\" onerror=\\\"alert(1)\")",
    "![<img src=x onerror=alert(1)>](x)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "<https://example.org/\"onclick=\"alert(1)>",
    "`<img src=x onerror=alert(1)>`<img src=x onerror=alert(1)>",
    "```\"onmouseover=alert(1)\n<script>\n```\n<script>",
    "a | <img src=x onerror=alert(1)>\n-|-\n<script> | </script>",
    "# <img src=x onerror=alert(1)> \"><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "<b title='&lt;img src=x onerror=alert(1)&gt;'>x</b>",
    "<a href='x\"onclick=\"alert(1)'>x</a>",
];

#[test]
fn no_attack_comes_through() {
    for attack in ATTACKS {
        assert_harmless(&to_html(attack), attack);
    }
}

#[test]
fn nor_in_company() {
    for around in
        [["> - ", "\n\nx"], ["a *b ", "* c"], ["<div>\n", "\n</div>"], ["<table><tr><td>", "</table>"], ["# ", ""]]
    {
        for attack in ATTACKS {
            let text = around.join(attack);
            assert_harmless(&to_html(&text), &text);
        }
    }
}

#[test]
fn scripts_go_with_their_text() {
    for text in
        ["a <script>alert(1)</script> b", "a\n\n<script>\n\nalert(1)\n\n</SCRIPT>\n\nb", "a <svg><b>alert</svg> b"]
    {
        let html = to_html(text);
        assert!(!html.contains("alert") && html.contains('a') && html.contains('b'), "{html}");
    }
    assert!(to_html("*a <script>x* shown").contains("shown"), "an open script cannot outlive the element around it");
}

/// Pieces of which hostile texts are made.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "<", ">", "</", "/>", "\"", "'", "=", " ", "\n", "\n\n", "<a href=", "<img src=", "javascript:", "alert(1)",
    " onerror=", "<script>", "</script>", "<style>", "<svg>", "</svg>", "<math>", "<mtext>", "<table>", "<tr>",
    "<td>", "</table>", "<p>", "</p>", "<b>", "</b>", "<i>", "<li>", "<ul>", "<pre>", "<!--", "-->", "<![CDATA[",
    "]]>", "<?", "&lt;", "&#x3c", "&", "*", "**", "_", "`", "```\n", "> ", "- ", "1. ", "# ", "[", "](", ")", "![",
    "|", "a|b\n-|-\n", "\\", "\0", "x", "é", "\u{a0}", "<textarea>", "<title>", "<noscript>", "<details>",
    "<summary>", "<h1>", "</h1>", "<template>", "<iframe>", "<select>",
];

/// A text made of them.
fn hostile() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(PIECES).prop_map(str::to_owned);
    let piece = prop_oneof![4 => known, 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_is_harmful(text in any::<String>()) {
        assert_harmless(&to_html(&text), &text);
    }

    #[test]
    fn no_hostile_text_is_harmful(text in hostile()) {
        let html = to_html(&text);
        assert_harmless(&html, &text);
        prop_assert_eq!(&html, &to_html(&text), "the same text gives the same bytes");
    }
}
