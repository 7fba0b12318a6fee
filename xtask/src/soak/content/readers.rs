//! Those who read while others publish: each page by its address, and in a list.

use reqwest::Method;

use super::{Board, LOCALES, Shown, slug, whole};
use crate::Failure;
use crate::site::Owner;

/// Reads until the server is gone; gives how many pages were read, all of them whole.
pub(super) async fn read(reader: Owner, board: Board) -> Result<u64, Failure> {
    let mut read = 0;
    loop {
        // what was acknowledged before the question is the least that the answer may show
        for known in board.all() {
            let Some(seen) = one(&reader, &known).await? else { return Ok(read) };
            read += u64::from(seen);
        }
        for locale in LOCALES {
            let list = format!("/v1/pages?locale={locale}&filter[number][gte]=2&sort=-number&limit=100");
            let Ok(reply) = reader.send(Method::GET, &list, &[], None).await else { return Ok(read) };
            for page in reply.is(200)?.json()?["items"].as_array().into_iter().flatten() {
                whole(page)?;
                read += 1;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// Whether a page was there, under the address of the version that is known; `None` if the server is gone.
async fn one(reader: &Owner, known: &Shown) -> Result<Option<bool>, Failure> {
    let path = format!("/v1/pages/{}?locale={}", slug(&known.page, known.version), LOCALES[known.locale]);
    let Ok(reply) = reader.send(Method::GET, &path, &[], None).await else { return Ok(None) };
    match reply.status.as_u16() {
        200 => {
            let version = whole(&reply.json()?)?;
            if version < known.version {
                return Err(format!("{path}: version {} was acknowledged, and {version} was shown", known.version));
            }
            Ok(Some(true))
        }
        // renamed, or taken back, meanwhile
        308 | 404 => Ok(Some(false)),
        _ => Err(format!("{path}: {}: {}", reply.status, reply.text)),
    }
}
