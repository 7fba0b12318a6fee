//! The published access matrix, docs/access-matrix.md, walked on real databases: every operation × role × purpose × state × flag.
//!
//! The document is what is observed. Where it differs, what was observed is written beside the tests' other files, and the
//! message says where.

use crate::*;
use bonafide_model::access::{CountSubmissions, EraseSubmissions, HandleSubmissions, Permission, Role};
use bonafide_retention::Outcome;
use bonafide_retention::erase::Wanted;
use bonafide_retention::hold::Ask;
use bonafide_retention::life::Cause;
use bonafide_retention::life::disclosure::{Ground, Misstep};
use bonafide_retention::life::hold::{Mode, Reason};
use bonafide_test_support::slow_on_both;
use futures_util::{StreamExt as _, stream};
use std::fmt::Write as _;

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Staff with a permission.
    Staff(Permission),
    /// Whoever holds the receipt.
    Holder,
    /// The process itself.
    System,
}

const HANDLE: Who = Who::Staff(Permission::HandleSubmissions);
const ERASE: Who = Who::Staff(Permission::EraseSubmissions);

/// Everything that can be done to one submission.
const OPERATIONS: [(&str, Who); 29] = [
    ("see state and dates", HANDLE),
    ("open for fulfil_request", HANDLE),
    ("open for subject_rights", HANDLE),
    ("open for legal_disclosure", HANDLE),
    ("open for fraud_trace", HANDLE),
    ("open for permitted:newsletter", HANDLE),
    ("open for permitted:other", HANDLE),
    ("fulfil", HANDLE),
    ("reopen", HANDLE),
    ("restrict", ERASE),
    ("lift the staff's restriction", ERASE),
    ("ask for a hold", ERASE),
    ("confirm a hold", ERASE),
    ("release a hold", ERASE),
    ("ask for a disclosure", ERASE),
    ("decide a disclosure", ERASE),
    ("take a disclosure back", ERASE),
    ("erase, not needed", ERASE),
    ("erase, the person asks", ERASE),
    ("export the person", ERASE),
    ("erase the person", ERASE),
    ("see with the receipt", Who::Holder),
    ("permit a use", Who::Holder),
    ("withdraw a permission", Who::Holder),
    ("restrict or object", Who::Holder),
    ("lift the visitor's restriction", Who::Holder),
    ("wish to be erased", Who::Holder),
    ("take the wish back", Who::Holder),
    ("erase on schedule", Who::System),
];

const STATES: [&str; 6] = ["received", "open", "fulfilled", "due", "erased", "final"];
const FLAGS: [&str; 8] = [
    "none",
    "permission given",
    "restricted by staff",
    "restricted by the visitor",
    "disclosure decided",
    "held",
    "locked",
    "spam",
];

/// One square of the matrix, and the submission on which it is tried.
#[derive(Clone)]
struct Cell {
    operation: &'static str,
    who: Who,
    state: &'static str,
    flag: &'static str,
    id: SubmissionId,
    token: String,
    email: String,
}

impl Cell {
    fn granted<A: Action>(&self, world: &World, number: u8) -> Act<A> {
        assert!(matches!(self.who, Who::Staff(permission) if permission == A::PERMISSION), "{}", self.operation);
        let actor = Actor::Account(AccountId::new(now(), [number; 10]));
        Act::new(Granted::issue(actor, world.site), days(200), world.entropy.clone())
    }
}

/// Whether the combination can come about: of what is erased no flag is left, spam keeps nothing beyond its time.
fn exists(state: &str, flag: &str) -> bool {
    match state {
        "erased" | "final" => flag == "none",
        "due" => flag != "spam" && flag != "none",
        _ => true,
    }
}

