//! What a visitor sent, checked against the form: nothing that was not asked, nothing that is too long.

use super::{Definition, Field, Kind};
use crate::Fault;
use crate::purpose::Use;
use bonafide_model::EmailAddress;
use bonafide_model::name::FieldKey;
use bonafide_vault::Group;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// How many faults one refusal names.
const MOST_FAULTS: usize = 100;

/// Answers that keep the form's rules. In clear, and in memory only: wiped when dropped, and never shown.
pub struct Answers {
    values: Vec<(FieldKey, Group, Zeroizing<String>)>,
    address: Option<EmailAddress>,
    uses: Vec<Use>,
}

impl Answers {
    /// Checks what was sent.
    ///
    /// # Errors
    /// Every fault there is, none of which repeats anything of what was sent but the names of unknown fields.
    pub fn parse(form: &Definition, fields: &Map<String, Value>, uses: &[String]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        for key in fields.keys().filter(|key| form.fields.iter().all(|field| field.key.as_str() != **key)) {
            // the name may itself be what somebody wrote: it is not repeated
            let shown = key.parse::<FieldKey>().map_or_else(|_| "?".to_owned(), |key| key.to_string());
            faults.push(Fault::at(format!("/fields/{shown}"), "unknown_field", "the form has no such field"));
        }
        let mut values = Vec::new();
        for field in &form.fields {
            match answer(field, fields.get(field.key.as_str())) {
                Ok(Some(value)) => values.push((field.key.clone(), field.kind.group(), value)),
                Ok(None) => {}
                Err((code, message)) => faults.push(Fault::at(format!("/fields/{}", field.key), code, message)),
            }
        }
        let uses = permitted(form, uses, &mut faults);
        if !faults.is_empty() {
            faults.truncate(MOST_FAULTS);
            return Err(faults);
        }
        let named = form.address().and_then(|field| values.iter().find(|value| value.0 == field.key));
        let address = named.and_then(|value| value.2.parse().ok());
        Ok(Self { values, address, uses })
    }

    /// The address by which the person is found later.
    pub(crate) fn address(&self) -> Option<&EmailAddress> {
        self.address.as_ref()
    }

    /// The uses beyond the purpose that the visitor permits.
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// The answers of one group as one JSON object; `None` if there are none.
    pub(crate) fn group(&self, group: Group) -> Option<Zeroizing<Vec<u8>>> {
        let mut values = self.values.iter().filter(|value| value.1 == group).peekable();
        values.peek()?;
        // room for the worst case, so that no half-written copy is left behind unwiped
        let room = self.values.iter().map(|value| value.2.len() * 6 + 64).sum::<usize>() + 2;
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        for (key, _, value) in values {
            let before = if json.is_empty() { b'{' } else { b',' };
            json.push(before);
            // memory takes every byte
            let _ = serde_json::to_writer(&mut *json, key.as_str());
            json.push(b':');
            let _ = serde_json::to_writer(&mut *json, value.as_str());
        }
        json.push(b'}');
        Some(json)
    }
}

type Refusal = (&'static str, String);

fn answer(field: &Field, sent: Option<&Value>) -> Result<Option<Zeroizing<String>>, Refusal> {
    let text = match sent {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text.as_str(),
        Some(_) => return Err(("wrong_type", "must be a string".to_owned())),
    };
    let text = if field.kind == Kind::FreeText { text.trim_end() } else { text.trim() };
    if text.is_empty() {
        return if field.required { Err(("missing_field", "must be answered".to_owned())) } else { Ok(None) };
    }
    let invalid = |message: String| Err(("invalid_value", message));
    let longest = field.longest();
    if text.chars().nth(usize::try_from(longest).unwrap_or(usize::MAX)).is_some() {
        return invalid(format!("must have at most {longest} characters"));
    }
    let fits = |char: char| !char.is_control() || (field.kind.has_lines() && matches!(char, '\n' | '\r' | '\t'));
    if !text.chars().all(fits) {
        let message =
            if field.kind.has_lines() { "must not contain control characters" } else { "must be one line of text" };
        return invalid(message.to_owned());
    }
    match field.kind {
        Kind::Email if text.parse::<EmailAddress>().is_err() => {
            invalid("must be an e-mail address such as ada@example.org".to_owned())
        }
        Kind::Choice if field.choices.iter().all(|choice| choice.value.as_str() != text) => {
            invalid("must be one of the choices".to_owned())
        }
        _ => Ok(Some(Zeroizing::new(text.to_owned()))),
    }
}

fn permitted(form: &Definition, sent: &[String], faults: &mut Vec<Fault>) -> Vec<Use> {
    let mut uses: Vec<Use> = Vec::new();
    for (index, name) in sent.iter().enumerate() {
        match form.permissions.iter().find(|extra| extra.r#use.to_string() == *name) {
            Some(extra) if !uses.contains(&extra.r#use) => uses.push(extra.r#use.clone()),
            Some(_) => {}
            None => {
                faults.push(Fault::invalid(format!("/permissions/{index}"), "the form asks for no such permission"));
            }
        }
    }
    uses
}

#[cfg(test)]
mod tests;
