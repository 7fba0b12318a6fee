//! What a form asks for, for which purpose, and how long it is kept: a document, with its rules.

use crate::Fault;
use crate::life::{Groups, Rule};
use crate::purpose::{Terms, Use};
use bonafide_model::name::FieldKey;
use bonafide_model::text::Text;
use bonafide_model::{Locale, Period};
use bonafide_vault::Group;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

/// A text in one or more locales.
pub type Localized = BTreeMap<Locale, Text<2000, true>>;

/// How much a form may hold.
const MOST_FIELDS: usize = 50;
const MOST_CHOICES: usize = 200;
const MOST_USES: usize = 10;
const MOST_ORIGINS: usize = 20;
const MOST_LOCALES: usize = 50;
/// The longest answer, in characters, that a field may take.
const LONGEST_ANSWER: u32 = 20_000;

/// A form as it is written and published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What it is called.
    #[serde(default)]
    pub title: Localized,
    /// What its answers are used for. Without one it cannot be published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// What it asks.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// How long answers are kept. Without it the form cannot be published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Uses beyond the purpose, each of which the visitor can permit or not.
    #[serde(default)]
    pub permissions: Vec<ExtraUse>,
    /// Whose pages may send it from a browser, beside the site's own.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// What it does against machines.
    #[serde(default)]
    pub spam: Spam,
}

/// What answers are used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// The purpose as a term.
    pub term: Term,
    /// The purpose in words.
    pub text: Localized,
    /// Whether answers may also be read to trace fraud; visitors are told.
    #[serde(default)]
    pub fraud_trace: bool,
}

/// The purposes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// To do what the visitor asks for.
    FulfilRequest,
}

/// One thing that a form asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in submissions.
    pub key: FieldKey,
    /// What kind of data it takes.
    pub kind: Kind,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// What it is called.
    pub label: Localized,
    /// More words for whoever fills it in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub help: Localized,
    /// The most characters of an answer; by default what its kind takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

impl Field {
    /// The most characters of an answer.
    pub fn longest(&self) -> u32 {
        self.max_length.unwrap_or(self.kind.longest())
    }
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is sent.
    pub value: Text<200>,
    /// What is shown.
    pub label: Localized,
}

/// What kind of data a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What somebody is called.
    Name,
    /// An e-mail address.
    Email,
    /// A postal address.
    PostalAddress,
    /// A telephone number.
    Phone,
    /// What somebody writes.
    FreeText,
    /// One of several choices.
    Choice,
    /// Something else, on one line.
    Other,
}

impl Kind {
    /// Which of a record's keys it is sealed under.
    pub const fn group(self) -> Group {
        match self {
            Self::Name | Self::Email | Self::PostalAddress | Self::Phone => Group::Contact,
            Self::FreeText | Self::Choice | Self::Other => Group::Message,
        }
    }

    /// Whether an answer may have several lines.
    pub const fn has_lines(self) -> bool {
        matches!(self, Self::PostalAddress | Self::FreeText)
    }

    const fn longest(self) -> u32 {
        match self {
            Self::Name | Self::Choice => 200,
            Self::Email => 320,
            Self::Phone => 40,
            Self::PostalAddress | Self::Other => 500,
            Self::FreeText => 5000,
        }
    }
}

/// How long answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// After the request was fulfilled. `P0D` is at that moment.
    #[serde(default = "a_month")]
    pub after_fulfilment: Period,
    /// When nobody answers.
    #[serde(default = "half_a_year")]
    pub unanswered: Period,
}

const fn a_month() -> Period {
    Period::days(30)
}

const fn half_a_year() -> Period {
    Period::days(180)
}

const fn a_week() -> Period {
    Period::days(7)
}

/// A use beyond the purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraUse {
    /// Its name.
    pub r#use: Use,
    /// What the visitor permits, in words.
    pub text: Localized,
    /// How long the permission lasts, at most 24 months.
    pub period: Period,
    /// The fields that it needs; without any, those that tell how to reach the visitor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldKey>,
}

/// What a form does against machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spam {
    /// Whether the visitor's browser has to solve a riddle.
    pub proof_of_work: Switch,
    /// The fewest seconds between the form and its answer.
    pub minimum_seconds: u16,
    /// How long what was judged spam is kept.
    pub keep: Period,
}

