//! An experiment's results as a document: the same for a terminal, for Markdown and for a page.

use crate::document::Document;
use crate::experiment::{Claim, Experiment, Report};
use crate::pictures;
use crate::results::Results;

/// An experiment whose claims were judged.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) holding: Vec<&'static str>,
    pub(crate) refuted: Vec<&'static str>,
}

/// Judges what an experiment predicts; what nobody measured is not judged.
pub(crate) fn judge(experiment: &Experiment, results: &Results) -> Judged {
    let mut judged = Judged { holding: Vec::new(), refuted: Vec::new() };
    for Claim { text, holds } in experiment.claims {
        match holds(results) {
            Some(true) => judged.holding.push(*text),
            Some(false) => judged.refuted.push(*text),
            None => {}
        }
    }
    judged
}

/// Everything that is to be said of an experiment, without its title.
pub(crate) fn document(experiment: &Experiment, results: &Results) -> Document {
    let mut document = answer(experiment, results);
    pictures::show(results, &mut document);
    published(experiment, results, &mut document);
    claims(experiment, results, &mut document);
    notes(experiment, results, &mut document);
    document
}

/// The experiment's own tables, plots and sentences.
pub(crate) fn answer(experiment: &Experiment, results: &Results) -> Document {
    let mut document = Document::default();
    match &experiment.report {
        Report::Own(report) => report(results, &mut document),
        Report::Sheets(sheets, moral) => {
            sheets.iter().for_each(|sheet| sheet.show(results, &mut document));
            document.text(*moral);
        }
    }
    document
}

/// The published figures beside Calf's.
fn published(experiment: &Experiment, results: &Results, document: &mut Document) {
    document.line("");
    for published in experiment.published {
        let here = (published.here)(results);
        let here = here.map_or("not measured in this run".to_string(), |here| here);
        document.text(format!("Published: {} ({}).", published.figure, published.source));
        document.text(format!("  Here: {here}. {}", published.why));
    }
}

fn claims(experiment: &Experiment, results: &Results, document: &mut Document) {
    let judged = judge(experiment, results);
    document.line("");
    match judged.holding.len() + judged.refuted.len() {
        0 => document.line("predictions: none could be judged"),
        count => document.line(format!("predictions: {} of {count} hold", judged.holding.len())),
    }
    for text in judged.refuted {
        document.text(format!("  does NOT hold: {text}"));
    }
}

/// What the figures are, and what did not go as it should.
fn notes(experiment: &Experiment, results: &Results, document: &mut Document) {
    let size = results.size;
    if size != experiment.size {
        let (unit, full) = (experiment.unit, experiment.size);
        document.line(format!("Run with {size} {unit}; the experiment proper has {full}."));
    }
    if results.any_modelled() {
        let why = calf_meter::Capabilities::probe().copied_pages.err();
        let why = why.map_or("the kernel did not say".to_string(), |why| why.to_string());
        document.text(format!(
            "MODEL ONLY: {why}. Where the last column says so, the figures are the heap's own count of the pages it \
             wrote, less a control child that does nothing; new pages are not known.",
        ));
    } else if results.any_copied() {
        document.text(
            "copied: by the kernel's word (pagemap), less a control child that does nothing; model: the heap's own \
             count of the pages it wrote minus the kernel's, where they differ most.",
        );
    }
    if let Some(spread) = results.spread() {
        document.line(format!("largest difference between repetitions: {spread} pages"));
    }
    for (cell, failure, complaint) in results.failures() {
        let (flags, arguments) = (cell.flags.join(" "), cell.arguments.join(" "));
        let flags = if flags.is_empty() { flags } else { format!("{flags} ") };
        let script = cell.experiment.script;
        document.line(format!(
            "  {failure}: --gc {} {flags}{script} {arguments}: {complaint}",
            cell.strategy
        ));
    }
    let quick = if size == experiment.quick { " --quick" } else { "" };
    document.line(format!("repeat: calf lab run {}{quick}", experiment.name));
}
