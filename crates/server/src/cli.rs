//! The command line: what can be typed, in words for somebody who sees it for the first time.

#![expect(clippy::doc_markdown, reason = "these comments are shown as they stand by --help")]

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A headless CMS that does what its privacy policy says.
#[derive(Parser)]
#[command(
    name = "bonafide",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  bonafide demo                                    try it: a small site and its policy's history
  bonafide owner create --email ada@example.org    make the first account; asks for a password
  bonafide serve --listen 127.0.0.1:8080           run the server
  bonafide import policy privacy --from ./history  take over a policy with all earlier texts

Settings come from bonafide.toml in the working directory, then from the environment
(BONAFIDE_DATA_DIR for --data-dir, and so on), then from the options; the later one wins.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 78 wrong configuration or drift."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Args, Default)]
#[command(next_help_heading = "Where things are")]
pub(crate) struct Place {
    /// Read settings from this file [default: bonafide.toml, if it is there] [env: BONAFIDE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory of the data [default: ./bonafide-data] [env: BONAFIDE_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// The directory of the root key, never inside of the data [default: the data directory's name and "-keys"] [env: BONAFIDE_KEYS_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) keys_dir: Option<String>,
    /// Keep the data in PostgreSQL (postgres://…) and not in the data directory [env: BONAFIDE_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// What to log: error, warn, info, debug, or a list such as info,bonafide=debug [default: info] [env: BONAFIDE_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How to log: text or json [default: text] [env: BONAFIDE_LOG_FORMAT]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// What can be done.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server
    ///
    /// Opens the database (made at the first start, brought up to date when the program is newer), listens, and
    /// prints one line "listening on http://ADDRESS" when it is ready. Logs go to standard error. SIGTERM or Ctrl-C
    /// lets open requests finish, for up to 10 seconds.
    #[command(after_help = "Examples:
  bonafide serve
  bonafide serve --listen 0.0.0.0:8080 --data-dir /var/lib/bonafide --keys-dir /etc/bonafide
  bonafide serve --database-url postgres://bonafide@db.example.org/bonafide")]
    Serve(Serving),
    /// Run the server with a small site to try things on
    ///
    /// Fills a new data directory (./bonafide-demo) with a site whose privacy policy has three revisions, makes an
    /// owner account, prints its password once, and shows requests to copy.
    #[command(after_help = "Example:
  bonafide demo --listen 127.0.0.1:9000")]
    Demo(Serving),
    /// Make an owner account, or give an owner a new password
    #[command(subcommand)]
    Owner(Owner),
    /// Look after keys
    #[command(subcommand)]
    Keys(Keys),
    /// Take over texts that exist already
    #[command(subcommand)]
    Import(Import),
    /// Define content types by files
    #[command(subcommand)]
    Types(Types),
    /// Print the OpenAPI document; needs no database
    #[command(after_help = "Example:
  bonafide openapi public > public.json")]
    Openapi(Openapi),
    /// Print what is kept of whom, for how long, and what takes it away; needs no database
    ///
    /// Every column of both databases: whether it is about a visitor, about staff or about nobody, whether it is sealed,
    /// and when it goes. `serve` and `check` refuse a database with a column that is not in this list.
    #[command(after_help = "Examples:
  bonafide inventory > what-is-kept.md
  bonafide inventory --json")]
    Inventory(Inventory),
    /// Bring the database up to date, as serve does when it starts
    #[command(after_help = "Examples:
  bonafide migrate --plan      say what would be done
  bonafide migrate")]
    Migrate(Migrate),
    /// Check the settings, the keys and the database; changes nothing
    Check,
}