impl Default for Spam {
    fn default() -> Self {
        Self { proof_of_work: Switch::Off, minimum_seconds: 3, keep: a_week() }
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// The origin of a web page (RFC 6454), such as `https://www.example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// The origin, as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Origin {
    type Err = bonafide_model::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: bonafide_model::Invalid =
            bonafide_model::Invalid("must be an origin such as https://www.example.org, without a path");
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(WANTED)?;
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']')
        };
        if host.is_empty() || text.len() > 260 || !host.bytes().all(allowed) {
            Err(WANTED)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Definition {
    /// What is wrong with it even as a draft: too much of something, or a name twice.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        bound(&mut faults, "/fields", self.fields.len(), MOST_FIELDS);
        bound(&mut faults, "/permissions", self.permissions.len(), MOST_USES);
        bound(&mut faults, "/origins", self.origins.len(), MOST_ORIGINS);
        twice(&mut faults, "/fields", "key", self.fields.iter().map(|field| &field.key));
        twice(&mut faults, "/permissions", "use", self.permissions.iter().map(|extra| &extra.r#use));
        for (pointer, text) in self.texts() {
            bound(&mut faults, &pointer, text.len(), MOST_LOCALES);
        }
        for (index, field) in self.fields.iter().enumerate() {
            field_faults(&mut faults, index, field);
        }
        for (index, extra) in self.permissions.iter().enumerate() {
            self.use_faults(&mut faults, index, extra);
        }
        if self.spam.minimum_seconds > 3600 {
            faults.push(Fault::invalid("/spam/minimum_seconds", "must be at most 3600"));
        }
        if self.spam.keep.longest_seconds() > Period::days(90).longest_seconds() {
            faults.push(Fault::invalid("/spam/keep", "must be at most P90D"));
        }
        faults
    }

    /// What it lacks for publication, in a site whose default locale this is.
    pub fn missing(&self, default: &Locale) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut lacks = |pointer: &str, message: &str| faults.push(Fault::at(pointer, "incomplete", message));
        if self.purpose.is_none() {
            lacks("/purpose", "a form is published with its purpose");
        }
        match self.retention {
            None => lacks("/retention", "a form is published with the period for which its answers are kept"),
            Some(Retention { unanswered, .. }) if unanswered.is_zero() => {
                lacks("/retention/unanswered", "answers that nobody has read yet must be kept for some time");
            }
            Some(_) => {}
        }
        if self.fields.is_empty() {
            lacks("/fields", "a form asks something");
        }
        for (pointer, text) in self.texts() {
            if !text.contains_key(default) {
                let message = format!("there is no text in the site's default locale, {default}");
                lacks(&format!("{pointer}/{default}"), &message);
            }
        }
        faults
    }

    /// Every text, with its place.
    fn texts(&self) -> Vec<(String, &Localized)> {
        let mut texts = vec![("/title".to_owned(), &self.title)];
        texts.extend(self.purpose.iter().map(|purpose| ("/purpose/text".to_owned(), &purpose.text)));
        for (index, field) in self.fields.iter().enumerate() {
            texts.push((format!("/fields/{index}/label"), &field.label));
            if !field.help.is_empty() {
                texts.push((format!("/fields/{index}/help"), &field.help));
            }
            let choices = field.choices.iter().enumerate();
            texts.extend(choices.map(|(at, choice)| (format!("/fields/{index}/choices/{at}/label"), &choice.label)));
        }
        let uses = self.permissions.iter().enumerate();
        texts.extend(uses.map(|(index, extra)| (format!("/permissions/{index}/text"), &extra.text)));
        texts
    }

    fn use_faults(&self, faults: &mut Vec<Fault>, index: usize, extra: &ExtraUse) {
        let longest = Period::months(24).longest_seconds();
        if extra.period.is_zero() || extra.period.longest_seconds() > longest {
            faults.push(Fault::invalid(
                format!("/permissions/{index}/period"),
                "must be longer than nothing and at most P24M",
            ));
        }
        for (at, key) in extra.fields.iter().enumerate() {
            if self.field(key).is_none() {
                faults.push(Fault::invalid(format!("/permissions/{index}/fields/{at}"), "there is no such field"));
            }
        }
    }

    /// The field of a key.
    pub fn field(&self, key: &FieldKey) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == *key)
    }

    /// The field whose address people are found by.
    pub fn address(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.kind == Kind::Email)
    }

    /// The groups that a use needs.
    pub fn groups_of(&self, extra: &ExtraUse) -> Groups {
        if extra.fields.is_empty() {
            return Groups::NONE.with(Group::Contact);
        }
        extra.fields.iter().filter_map(|key| self.field(key)).map(|field| field.kind.group()).collect()
    }

    /// How long answers are kept, for the clocks.
    pub fn rule(&self) -> Rule {
        let Retention { after_fulfilment, unanswered } =
            self.retention.unwrap_or(Retention { after_fulfilment: a_month(), unanswered: half_a_year() });
        Rule { after_fulfilment, unanswered, spam: self.spam.keep }
    }

    /// What it says may be done with answers.
    pub fn terms(&self) -> Terms {
        let traces_fraud = self.purpose.as_ref().is_some_and(|purpose| purpose.fraud_trace);
        Terms { fulfils: self.purpose.is_some(), traces_fraud }
    }
}

fn field_faults(faults: &mut Vec<Fault>, index: usize, field: &Field) {
    let place = |name: &str| format!("/fields/{index}/{name}");
    bound(faults, &place("choices"), field.choices.len(), MOST_CHOICES);
    twice(faults, &place("choices"), "value", field.choices.iter().map(|choice| choice.value.as_str()));
    match (field.kind, field.choices.is_empty()) {
        (Kind::Choice, true) => {
            faults.push(Fault::invalid(place("choices"), "a field of kind choice lists its choices"));
        }
        (Kind::Choice, false) | (_, true) => {}
        _ => faults.push(Fault::invalid(place("choices"), "only a field of kind choice has choices")),
    }
    if field.max_length.is_some_and(|most| most == 0 || most > LONGEST_ANSWER) {
        faults.push(Fault::invalid(place("max_length"), format!("must be from 1 to {LONGEST_ANSWER}")));
    }
}

fn bound(faults: &mut Vec<Fault>, pointer: &str, count: usize, most: usize) {
    if count > most {
        faults.push(Fault::invalid(pointer, format!("must have at most {most} items")));
    }
}

fn twice<K: Hash + Eq>(faults: &mut Vec<Fault>, list: &str, name: &str, keys: impl Iterator<Item = K>) {
    let mut seen = HashSet::new();
    for (index, key) in keys.enumerate() {
        if !seen.insert(key) {
            faults.push(Fault::invalid(format!("{list}/{index}/{name}"), "stands there twice"));
        }
    }
}
