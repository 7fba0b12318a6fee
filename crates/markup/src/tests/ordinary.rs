//! Texts as people write them.

use crate::to_html;

fn assert_gives(markdown: &str, html: &str) {
    assert_eq!(to_html(markdown).trim_end(), html, "{markdown}");
}

#[test]
fn paragraphs_and_emphasis() {
    assert_gives(
        "Hello *big* **wide** ~~flat~~ `a<b`\nworld  \nagain",
        "<p>Hello <em>big</em> <strong>wide</strong> <del>flat</del> <code>a&lt;b</code>\nworld<br>\nagain</p>",
    );
    assert_gives("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>");
}

#[test]
fn headings_have_their_own_ids() {
    assert_gives(
        "# What *we* collect\n\n## What we collect",
        concat!(
            "<h1 id=\"s-what-we-collect\">What <em>we</em> collect</h1>\n",
            "<h2 id=\"s-what-we-collect-1\">What we collect</h2>"
        ),
    );
    assert_gives("<h2 id=\"forms\">Forms</h2>", "<h2 id=\"s-forms\">Forms</h2>");
    assert_gives(
        "# `code` & ![a picture](x.png)\n\nTwo\n===",
        concat!(
            "<h1 id=\"s-code\"><code>code</code> &amp; <img src=\"x.png\" alt=\"a picture\"></h1>\n",
            "<h1 id=\"s-two\">Two</h1>"
        ),
    );
}

#[test]
fn links_inside_the_text_find_their_heading() {
    let html = to_html("[x](#your-rights) [y](#elsewhere) [z](#s-your-rights)\n\n# Your rights");
    let addresses: Vec<_> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(addresses, ["#s-your-rights", "#elsewhere", "#s-your-rights"]);
}

#[test]
fn links() {
    assert_gives(
        "[a](/b?c=1&d=2 \"t\") <https://example.org> <me@example.org>",
        concat!(
            "<p><a href=\"/b?c=1&amp;d=2\" title=\"t\" rel=\"noopener noreferrer\">a</a> ",
            "<a href=\"https://example.org\" rel=\"noopener noreferrer\">https://example.org</a> ",
            "<a href=\"mailto:me@example.org\" rel=\"noopener noreferrer\">me@example.org</a></p>"
        ),
    );
    assert_gives("[*a*][r]\n\n[r]: tel:+123", "<p><a href=\"tel:+123\" rel=\"noopener noreferrer\"><em>a</em></a></p>");
}

#[test]
fn lists() {
    assert_gives("- a\n- b\n  1. c", "<ul>\n<li>a</li>\n<li>b<ol>\n<li>c</li>\n</ol>\n</li>\n</ul>");
    assert_gives("3. a\n\n4. b", "<ol start=\"3\">\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>");
    assert_gives("- [x] a\n- [ ] b", "<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>");
}

#[test]
fn tables_keep_their_alignment() {
    assert_gives(
        "a | b | c | d\n:- | :-: | -: | -\n1 | *2* | 3 |",
        concat!(
            "<table>\n<thead><tr><th align=\"left\">a</th>\n<th align=\"center\">b</th>\n<th align=\"right\">c</th>\n",
            "<th>d</th>\n</tr>\n</thead>\n<tbody><tr><td align=\"left\">1</td>\n<td align=\"center\"><em>2</em></td>\n",
            "<td align=\"right\">3</td>\n<td></td>\n</tr>\n</tbody>\n</table>"
        ),
    );
    assert_gives("a|b\n-|-", "<table>\n<thead><tr><th>a</th>\n<th>b</th>\n</tr>\n</thead>\n</table>");
}

#[test]
fn code() {
    assert_gives(
        "```rust\nlet a = \"<b>\";\n```",
        "<pre><code class=\"language-rust\">let a = \"&lt;b&gt;\";\n</code></pre>",
    );
    assert_gives("```\"><script>\na\n```", "<pre><code>a\n</code></pre>");
    assert_gives("    a\n\n    b", "<pre><code>a\n\nb</code></pre>");
}