async fn sent(world: &World, form: &FormVersion) -> Vec<Cell> {
    let squares = OPERATIONS.iter().flat_map(|operation| {
        let states = STATES.iter().flat_map(|state| FLAGS.iter().map(move |flag| (*state, *flag)));
        states.filter(|(state, flag)| exists(state, flag)).map(move |place| (*operation, place))
    });
    let squares: Vec<_> = squares.enumerate().collect();
    let cells = stream::iter(squares).map(async |(n, ((operation, who), (state, flag)))| {
        // what is due came long ago; everything else a few days before it is tried
        let at = if state == "due" { now() } else { days(196) };
        let email = format!("person{n}@example.org");
        let uses: &[&str] = if flag == "permission given" || state == "due" { &["newsletter"] } else { &[] };
        let (id, token) = world.submit(form, &email, uses, flag == "spam", at).await;
        Cell { operation, who, state, flag, id, token, email }
    });
    cells.buffered(16).collect().await
}

/// Brings every submission to its place.
async fn furnish(world: &World, form: &FormVersion) -> Vec<Cell> {
    let cells = sent(world, form).await;
    let due = cells.iter().filter(|cell| cell.state == "due").count() as u64;
    assert_eq!(world.sweep(days(190)).await.reduced, due);
    stream::iter(&cells).for_each_concurrent(16, |cell| place(world, cell)).await;
    let gone: Vec<_> = cells.iter().filter(|cell| matches!(cell.state, "erased" | "final")).collect();
    for (state, at) in [("final", days(197)), ("erased", days(199))] {
        let mut wanted = Vec::new();
        for cell in gone.iter().filter(|cell| cell.state == state) {
            wanted.push(Wanted { submission: world.get(cell.id).await, cause: Cause::Staff, rules: None });
        }
        world.retention.erase(Actor::System, &wanted, at).await.expect("erased");
        world.retention.settle(at).await.expect("settled");
        if state == "final" {
            world.retention.look_after_keys(days(199)).await.expect("a new epoch");
        }
    }
    for cell in &cells {
        assert_eq!(world.get(cell.id).await.state.name(), cell.state, "{} {}", cell.operation, cell.flag);
    }
    cells
}

async fn place(world: &World, cell: &Cell) {
    match cell.state {
        "open" => drop(world.open(cell.id, "fulfil_request", days(197)).await.expect("allowed")),
        "fulfilled" => {
            world.retention.fulfil(world.act(days(198)), cell.id, TimeZone::UTC).await.expect("fulfilled");
        }
        _ => {}
    }
    match cell.flag {
        "restricted by staff" => {
            world.retention.restrict(world.act(days(199)), cell.id, true).await.expect("restricted");
        }
        "restricted by the visitor" => {
            world.retention.restrict_mine(world.site, &cell.token).await.expect("restricted");
        }
        "disclosure decided" => {
            disclosure(world, officer(world, 7), cell).await.expect("asked");
            world.retention.decide_disclosure(officer(world, 8), cell.id, Mode::TwoPeople).await.expect("decided");
        }
        "locked" => {
            world.retention.vault().lock(cell.id.uuid(), days(210)).await.expect("locked");
        }
        "held" => {
            ask(world, cell, 7).await.expect("asked");
            let second = officer(world, 8);
            world.retention.confirm_hold(second, cell.id, Mode::TwoPeople).await.expect("held");
        }
        _ => {}
    }
}

fn officer(world: &World, number: u8) -> Act<EraseSubmissions> {
    let actor = Actor::Account(AccountId::new(now(), [number; 10]));
    Act::new(Granted::issue(actor, world.site), days(199), world.entropy.clone())
}

async fn ask(world: &World, cell: &Cell, number: u8) -> Result<(), Error> {
    let ask = Ask { reason: Reason::LegalClaim, reference: None, review_at: days(300) };
    world.retention.ask_for_hold(officer(world, number), cell.id, ask).await.map(|_| ())
}

async fn disclosure(world: &World, by: Act<EraseSubmissions>, cell: &Cell) -> Result<(), Error> {
    let reference = "12 O 45/26".parse().expect("a file number");
    world.retention.ask_for_disclosure(by, cell.id, Ground::CourtOrder, reference).await.map(|_| ())
}

