//! Reading what is published: items, what they refer to, and what an answer that is made of them depends on.
//!
//! Two or three statements, without a transaction. Something may be published between them: a statement that finds another
//! version than the one before it says so ([`Error::Changed`]), and whoever reads then does it again in a snapshot.

use super::asked::Selection;
use super::shown::Answer;
use crate::paging::{Listed, Page};
use bonafide_content::delivery::{self, Cursor, Found, Item, Query, Reference, Together};
use bonafide_content::{Error, entry_key, list_key, path_key, type_key};
use bonafide_model::content::{Catalogue, builtin};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_model::{Instant, Locale};
use sea_orm::ConnectionTrait;

/// How many entries an answer may name as those it depends on; beyond it depends on all lists.
const MOST_NAMED: usize = 60;

/// Who reads what.
pub(super) struct Reading<'r> {
    pub(super) site: SiteId,
    pub(super) kind: &'r TypeKey,
    pub(super) catalogue: &'r Catalogue,
    pub(super) selection: &'r Selection,
    /// The languages, best first.
    pub(super) chain: &'r [Locale],
}

/// What is at a path.
pub(super) enum There {
    /// One item.
    Item {
        /// The language it is in.
        locale: Locale,
        /// When it was last published.
        updated_at: Instant,
        answer: Answer,
        /// What the answer depends on.
        depends_on: Vec<String>,
    },
    /// Nothing any more: what was there has this path now.
    Moved(String),
    /// Nothing.
    Nothing,
}

/// A page of a list, whose items are in the answer, and what that depends on.
pub(super) type Many = (Listed<Item>, Answer, Vec<String>);

impl Reading<'_> {
    /// What is at a path, or has the id that stands in its place. What is there in the best language is read together with
    /// what others ask for.
    pub(super) async fn one(
        &self,
        db: &impl ConnectionTrait,
        together: Option<&Together>,
        path: &str,
    ) -> Result<There, Error> {
        let found = match path.parse::<EntryId>() {
            Ok(id) if *self.kind != builtin::page() => {
                delivery::by_id(db, self.site, self.kind, id, self.chain).await?.map(|item| Found::Item(Box::new(item)))
            }
            _ => match self.at_once(together, path).await {
                Some(item) => Some(Found::Item(Box::new(item))),
                None => delivery::by_path(db, self.site, self.kind, path, self.chain).await?,
            },
        };
        match found {
            Some(Found::Item(item)) => {
                let own = vec![path_key(self.kind, path), entry_key(item.id)];
                let (locale, updated_at) = (item.locale.clone(), item.updated_at);
                let (answer, depends_on) = self.answer(db, vec![*item], own).await?;
                Ok(There::Item { locale, updated_at, answer, depends_on })
            }
            Some(Found::Moved { path, locale: _ }) => Ok(There::Moved(path)),
            None => Ok(There::Nothing),
        }
    }

    async fn at_once(&self, together: Option<&Together>, path: &str) -> Option<Item> {
        together?.at(self.kind, self.chain.first()?, path).await
    }

    /// A page of a list.
    pub(super) async fn many(
        &self,
        db: &impl ConnectionTrait,
        wanted: &Query,
        page: &Page<Cursor>,
    ) -> Result<Many, Error> {
        let found = delivery::list(db, self.site, wanted, &page.start, page.fetch()).await?;
        let mut listed = page.finish(found, |listed| listed.cursor.clone(), |listed| listed.item);
        let items = std::mem::take(&mut listed.0.items);
        let (answer, depends_on) = self.answer(db, items, vec![list_key(self.kind)]).await?;
        Ok((listed, answer, depends_on))
    }

    /// Puts the references of items in, and what they lead to beside them if that is wanted.
    async fn answer(
        &self,
        db: &impl ConnectionTrait,
        items: Vec<Item>,
        mut depends_on: Vec<String>,
    ) -> Result<(Answer, Vec<String>), Error> {
        let whole = !self.selection.include.is_empty();
        let references = delivery::references(db, &items, self.chain, whole).await?;
        let answer = join(db, items, references, self.selection, self.chain).await?;
        let targets = answer.targets();
        if targets.len() > MOST_NAMED {
            let lists = self.catalogue.iter().filter(|(_, definition)| !definition.component);
            depends_on.extend(lists.map(|(kind, _)| list_key(kind)));
        } else {
            depends_on.extend(targets.into_iter().map(entry_key));
        }
        depends_on.extend([type_key(self.kind), crate::delivery::shared::SITE.to_owned()]);
        depends_on.extend(answer.included().iter().map(|item| type_key(&item.kind)));
        depends_on.sort();
        depends_on.dedup();
        Ok((answer, depends_on))
    }
}

/// Joins items with what their references lead to, and that with what its own lead to if it is included.
pub(crate) async fn join(
    db: &impl ConnectionTrait,
    items: Vec<Item>,
    references: Vec<Reference>,
    selection: &Selection,
    chain: &[Locale],
) -> Result<Answer, Error> {
    let mut answer = Answer::new(items, references, selection);
    for depth in 1..=2 {
        let fresh = answer.included_at(depth, selection);
        let deeper = depth == 1 && selection.is_deep();
        answer.take_in(delivery::references(db, &fresh, chain, deeper).await?);
    }
    Ok(answer)
}
