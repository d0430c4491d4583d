//! Results as comma-separated values, one number a line: what a spreadsheet, R or pandas reads.

use crate::record::Record;
use crate::results::figure_of;
use crate::runner::Failure;
use std::io::{self, Write};

const HEADS: &str = "experiment,size,strategy,plan,repeat,host,status,child,measure,value";

/// Prints every number of `records`.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn print_csv(records: &[Record], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{HEADS}")?;
    for record in records {
        let (cell, outcome) = (&record.cell, &record.outcome);
        let plan = cell.experiment.plans[cell.plan].name();
        let status = outcome.failure.as_ref().map_or("ok".to_string(), Failure::to_string);
        let host = record.machine["host"].as_str().unwrap_or_default();
        let (name, repeat) = (cell.experiment.name, cell.repeat);
        let front = format!(
            "{name},{},{},{},{repeat},{host},{}",
            cell.size,
            quoted(cell.strategy),
            quoted(&plan),
            quoted(&status)
        );
        let mut line = |child: &str, measure: &str, value: f64| {
            writeln!(out, "{front},{},{},{value}", quoted(child), quoted(measure))
        };
        line("", "seconds", outcome.seconds)?;
        line("", "faults", outcome.faults as f64)?;
        for row in &outcome.rows {
            let child = row.child.as_str();
            if let Ok(figure) = figure_of(outcome, child) {
                line(child, "pages copied", figure.copied.pages as f64)?;
                line(child, "pages shared at the fork", figure.copied.shared as f64)?;
                line(child, "pages new", figure.copied.new as f64)?;
                if let Some(off) = figure.model_off {
                    line(child, "pages by the model less the kernel's", off as f64)?;
                }
                for (region, pages) in &figure.copied.regions {
                    line(child, &format!("pages of region {region}"), *pages as f64)?;
                }
                for (cause, pages) in &figure.copied.causes {
                    line(child, &format!("pages by cause {cause}"), *pages as f64)?;
                }
            }
            for (fact, value) in &row.facts {
                line(child, fact, *value)?;
            }
        }
    }
    Ok(())
}

/// A text as one field.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
