//! How a submission comes in: sealed in memory, its keys made durable, then the sealed bytes. Only then is it acknowledged.

use super::{Column, PolicyRef, context};
use crate::form::{Answers, FormVersion};
use crate::life::{Permission as LifePermission, Rules, State, Timeline};
use crate::{Error, Retention};
use bonafide_keyring::{TokenFamily, TokenHash, mint, parse};
use bonafide_ledger::{Leaf, leaf};
use bonafide_model::access::Actor;
use bonafide_model::id::{SiteId, SubmissionId};
use bonafide_model::{EmailAddress, Instant, TimeZone};
use bonafide_storage::Tx;
use bonafide_vault::{Group, Permission, RecordKeys};
use zeroize::Zeroizing;

/// What has to be known of a submission beside its answers.
pub struct Intake<'a> {
    /// The site.
    pub site: SiteId,
    /// The version of the form that is answered.
    pub form: &'a FormVersion,
    /// The policy revision in force, if there is one.
    pub policy: Option<PolicyRef>,
    /// Whether it was judged to be spam.
    pub spam: bool,
    /// The site's zone, in which periods are counted.
    pub zone: &'a TimeZone,
    /// The present instant.
    pub now: Instant,
}

/// A submission that is sealed, but stands nowhere yet.
pub struct Sealed {
    keys: Option<RecordKeys>,
    address: Option<EmailAddress>,
    permissions: Vec<Permission>,
    row: Row,
    /// What its sender gets.
    pub receipt: Receipt,
}

/// What the sender of a submission gets: proof that they sent it, and what was promised.
#[derive(Clone)]
pub struct Receipt {
    /// The id of the submission.
    pub id: SubmissionId,
    /// Shown once; only its hash is kept.
    pub token: Zeroizing<String>,
    /// The salt of the submission's lines in the log: with it, and only with it, they can be told from others.
    pub salt: [u8; 32],
    /// When it came.
    pub submitted_at: Instant,
    /// When it is erased if nobody answers.
    pub due_at: Instant,
    /// The uses beyond the purpose that were permitted, each with its end.
    pub permissions: Vec<(String, Instant)>,
}

/// The row, and the sealed bytes.
#[derive(Clone)]
struct Row {
    site: SiteId,
    id: SubmissionId,
    form: FormVersion,
    policy: Option<PolicyRef>,
    spam: bool,
    due_at: Instant,
    now: Instant,
    receipt: TokenHash,
    sealed: [Option<Vec<u8>>; 3],
    object: [u8; 32],
    uses: Vec<String>,
}