#[test]
fn benign_raw_html_stays() {
    assert_gives(
        "a <b title=\"&quot;x\">c</b> <br/> H<SUB>2</SUB>O",
        "<p>a <b title=\"&quot;x\">c</b> <br> H<sub>2</sub>O</p>",
    );
    assert_gives(
        "<details open>\n<summary>More</summary>\n\nSome *text*\n\n</details>",
        "<details open=\"\">\n<summary>More</summary>\n<p>Some <em>text</em></p>\n</details>",
    );
    assert_gives(
        "<table><tr>\n\n<td colspan=\"2\">\n\n*hi*\n\n</td>\n\n</tr></table>",
        "<table><tbody><tr>\n<td colspan=\"2\">\n<p><em>hi</em></p>\n</td>\n</tr></tbody></table>",
    );
    assert_gives("<ul><li>a<li>b</ul>", "<ul><li>ab</li></ul>");
    assert_gives("&copy; &nbsp;1 &lt;b&gt; <i>&amp;lt;</i>", "<p>© &nbsp;1 &lt;b&gt; <i>&amp;lt;</i></p>");
}

#[test]
fn raw_html_that_does_not_fit_leaves_its_text() {
    assert_gives("a <div>b</div> c", "<p>a b c</p>");
    assert_gives("<center>a</center>", "a");
    assert_gives("*a <b>c* d</b> e", "<p><em>a <b>c</b></em> d e</p>");
    assert_gives("<b>\n\nbold\n\n# Heading", "<b>\n<p>bold</p>\n<h1 id=\"s-heading\">Heading</h1>\n</b>");
    assert_gives("<p>\n\na\n\n</p>", "<p>\n</p><p>a</p>");
    assert_gives("<table>text<tr><td>a</td></tr></table>", "<table></table>texta");
    assert_gives(
        "<a href=\"/x\">a [b](/y) c</a>",
        "<p><a href=\"/x\" rel=\"noopener noreferrer\">a </a><a href=\"/y\" rel=\"noopener noreferrer\">b</a> c</p>",
    );
}

#[test]
fn comments_are_dropped() {
    assert_gives("a <!-- b --> c <?php d ?> e <![CDATA[f]]> g", "<p>a  c  e  g</p>");
    assert_gives("<!-- a\n\nb --> c\n\nd", " c\n<p>d</p>");
}

#[test]
fn images() {
    assert_gives("![a *b* `c`](/d.png \"t\")", "<p><img src=\"/d.png\" title=\"t\" alt=\"a b c\"></p>");
    assert_gives("![x](data:image/png;base64,AAAA)", "<p><img alt=\"x\"></p>");
}

#[test]
fn nothing_gives_nothing() {
    for empty in ["", "\n", " \n\t\n", "[a]: /b"] {
        assert_gives(empty, "");
    }
}

#[test]
fn deep_nesting_keeps_the_text() {
    let html = to_html(&format!("{}deep", "> ".repeat(60)));
    assert_eq!((html.matches("<blockquote>").count(), html.contains("deep")), (60, true));
    let html = to_html(&format!("{}deep", "> ".repeat(5_000)));
    assert!(html.matches("<blockquote>").count() <= 64 && html.contains("deep"), "{html}");
}

#[test]
fn long_texts_are_whole() {
    let text = "a & b\u{a0}c < d; ".repeat(500);
    let expected = text.trim_end().replace('&', "&amp;").replace('<', "&lt;").replace('\u{a0}', "&nbsp;");
    assert_gives(&text, &format!("<p>{expected}</p>"));
    assert_gives(&format!("<b>{}</b>", "&amp;&copy;".repeat(500)), &format!("<p><b>{}</b></p>", "&amp;©".repeat(500)));
}

#[test]
fn endless_attributes_are_cut() {
    let long = "é".repeat(4000);
    assert_gives(&format!("[a](/{long})"), "<p><a rel=\"noopener noreferrer\">a</a></p>");
    assert_gives(&format!("![{long}](/b)"), &format!("<p><img src=\"/b\" alt=\"{}\"></p>", "é".repeat(2048)));
}