/// Tries it; gives the word for the square.
async fn attempt(world: &World, cell: &Cell) -> String {
    let (retention, id, at, site) = (&world.retention, cell.id, days(200), world.site);
    let done = match cell.operation {
        "see state and dates" => {
            let act: Act<HandleSubmissions> = cell.granted(world, 1);
            submission::get(world.db().read(), act.granted(), id).await.map(drop)
        }
        "fulfil" => retention.fulfil(cell.granted(world, 1), id, TimeZone::UTC).await.map(drop),
        "reopen" => retention.reopen(cell.granted(world, 1), id, TimeZone::UTC).await.map(drop),
        "restrict" => retention.restrict(cell.granted(world, 1), id, true).await.map(drop),
        "lift the staff's restriction" => retention.restrict(cell.granted(world, 1), id, false).await.map(drop),
        "ask for a hold" => ask(world, cell, 1).await,
        "confirm a hold" => match ask(world, cell, 1).await {
            Ok(()) => retention.confirm_hold(cell.granted(world, 2), id, Mode::TwoPeople).await.map(drop),
            Err(error) => Err(error),
        },
        "release a hold" => retention.release_hold(cell.granted(world, 1), id).await.map(drop),
        "ask for a disclosure" => disclosure(world, cell.granted(world, 1), cell).await,
        "decide a disclosure" => match disclosure(world, officer(world, 1), cell).await {
            Ok(()) => retention.decide_disclosure(cell.granted(world, 2), id, Mode::TwoPeople).await.map(drop),
            Err(error) => Err(error),
        },
        "take a disclosure back" => retention.withdraw_disclosure(cell.granted(world, 1), id).await.map(drop),
        "erase, not needed" => return erased(world, cell, Cause::Staff).await,
        "erase, the person asks" => return erased(world, cell, Cause::Subject).await,
        "erase on schedule" => return erased(world, cell, Cause::Schedule).await,
        "export the person" => return exported(world, cell).await,
        "erase the person" => {
            let address = cell.email.parse().expect("an address");
            let gone = retention.erase_subject(cell.granted(world, 1), &address, false).await.expect("asked");
            return match (gone.submissions, gone.held) {
                (1, 0) => "yes".to_owned(),
                (0, 1) => "held".to_owned(),
                (0, 0) => "nothing left".to_owned(),
                other => format!("{other:?}"),
            };
        }
        "see with the receipt" => retention.mine(site, &cell.token, at).await.map(drop),
        "permit a use" => {
            retention.permit(site, &cell.token, &"newsletter".parse().expect("a use"), &TimeZone::UTC, at).await
        }
        "withdraw a permission" => {
            retention.withdraw(site, &cell.token, &"newsletter".parse().expect("a use"), at).await
        }
        "restrict or object" => retention.restrict_mine(site, &cell.token).await.map(drop),
        "lift the visitor's restriction" => retention.unrestrict_mine(site, &cell.token).await.map(drop),
        "wish to be erased" => retention.wish_erasure(site, &cell.token, at).await.map(drop),
        "take the wish back" => retention.cancel_erasure(site, &cell.token, at).await.map(drop),
        open => {
            let asked: Asked = open.strip_prefix("open for ").expect("a purpose").parse().expect("a purpose");
            retention.open(cell.granted(world, 1), id, asked).await.map(drop)
        }
    };
    done.map_or_else(|error| word(&error), |()| "yes".to_owned())
}

async fn erased(world: &World, cell: &Cell, cause: Cause) -> String {
    let submission = world.get(cell.id).await;
    let outcome = world.retention.erase(Actor::System, &[Wanted { submission, cause, rules: None }], days(200)).await;
    match outcome.expect("asked")[0] {
        Outcome::Destroyed => "yes",
        Outcome::Gone => "nothing left",
        Outcome::Held => "held",
        Outcome::Locked => "locked",
        Outcome::Changed => "changed",
    }
    .to_owned()
}

