//! The form of the demonstration, embedded in the program.

use crate::failure::Failure;
use crate::place::Place;
use bonafide_model::name::FormKey;
use bonafide_retention::form::{self, Definition};
use futures_util::FutureExt as _;

/// What the form is called in addresses.
pub(super) const FORM: &str = "contact";

/// What it says.
const DEFINITION: &str = include_str!("contact.json");

/// Makes the form and publishes it.
pub(super) async fn publish(place: &Place) -> Result<(), Failure> {
    let definition: Definition = serde_json::from_str(DEFINITION).map_err(|error| Failure::of(&error))?;
    let key: FormKey = FORM.parse().map_err(|error| Failure::of(&error))?;
    let (write, open, locale) = (place.act(), place.act(), place.site.default_locale().clone());
    let made = place.db.write(move |tx| {
        let (write, open, key) = (write.clone(), open.clone(), key.clone());
        let (definition, locale) = (definition.clone(), locale.clone());
        async move {
            let form = form::create(tx, write, key.clone(), definition).await?;
            form::publish(tx, open, key, form.version, locale).await
        }
        .boxed()
    });
    made.await.map(|_| ()).map_err(|error| Failure::of(&error))
}
