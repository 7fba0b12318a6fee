//! docs/benchmarks.md: one section for each thing that is measured, replaced when it is measured again.

use std::fs;

use super::process;
use crate::{Failure, programs};

/// Replaces the section with this title, or adds it, together with day and machine.
pub(crate) fn section(title: &str, body: &str) -> Result<(), Failure> {
    let file = programs::root().join("docs/benchmarks.md");
    let text = fs::read_to_string(&file).map_err(|cause| format!("docs/benchmarks.md: {cause}"))?;
    let day = programs::read(std::process::Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let new = format!("## {title}\n\n{}, {}.\n\n{}\n", day.trim(), process::machine(), body.trim_end());
    fs::write(&file, replaced(&text, title, &new)).map_err(|cause| cause.to_string())
}

fn replaced(text: &str, title: &str, new: &str) -> String {
    let Some(start) = text.find(&format!("## {title}\n")) else {
        return format!("{}\n\n{new}", text.trim_end());
    };
    let end = text[start + 3..].find("\n## ").map(|at| start + 3 + at);
    let rest = end.map_or(String::new(), |end| text[end..].to_owned());
    format!("{}{new}{rest}", &text[..start])
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_is_replaced_or_added() {
        let text = "# B\n\n## One\n\nold\n\n## Two\n\ntwo\n";
        assert_eq!(replaced(text, "One", "## One\n\nnew\n"), "# B\n\n## One\n\nnew\n\n## Two\n\ntwo\n");
        assert_eq!(replaced(text, "Two", "## Two\n\nnew\n"), "# B\n\n## One\n\nold\n\n## Two\n\nnew\n");
        assert_eq!(replaced("# B\n", "One", "## One\n"), "# B\n\n## One\n");
    }
}