async fn exported(world: &World, cell: &Cell) -> String {
    let address = cell.email.parse().expect("an address");
    let export = world.retention.export(cell.granted(world, 1), &address).await.expect("asked");
    let found = export.submissions();
    let (archive, _) = exporting::taken(export.begin().await.expect("on record")).await;
    let shown = archive.windows(cell.email.len()).any(|window| window == cell.email.as_bytes());
    if found == 1 && shown { "yes".to_owned() } else { format!("nothing left{}", if shown { "?" } else { "" }) }
}

fn word(error: &Error) -> String {
    use bonafide_retention::purpose::Refused;
    match error {
        Error::Refused(Refused::Gone) => "erased",
        Error::Refused(Refused::Due) => "its time is over",
        Error::Refused(Refused::Restricted) => "restricted",
        Error::Refused(Refused::NotCollectedFor) => "not told so",
        Error::Refused(Refused::NotPermitted) => "not permitted",
        Error::Refused(Refused::NotDecided) => "not decided by two",
        Error::Clash(_) => "not in this state",
        Error::TooLate => "too late",
        Error::NotTheirs(_) => "placed by another",
        Error::Misstep(_) => "not asked, not held",
        Error::NoDisclosure(Misstep::AlreadyAsked) => "asked or decided already",
        Error::NoDisclosure(_) => "not asked",
        other => return format!("{other:?}"),
    }
    .to_owned()
}

const HEAD: &str = "# Who may do what with a submission

Observed on SQLite and on PostgreSQL by `crates/retention/tests/it/slow/matrix.rs`, which fails when this document says anything
else. Routes and roles of the whole API: `tests/it/operations.rs`.

";

fn roles() -> String {
    let mut text = "## Roles\n\n| what | owner | editor | author | privacy_officer | viewer |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    let mut row = |what: &str, permission: Permission| {
        let may = Role::ALL.iter().map(|role| if permission.is_given_to(&[*role]) { "yes" } else { "–" });
        let _ = writeln!(text, "| {what} | {} |", may.collect::<Vec<_>>().join(" | "));
    };
    row("see how many there are", CountSubmissions::PERMISSION);
    row("list holds, sweeps and what is due; confirm a sweep", EraseSubmissions::PERMISSION);
    for (operation, who) in OPERATIONS {
        if let Who::Staff(permission) = who {
            row(operation, permission);
        }
    }
    text
}

fn document(observed: &[(Cell, String)]) -> String {
    let mut text = format!("{HEAD}{}", roles());
    for flag in FLAGS {
        let states: Vec<_> = STATES.iter().filter(|state| exists(state, flag)).collect();
        let names: Vec<_> = states.iter().map(|state| (**state).to_owned()).collect();
        let _ = write!(
            text,
            "\n## Flags: {flag}\n\n| what | {} |\n| --- |{}\n",
            names.join(" | "),
            " --- |".repeat(names.len())
        );
        for (operation, _) in OPERATIONS {
            let of = |state: &str| {
                let square = |(cell, _): &&(Cell, String)| {
                    cell.operation == operation && cell.state == state && cell.flag == flag
                };
                observed.iter().find(square).map_or("", |(_, word)| word.as_str())
            };
            let words: Vec<_> = states.iter().map(|state| of(state)).collect();
            let _ = writeln!(text, "| {operation} | {} |", words.join(" | "));
        }
    }
    text
}

slow_on_both! {
    async fn the_published_matrix_is_what_happens(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let cells = furnish(&world, &form).await;
        let observed: Vec<_> = stream::iter(cells).map(async |cell| {
            let word = attempt(&world, &cell).await;
            (cell, word)
        }).buffered(16).collect().await;
        let observed = document(&observed);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access-matrix.md");
        let published = std::fs::read_to_string(path).unwrap_or_default();
        if observed != published {
            let beside = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("access-matrix-{:?}.md", home.backend()));
            std::fs::write(&beside, &observed).expect("writable");
            let other = observed.lines().zip(published.lines()).find(|(one, other)| one != other);
            panic!("docs/access-matrix.md differs from what happens, first at {other:?}; observed: {}", beside.display());
        }
    }
}
