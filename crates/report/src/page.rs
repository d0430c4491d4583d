//! The page around the sections.

use crate::extra::Says;
use crate::group::Group;
use crate::number::count;
use crate::results::Results;
use crate::table::Table;
use crate::{machines, palette, section};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calf_lab::Outline;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The whole page.
pub(crate) fn page(title: &str, results: &Results, outlines: &[Outline]) -> Markup {
    let groups = Group::all(results);
    let ids: Vec<String> =
        (1..=groups.len()).map(|number| format!("experiment-{number}")).collect();
    let mut figure = 1;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#content" { "To the content" }
                (palette::definitions())
                header {
                    h1 { (title) }
                    fieldset class="theme script-only" {
                        legend { "Theme" }
                        @for (value, name) in [("auto", "as the system"), ("light", "light"), ("dark", "dark")] {
                            label { input type="radio" name="theme" value=(value) checked[value == "auto"]; (name) }
                        }
                    }
                }
                (contents(&groups, &ids, results))
                main id="content" {
                    section id="summary" aria-labelledby="summary-heading" {
                        h2 id="summary-heading" { "In short" }
                        (summary(&groups, &ids, results, outlines))
                    }
                    section id="environment" aria-labelledby="environment-heading" {
                        h2 id="environment-heading" { "Environment" }
                        (machines::environment(results))
                    }
                    @if let Some(compared) = machines::compared(results) {
                        section id="machines" aria-labelledby="machines-heading" {
                            h2 id="machines-heading" { "Several machines" }
                            (compared)
                        }
                    }
                    @for (group, id) in groups.iter().zip(&ids) {
                        (section::markup(group, outline_of(group, outlines), id, &mut figure))
                    }
                    section id="data" aria-labelledby="data-heading" {
                        h2 id="data-heading" { "The data" }
                        p {
                            "All " (count(results.lines.len() as f64)) " lines of results are within this page, as JSON. The numbers of every figure are in the table under it."
                        }
                        p class="script-only" { button type="button" id="download" { "Download the results (.jsonl)" } }
                    }
                }
                div id="tip" role="tooltip" hidden {}
                script type="application/json" id="results" { (PreEscaped(data(results))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The browser runs our script on this page and no other, and fetches nothing.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
}

fn outline_of<'a>(group: &Group<'_>, outlines: &'a [Outline]) -> Option<&'a Outline> {
    outlines
        .iter()
        .find(|outline| outline.experiment == group.experiment && outline.size as f64 == group.size)
}

fn contents(groups: &[Group<'_>], ids: &[String], results: &Results) -> Markup {
    html! {
        nav aria-label="contents" {
            ol {
                li { a href="#summary" { "In short" } }
                li { a href="#environment" { "Environment" } }
                @if results.machines().len() > 1 { li { a href="#machines" { "Several machines" } } }
                @for (group, id) in groups.iter().zip(ids) { li { a href=(format!("#{id}")) { (group.title()) } } }
                li { a href="#data" { "The data" } }
            }
        }
    }
}

fn summary(
    groups: &[Group<'_>],
    ids: &[String],
    results: &Results,
    outlines: &[Outline],
) -> Markup {
    let failed = results.cells.iter().filter(|cell| !cell.is_ok()).count();
    let judged = outlines.iter().flat_map(|outline| &outline.predictions);
    let (mut holding, mut all) = (0, 0);
    for prediction in judged.filter(|prediction| prediction.holds.is_some()) {
        all += 1;
        holding += usize::from(prediction.holds == Some(true));
    }
    let modelled = results
        .cells
        .iter()
        .flat_map(|cell| &cell.children)
        .filter_map(|child| child.net.as_ref())
        .any(|net| net.modelled);
    html! {
        ul {
            li { (count(results.cells.len() as f64)) " cells of " (count(groups.len() as f64)) " experiments; "
                @if failed == 0 { "all ended well." } @else { (count(failed as f64)) " did not end well: see their sections." } }
            @if all > 0 { li { "Predictions: " (holding) " of " (all) " hold." } }
            @if modelled { li { "Where the kernel did not say which pages were copied, the heap's own account of its writes stands in: see the tables." } }
            @if results.strange > 0 {
                li { (count(results.strange as f64)) " lines were left out, which this program does not know." }
            }
            (missing(results))
        }
        @if outlines.iter().any(|outline| !outline.published.is_empty()) { (published(groups, ids, outlines)) }
    }
}

/// Which pictures the results have nothing for, in plain words.
fn missing(results: &Results) -> Markup {
    let has = |is: fn(&Says) -> bool| {
        results.cells.iter().flat_map(|cell| &cell.extras).any(|extra| is(&extra.says))
    };
    let kinds = [
        ("pages copied over time", has(|says| matches!(says, Says::TimeLine(_)))),
        ("page maps", has(|says| matches!(says, Says::PageMap(_)))),
        ("call stacks", has(|says| matches!(says, Says::Blame(_)))),
        ("series (memory against requests)", has(|says| matches!(says, Says::Series(_)))),
        ("the memory of workers", has(|says| matches!(says, Says::Workers(_)))),
        ("pauses", has(|says| matches!(says, Says::Pauses(_)))),
    ];
    let absent: Vec<&str> =
        kinds.iter().filter(|(_, is_there)| !is_there).map(|(what, _)| *what).collect();
    html! { @if !absent.is_empty() { li { "These results say nothing of: " (absent.join("; ")) ". There is no figure of them." } } }
}

fn published(groups: &[Group<'_>], ids: &[String], outlines: &[Outline]) -> Markup {
    let mut table = Table::new(
        "published figures beside Calf's",
        ["experiment", "published", "here", "why they differ, or agree"],
    );
    for (group, _) in groups.iter().zip(ids) {
        let Some(outline) = outline_of(group, outlines) else { continue };
        for published in &outline.published {
            let here = published
                .here
                .clone()
                .unwrap_or_else(|| "not measured in these results".to_string());
            table.row(vec![group.title(), published.figure.clone(), here, published.why.clone()]);
        }
    }
    table.markup()
}

/// The lines of results, as a list of JSON that cannot end the element it stands in.
fn data(results: &Results) -> String {
    let lines = results.lines.join(",\n");
    // In JSON these letters stand only within strings, where an escape means the same.
    format!("[{}]", lines.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}
