//! SPDX licence expressions, as far as Cargo manifests use them.

/// Whether the terms of an expression can be met with licences that `allowed` accepts.
///
/// Understands `AND`, `OR`, parentheses, `WITH` exceptions (one name together with the licence) and the old `/` for `OR`.
pub(super) fn is_met(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let words: Vec<String> = spaced.split_whitespace().map(|word| word.replace("+WITH+", " WITH ")).collect();
    let mut reader = Reader { words: &words, allowed };
    reader.alternatives() == Some(true) && reader.words.is_empty()
}

/// What is left to read. Each method gives `None` for an expression that makes no sense.
struct Reader<'a> {
    words: &'a [String],
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.first().is_some_and(|next| next == word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn alternatives(&mut self) -> Option<bool> {
        let mut met = self.conditions()?;
        while self.takes("OR") {
            met |= self.conditions()?;
        }
        Some(met)
    }

    fn conditions(&mut self) -> Option<bool> {
        let mut met = self.licence()?;
        while self.takes("AND") {
            met &= self.licence()?;
        }
        Some(met)
    }

    fn licence(&mut self) -> Option<bool> {
        if self.takes("(") {
            let met = self.alternatives()?;
            return self.takes(")").then_some(met);
        }
        let allowed = self.allowed;
        self.next().filter(|word| !["AND", "OR", ")"].contains(word)).map(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let ours = |licence: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
        for met in [
            "MIT",
            "GPL-3.0-only OR MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT AND (GPL-3.0-only OR ISC)",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
            "GPL-3.0-only AND BSL-1.0 OR MIT",
        ] {
            assert!(is_met(met, &ours), "{met}");
        }
        for refused in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "MIT AND (GPL-3.0-only OR Zlib)",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT ISC",
            "Apache-2.0",
        ] {
            assert!(!is_met(refused, &ours), "{refused}");
        }
    }
}
