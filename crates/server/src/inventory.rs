//! `bonafide inventory`, and what stops a start: a column that nobody declared.

use crate::cli::Inventory;
use crate::failure::Failure;
use bonafide_storage::inventory::{Difference, Plane, markdown};
use serde_json::{Value, json};
use std::process::ExitCode;

pub(crate) fn run(command: &Inventory) -> ExitCode {
    if command.json {
        let tables: Vec<_> = [Plane::Data, Plane::Keys].into_iter().flat_map(tables).collect();
        println!("{}", json!({ "tables": tables }));
    } else {
        print!("{}", markdown());
    }
    ExitCode::SUCCESS
}

fn tables(plane: Plane) -> Vec<Value> {
    let table = |table: &'static bonafide_storage::inventory::Table| {
        let column = |column: &bonafide_storage::inventory::Column| {
            let goes = column.goes.unwrap_or(table.goes);
            json!({
                "column": column.name, "about": column.whose.word(), "stands": column.stands.words(),
                "goes": goes.name(), "kept": goes.long(), "by": goes.by(), "export": column.export,
            })
        };
        let columns: Vec<_> = table.columns.iter().map(column).collect();
        json!({ "plane": plane.name(), "table": table.name, "about": table.about, "columns": columns })
    };
    plane.tables().map(table).collect()
}

/// Refuses a schema that is not the declared one, and names what differs.
pub(crate) fn agree(difference: &Difference, plane: Plane) -> Result<(), Failure> {
    let database = match plane {
        Plane::Data => "the database",
        Plane::Keys => "keys.db",
    };
    let Difference { undeclared, absent } = difference;
    if !undeclared.is_empty() {
        return Err(Failure::Configuration(format!(
            "{database} has {}, which the inventory of personal data does not declare: nobody knows whose it is and when \
             it goes. Drop it, or run the version of bonafide that made it ('bonafide inventory' prints what is declared)",
            undeclared.join(", ")
        )));
    }
    if !absent.is_empty() {
        return Err(Failure::Configuration(format!(
            "{database} lacks {}, which the inventory of personal data declares: restore it as this version made it",
            absent.join(", ")
        )));
    }
    Ok(())
}
