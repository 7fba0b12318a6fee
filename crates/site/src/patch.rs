//! Changing the settings of the site.

use crate::{Error, Fault, Site, rules};
use bonafide_ledger::Act;
use bonafide_ledger::audit::Object;
use bonafide_ledger::leaf::{self, Kind, Leaf};
use bonafide_model::access::WriteSite;
use bonafide_model::text::Title;
use bonafide_model::{Locale, Patch, TimeZone};
use bonafide_storage::{Tx, feed, sql};
use sea_orm::ConnectionTrait as _;

/// What is to change. Name, zone and languages can be replaced but not cleared.
#[derive(Clone, Debug, Default)]
pub struct SitePatch {
    /// What people call it.
    pub name: Patch<Title>,
    /// The zone in which its days begin.
    pub time_zone: Patch<TimeZone>,
    /// The languages; the first is the default.
    pub locales: Patch<Vec<Locale>>,
    /// Where the frontend lives.
    pub base_url: Patch<String>,
    /// How the address of a page is made.
    pub page_url_template: Patch<String>,
}

/// Changes the settings of the site; a patch that changes nothing leaves the version as it is.
///
/// # Errors
/// [`Error::Stale`] if the site is not at `expected_version`, [`Error::Invalid`] with every field that breaks a
/// rule, or if a statement fails.
pub async fn patch(tx: &Tx, act: Act<WriteSite>, expected_version: i64, patch: SitePatch) -> Result<Site, Error> {
    let before = crate::get(tx, act.site()).await?;
    if before.version != expected_version {
        return Err(Error::Stale { current: before.version });
    }
    let mut after = apply(before.clone(), patch)?;
    if after == before {
        return Ok(before);
    }
    after.version += 1;
    after.updated_at = act.now();
    store(tx, &after).await?;
    let id = after.id.to_string();
    act.record(tx, "site.update", Object::new("site", &id));
    leaf::append(tx, after.id, &settings_changed(&act, &id));
    feed::append(tx, after.id, "site", act.now()).await?;
    Ok(after)
}

/// The site as the patch would make it, or everything that is wrong with the patch.
fn apply(mut site: Site, patch: SitePatch) -> Result<Site, Error> {
    const NEEDED: &str = "can be replaced but not cleared";
    let SitePatch { name, time_zone, locales, base_url, page_url_template } = patch;
    let mut faults = Vec::new();
    let mut fault = |pointer: &str, message: &str| faults.push(Fault::invalid(pointer, message));
    match name {
        Patch::Absent => {}
        Patch::Null => fault("/name", NEEDED),
        Patch::Value(title) => site.name = title.into_string(),
    }
    if !time_zone.apply_required(&mut site.time_zone) {
        fault("/time_zone", NEEDED);
    }
    if let Patch::Value(locales) = &locales {
        for (pointer, message) in rules::locales(locales) {
            fault(&pointer, message);
        }
    }
    if !locales.apply_required(&mut site.locales) {
        fault("/locales", NEEDED);
    }
    if let Patch::Value(url) = &base_url
        && let Err(message) = rules::base_url(url)
    {
        fault("/base_url", message);
    }
    base_url.apply(&mut site.base_url);
    if let Patch::Value(template) = &page_url_template
        && let Err(message) = rules::page_url_template(template)
    {
        fault("/page_url_template", message);
    }
    page_url_template.apply(&mut site.page_url_template);
    if faults.is_empty() { Ok(site) } else { Err(Error::Invalid(faults)) }
}

async fn store(tx: &Tx, site: &Site) -> Result<(), Error> {
    let Site { id, name, time_zone, locales, base_url, page_url_template, version, created_at: _, updated_at } = site;
    let update = "UPDATE site SET name = $2, time_zone = $3, locales = $4, base_url = $5, page_url_template = $6,
        version = $7, updated_at = $8 WHERE id = $1";
    let tags: Vec<&str> = locales.iter().map(Locale::as_str).collect();
    let values = [
        id.uuid().into(),
        name.clone().into(),
        time_zone.to_string().into(),
        serde_json::Value::from(tags).to_string().into(),
        base_url.clone().into(),
        page_url_template.clone().into(),
        (*version).into(),
        updated_at.micros().into(),
    ];
    tx.execute_raw(sql(tx, update, values)).await?;
    Ok(())
}

fn settings_changed(act: &Act<WriteSite>, id: &str) -> Leaf {
    Leaf {
        kind: Kind::ConfigChanged,
        at: act.now(),
        object: Some(leaf::object(b"", &format!("site/{id}"))),
        revision: None,
        actor: act.by(),
        rule: None,
        role: None,
        counts: Vec::new(),
        old: None,
        new: None,
    }
}
