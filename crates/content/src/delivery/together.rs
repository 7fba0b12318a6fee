//! Items that are asked for at the same time, read together.
//!
//! A statement is one way to a database and back: on SQLite two changes of threads, which cost more than what it reads. So
//! what was asked for while others were read, or while other requests had the processor, is one statement.

use super::{COLUMNS, Item, item};
use bonafide_model::Locale;
use bonafide_model::id::SiteId;
use bonafide_model::name::TypeKey;
use bonafide_storage::{Db, Sql};
use sea_orm::ConnectionTrait as _;
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How many items one statement reads at most.
const MOST: usize = 16;
/// How many may wait before a further one is read by itself.
const WAITING: usize = 1024;

/// The items at paths in one language of a type.
type Place = (TypeKey, Locale);

struct Asked {
    place: Place,
    path: String,
    answer: oneshot::Sender<Option<Item>>,
}

/// Who reads for all. Ends with the last one who holds it.
pub struct Together(mpsc::Sender<Asked>);

impl Together {
    /// Begins to read for a site, in half as many statements at once as there are cores.
    pub fn start(db: Db, site: SiteId) -> Self {
        let (sender, mut asked) = mpsc::channel::<Asked>(WAITING);
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let turns = Arc::new(Semaphore::new(cores.div_ceil(2)));
        tokio::spawn(async move {
            let mut all = Vec::with_capacity(MOST);
            while asked.recv_many(&mut all, MOST).await > 0 {
                let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
                // others get the processor first: they may ask as well
                tokio::task::yield_now().await;
                while all.len() < MOST
                    && let Ok(more) = asked.try_recv()
                {
                    all.push(more);
                }
                let (db, all) = (db.clone(), std::mem::take(&mut all));
                tokio::spawn(async move {
                    read(&db, site, all).await;
                    drop(turn);
                });
            }
        });
        Self(sender)
    }

    /// What is published at a path in a language; `None` if nothing is, or if it could not be read.
    pub async fn at(&self, kind: &TypeKey, locale: &Locale, path: &str) -> Option<Item> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { place: (kind.clone(), locale.clone()), path: path.to_owned(), answer };
        self.0.try_send(asked).ok()?;
        answered.await.ok()?
    }
}

/// Answers all; nobody whose statement fails.
async fn read(db: &Db, site: SiteId, asked: Vec<Asked>) {
    let mut places: HashMap<Place, Vec<Asked>> = HashMap::new();
    for asked in asked {
        places.entry(asked.place.clone()).or_default().push(asked);
    }
    for (place, mut asked) in places {
        let found = at_paths(db, site, &place, asked.iter().map(|asked| asked.path.as_str())).await;
        let Ok(mut found) = found else { continue };
        while let Some(Asked { path, answer, .. }) = asked.pop() {
            // the same may have been asked for by several
            let again = asked.iter().any(|other| other.path == path);
            let item = if again { found.get(&path).cloned() } else { found.remove(&path) };
            let _ = answer.send(item);
        }
    }
}

async fn at_paths(
    db: &Db,
    site: SiteId,
    (kind, locale): &Place,
    paths: impl Iterator<Item = &str>,
) -> Result<HashMap<String, Item>, crate::Error> {
    let mut select = Sql::new("SELECT ");
    select.push(COLUMNS).push(" FROM published p WHERE p.site_id = ").bind(site.uuid());
    select.push(" AND p.type = ").bind(kind.as_str()).push(" AND p.locale = ").bind(locale.as_str());
    select.push(" AND p.path IN ").list(paths);
    let rows = db.read().query_all_raw(select.on(db.read())).await?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(items.into_iter().filter_map(|item| Some((item.path.clone()?, item))).collect())
}