/// How the server listens and answers.
#[derive(Args, Default)]
#[command(next_help_heading = "How the server answers")]
pub(crate) struct Serving {
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:8080] [env: BONAFIDE_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Memory for finished answers, in bytes [default: 67108864] [env: BONAFIDE_CACHE_BYTES]
    #[arg(long, value_name = "BYTES")]
    pub(crate) cache_bytes: Option<String>,
    /// Who may read what is published: public, or token for those with a read token [default: public] [env: BONAFIDE_DELIVERY_ACCESS]
    #[arg(long, value_name = "ACCESS")]
    pub(crate) delivery_access: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, separated by commas [env: BONAFIDE_TRUSTED_PROXIES]
    #[arg(long, value_name = "ADDRESSES")]
    pub(crate) trusted_proxies: Option<String>,
    /// Origins of admin interfaces in a browser, separated by commas [env: BONAFIDE_ADMIN_ORIGINS]
    #[arg(long, value_name = "ORIGINS")]
    pub(crate) admin_origins: Option<String>,
    /// How long a request may take, in seconds [default: 30] [env: BONAFIDE_REQUEST_TIMEOUT_SECONDS]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) request_timeout_seconds: Option<String>,
    /// How many requests that memory cannot answer a client may make in a minute [default: 6000] [env: BONAFIDE_REQUESTS_PER_MINUTE]
    #[arg(long, value_name = "COUNT")]
    pub(crate) requests_per_minute: Option<String>,
    /// How many forms a client may send in a minute; one from a page without scripts counts for three [default: 30] [env: BONAFIDE_SUBMISSIONS_PER_MINUTE]
    #[arg(long, value_name = "COUNT")]
    pub(crate) submissions_per_minute: Option<String>,
    /// How many writes may share one commit on SQLite [default: 64] [env: BONAFIDE_WRITE_BATCH]
    #[arg(long, value_name = "COUNT")]
    pub(crate) write_batch: Option<String>,
    /// Who decides a legal hold: two_people, or single_operator for a site that is run by one person, who waits a day [default: two_people] [env: BONAFIDE_HOLD_DECISION]
    #[arg(long, value_name = "WHO")]
    pub(crate) hold_decision: Option<String>,
    /// Serve GET /metrics for Prometheus on this address, to whoever can reach it [default: off] [env: BONAFIDE_METRICS_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,
}

/// Accounts that run the site.
#[derive(Subcommand)]
pub(crate) enum Owner {
    /// Make an owner account
    ///
    /// The password is read from standard input: typed without being shown on a terminal, or as one line of a pipe.
    #[command(after_help = "Examples:
  bonafide owner create --email ada@example.org --name \"Ada\"
  bonafide owner create --email ada@example.org < password.txt")]
    Create {
        /// The address the owner logs in with
        #[arg(long, value_name = "EMAIL")]
        email: String,
        /// The name that is shown [default: the part of the address before the "at" sign]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Give an owner a new password, and access again if it was suspended
    ///
    /// Ends all sessions of the account. The new password is read from standard input.
    #[command(after_help = "Example:
  bonafide owner reset --email ada@example.org")]
    Reset {
        /// The address the owner logs in with
        #[arg(long, value_name = "EMAIL")]
        email: String,
    },
}

/// Keys that can be looked at and replaced.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Say how the keys of what visitors sent are kept
    ///
    /// Everything that visitors send is sealed under keys of its own. These stand in the keys directory (keys.db),
    /// wrapped under the key of an epoch (epochs.key), which is replaced every day. This shows the epoch and its age,
    /// how many keys there are, erasures that are not finished, and legal holds. Opens nothing and changes nothing.
    #[command(after_help = "Examples:
  bonafide keys status
  bonafide keys status --json")]
    Status {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Begin a new epoch now: every key is wrapped anew, and the key of the old epoch is destroyed
    ///
    /// The server does this every day by itself. By hand it makes erasures final at once, instead of within a day: of
    /// what was erased before, no copy of the database of keys can open anything any more. Nothing that is not
    /// erased is lost, and a server may run beside it. If it is interrupted, run it again: it goes on where it was.
    #[command(after_help = "Examples:
  bonafide keys rotate --plan      say what would be done
  bonafide keys rotate")]
    Rotate(KeyWork),
    /// Try whether every key opens; changes nothing
    ///
    /// Unwraps every key as a rotation does, and keeps none. Do it after a restore, and before you rely on a copy of
    /// the keys directory (--keys-dir). Ends with 1 if a key does not open. A server may run beside it.
    #[command(after_help = "Examples:
  bonafide keys rehearse --plan    say how many keys would be tried
  bonafide keys rehearse
  bonafide keys rehearse --json")]
    Rehearse(KeyWork),
    /// Go on without keys that are lost for good
    ///
    /// The server refuses to start with data whose keys are not there, since a copy of the data does not hold the keys:
    /// restore keys.db and epochs.key together if you have them, and nothing is lost. If you do not, this says so for
    /// good: submissions whose keys are gone, which nobody can read any more, are erased, save for those under a legal
    /// hold; keys whose submissions are gone are deleted; and the keys belong to these data from now on. Everything
    /// else stays. It cannot be undone. Keys that belong to the data of another site are refused all the same. Stop the
    /// server first.
    #[command(after_help = "Examples:
  bonafide keys accept-loss --plan     say how many submissions and keys that would be
  bonafide keys accept-loss")]
    AcceptLoss(KeyWork),
    /// Sign access tokens with a new key from now on
    ///
    /// Tokens signed with the one before are good until they expire, ten minutes at most. Nobody has to log in again.
    /// A server may run beside it.
    #[command(after_help = "Example:
  bonafide keys rotate-signing")]
    RotateSigning,
}

/// How to work on keys.
#[derive(Args)]
pub(crate) struct KeyWork {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What can be taken over.
#[derive(Subcommand)]
pub(crate) enum Import {
    /// A policy with its whole history
    ///
    /// DIR holds one file per text and an index.json that lists them: {"revisions": [{"file": "2016-06-01.md",
    /// "date": "2016-06-01", "sha256": "…"}]}. The texts are kept byte for byte. Running it again imports nothing
    /// twice; if anything is wrong, nothing is imported. A server may run beside it.
    #[command(after_help = "Examples:
  bonafide import policy privacy --from ./history --dry-run
  bonafide import policy privacy --from ./history --title \"Privacy policy\" --locale en")]
    Policy(ImportPolicy),
}

