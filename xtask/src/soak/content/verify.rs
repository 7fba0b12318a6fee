//! What has to hold after a restart: each page is shown in the version that was acknowledged last, or in the one that was
//! under way; its entry in the list, its redirections and the sitemap say the same.

use bonafide_test_support::Server;
use reqwest::Method;

use super::authors::{Open, Story};
use super::{LOCALES, slug, whole};
use crate::Failure;
use crate::site::{Owner, Reply};

/// Checks what readers are shown of all pages against what their authors were told.
pub(super) async fn all(server: &Server, stories: &[Story]) -> Result<(), Failure> {
    let reader = Owner::nobody(server);
    let sitemap = get(&reader, "/v1/sitemap.xml").await?.is(200)?.text;
    for story in stories.iter().filter(|story| !story.id.is_empty()) {
        for (locale, tag) in LOCALES.iter().enumerate() {
            let checked = one(&reader, story, locale, &sitemap).await;
            checked.map_err(|failure| format!("{story:?}, {tag}: {failure}"))?;
        }
    }
    Ok(())
}

async fn get(reader: &Owner, path: &str) -> Result<Reply, Failure> {
    reader.send(Method::GET, path, &[], None).await.map_err(|cause| format!("{path}: {cause}"))
}

async fn one(reader: &Owner, story: &Story, locale: usize, sitemap: &str) -> Result<(), Failure> {
    let told = story.shown[locale];
    let or = match story.open {
        Some(Open::Publish(at, version)) if at == locale => Some(version),
        Some(Open::Unpublish(at)) if at == locale => None,
        _ => told,
    };
    let listed = listed(reader, story, locale).await?;
    let shown = match listed.as_slice() {
        [] => None,
        [version] => Some(*version),
        _ => return Err(format!("it is listed {} times", listed.len())),
    };
    if shown != told && shown != or {
        return Err(format!("{shown:?} is shown, {told:?} was acknowledged, {or:?} may be there"));
    }
    // all addresses that it ever had in this language, and the one it would have got
    let newest = told.max(or).max(shown).unwrap_or(1).max(story.before[locale].iter().copied().max().unwrap_or(1));
    let query = format!("?locale={}", LOCALES[locale]);
    let mut addresses: Vec<String> = (0..=newest).map(|version| slug(&story.page, version)).collect();
    addresses.dedup();
    for address in addresses {
        let reply = get(reader, &format!("/v1/pages/{address}{query}")).await?;
        let in_sitemap = sitemap.contains(&format!("https://www.example.org/{}/{address}<", LOCALES[locale]));
        let is_present = shown.is_some_and(|version| slug(&story.page, version) == address);
        if in_sitemap != is_present {
            return Err(format!("{address}: in the sitemap: {in_sitemap}, shown: {is_present}"));
        }
        let replaced = told.filter(|_| shown.is_some() && shown != told);
        let led = story.before[locale].iter().chain(&replaced).any(|version| slug(&story.page, *version) == address);
        match (shown, reply.status.as_u16()) {
            (Some(version), 200) if is_present && whole(&reply.json()?)? == version => {
                let again = get(reader, &format!("/v1/pages/{address}{query}")).await?;
                if again.text != reply.text || again.etag != reply.etag {
                    return Err(format!("{address}: another answer from memory"));
                }
            }
            (Some(version), 308) if !is_present && reply.location == to(story, version, &query) => {}
            (_, 404) if !is_present && (shown.is_none() || !led) => {}
            (_, status) => return Err(format!("{address}: {status} where {shown:?} is shown: {}", reply.text)),
        }
    }
    Ok(())
}

fn to(story: &Story, version: u64, query: &str) -> String {
    format!("/v1/pages/{}{query}", slug(&story.page, version))
}

/// The versions in which a page is listed.
async fn listed(reader: &Owner, story: &Story, locale: usize) -> Result<Vec<u64>, Failure> {
    let prefix = format!("{} {} version", story.page, LOCALES[locale]).replace(' ', "%20");
    let list = format!("/v1/pages?locale={}&filter[title][prefix]={prefix}&count=exact", LOCALES[locale]);
    let page = reader.get(&list).await?;
    let items = page["items"].as_array().cloned().unwrap_or_default();
    if page["page"]["count"].as_u64() != Some(items.len() as u64) {
        return Err(format!("{} items are counted: {page}", page["page"]["count"]));
    }
    items.iter().map(whole).collect()
}