impl Retention {
    /// Seals answers. Nothing is written yet.
    ///
    /// # Errors
    /// If they cannot be sealed, which does not happen.
    pub fn seal(&self, intake: Intake<'_>, answers: &Answers) -> Result<Sealed, Error> {
        let Intake { site, form, policy, spam, zone, now } = intake;
        let id: SubmissionId = self.entropy.id(now);
        let keys = self.vault.new_record(id.uuid());
        let seal = |column: Column, bytes: &[u8]| {
            let place = context(site, id, form.id, policy.as_ref(), column);
            keys.seal(&self.entropy, column.group(), &place, bytes)
        };
        let group = |column, group| answers.group(group).map(|bytes| seal(column, &bytes)).transpose();
        let address =
            answers.address().map(|address| seal(Column::Address, address.as_str().as_bytes())).transpose()?;
        let sealed = [group(Column::Contact, Group::Contact)?, group(Column::Message, Group::Message)?, address];
        let rules = Rules::collected_under(form.definition.rule());
        let due_at = Timeline { received_at: now, fulfilled_at: None, spam, rules: &rules, zone }.due_at();
        let permissions = permissions(form, answers, zone, now);
        let (token, hash) = mint(TokenFamily::Receipt, &self.entropy);
        let given: Vec<_> = permissions.iter().map(|given| (given.r#use.clone(), given.expires_at)).collect();
        let uses = given.iter().map(|given| given.0.clone()).collect();
        let (salt, object) = (*keys.salt(), leaf::object(keys.salt(), &id.to_string()));
        Ok(Sealed {
            keys: Some(keys),
            address: answers.address().cloned(),
            permissions,
            row: Row { site, id, form: form.clone(), policy, spam, due_at, now, receipt: hash, sealed, object, uses },
            receipt: Receipt { id, token, salt, submitted_at: now, due_at, permissions: given },
        })
    }

    /// Makes the keys of a sealed submission durable: the first of the two commits.
    ///
    /// # Errors
    /// If they cannot be written; then the submission must not be acknowledged.
    pub async fn deposit(&self, sealed: &mut Sealed) -> Result<(), Error> {
        let Some(keys) = sealed.keys.take() else { return Ok(()) };
        let permissions = std::mem::take(&mut sealed.permissions);
        self.vault.deposit(keys, sealed.address.take(), permissions, sealed.row.now).await?;
        Ok(())
    }
}

impl Sealed {
    /// Writes the row, the sealed bytes and the line of the log: the second commit is that of this transaction.
    pub fn writer(&self) -> impl Fn(&Tx) + Clone + Send + Sync + 'static + use<> {
        let row = self.row.clone();
        move |tx: &Tx| row.append(tx)
    }
}

impl Row {
    fn append(&self, tx: &Tx) {
        let policy = self.policy.as_ref();
        tx.append(
            "INSERT INTO submission (id, site_id, form_id, form_version_id, state, spam, restricted,
                restricted_by_visitor, held, received_at, due_at, ends_at, reckoned, receipt_hash, policy, policy_number, policy_digest)",
            [
                self.id.uuid().into(),
                self.site.uuid().into(),
                self.form.form.uuid().into(),
                self.form.id.uuid().into(),
                State::Received.name().into(),
                self.spam.into(),
                false.into(),
                false.into(),
                false.into(),
                self.now.micros().into(),
                self.due_at.micros().into(),
                self.due_at.micros().into(),
                i64::from(self.form.number).into(),
                self.receipt.to_vec().into(),
                policy.map(|policy| policy.policy.to_string()).into(),
                policy.map(|policy| i64::from(policy.number)).into(),
                policy.map(|policy| policy.digest.to_vec()).into(),
            ],
        );
        let [contact, message, address] = self.sealed.clone();
        tx.append(
            "INSERT INTO submission_sealed (submission_id, contact, message, address)",
            [self.id.uuid().into(), contact.into(), message.into(), address.into()],
        );
        let line = Leaf {
            object: Some(self.object),
            revision: policy.map(|policy| policy.digest),
            new: Some(State::Received.name()),
            ..Leaf::new(leaf::Kind::SubmissionReceived, self.now, Actor::System)
        };
        leaf::append(tx, self.site, &line);
        for r#use in &self.uses {
            let line = Leaf { kind: leaf::Kind::PermissionGiven, rule: Some(r#use.clone()), new: None, ..line.clone() };
            leaf::append(tx, self.site, &line);
        }
    }
}

fn permissions(form: &FormVersion, answers: &Answers, zone: &TimeZone, now: Instant) -> Vec<Permission> {
    let asked = form.definition.permissions.iter().filter(|extra| answers.uses().contains(&extra.r#use));
    let given = asked.map(|extra| {
        let groups = form.definition.groups_of(extra);
        let expires_at = LifePermission::given(groups, now, extra.period, zone).expires_at();
        Permission { r#use: extra.r#use.to_string(), groups, given_at: now, expires_at }
    });
    given.collect()
}

/// What is named by a receipt token; `None` if it cannot have been made here.
pub(crate) fn receipt_hash(token: &str) -> Option<TokenHash> {
    parse(TokenFamily::Receipt, token)
}