/// A policy to import.
#[derive(Args)]
pub(crate) struct ImportPolicy {
    /// The policy's key in addresses, such as privacy; it is made if it is not there
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The directory with index.json and the texts
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The title of the policy, if it is made [default: that of the index, else its key]
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: Option<String>,
    /// The language of the texts [default: that of the policy; en for a new one]
    #[arg(long, value_name = "TAG")]
    pub(crate) locale: Option<String>,
    /// Check everything and say what would be done, but do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Content types in files.
#[derive(Subcommand)]
pub(crate) enum Types {
    /// Make the types and components of a directory, and change those that are there
    ///
    /// DIR holds one file NAME.json for each: {"type": "article", "title": "Article", "fields": [...]}, as the admin API
    /// takes and gives it. All of them are applied, or none. Types without a file stay as they are. A change that would
    /// lose what entries hold is refused unless --drop names the field. A server may run beside it.
    #[command(after_help = "Examples:
  bonafide types apply ./types --plan                    say what would be done to types and entries
  bonafide types apply ./types
  bonafide types apply ./types --drop article.subtitle   lose what entries have in this field")]
    Apply {
        /// The directory with the files
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Only say what would be done
        #[arg(long)]
        plan: bool,
        /// A field whose values may be lost, as TYPE.FIELD; can be given several times
        #[arg(long, value_name = "TYPE.FIELD")]
        drop: Vec<String>,
    },
}

/// Which document to print.
#[derive(Args)]
pub(crate) struct Openapi {
    /// public: what frontends and visitors use; admin: what authors and scripts use
    pub(crate) surface: Surface,
}

/// The two documents.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Surface {
    /// `/v1`
    Public,
    /// `/admin/v1`
    Admin,
}

/// How to print the inventory.
#[derive(Args)]
pub(crate) struct Inventory {
    /// Print it as JSON, not as Markdown
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to migrate.
#[derive(Args)]
pub(crate) struct Migrate {
    /// Only print the names of the migrations that would be run
    #[arg(long)]
    pub(crate) plan: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
