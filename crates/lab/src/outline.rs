//! What experiments say of results, as plain data: for a page, where somebody else draws it.

use crate::document::Block;
use crate::error::LabError;
use crate::experiment::Experiment;
use crate::plot::Kind;
use crate::report;
use crate::results::Results;
use crate::unit::Unit;
use std::path::PathBuf;

/// An experiment at one size, judged.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Its name, as in the lines of results.
    pub experiment: String,
    /// The size that was judged, as in the lines of results.
    pub size: u64,
    /// One line.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// Its own tables, plots and sentences, in their order.
    pub pieces: Vec<Piece>,
    /// What it predicts.
    pub predictions: Vec<Prediction>,
    /// What it re-enacts.
    pub published: Vec<Published>,
}

/// A piece of what an experiment shows.
#[derive(Clone, Debug)]
pub enum Piece {
    /// A line over what follows.
    Heading(String),
    /// Sentences.
    Text(String),
    /// A line that stays as it is: a command.
    Line(String),
    /// A table.
    Table {
        /// The headings, each with whether numbers stand under it.
        heads: Vec<(String, bool)>,
        /// The rows, each as wide as the headings.
        rows: Vec<Vec<String>>,
    },
    /// A bar for each name.
    Bars {
        /// What they show.
        title: String,
        /// What their lengths count.
        unit: Unit,
        /// Names and lengths.
        bars: Vec<(String, f64)>,
    },
    /// A line for each name.
    Lines {
        /// What they show.
        title: String,
        /// What their common axis counts.
        x: String,
        /// What their heights count.
        unit: Unit,
        /// Names and points.
        lines: Vec<(String, Vec<(f64, f64)>)>,
    },
}

/// A prediction and what became of it.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// In words.
    pub text: String,
    /// Does it hold? `None` if it could not be judged.
    pub holds: Option<bool>,
}

/// A published figure beside Calf's own.
#[derive(Clone, Debug)]
pub struct Published {
    /// What was published.
    pub figure: String,
    /// Where.
    pub source: String,
    /// Calf's own in the same words; `None` if it was not measured.
    pub here: Option<String>,
    /// Why the two differ, or in what they agree.
    pub why: String,
}

/// What the experiments say of the results in these files; where they come from several machines, of the first one's.
///
/// # Errors
/// A file that cannot be read.
pub fn outlines(files: &[PathBuf]) -> Result<Vec<Outline>, LabError> {
    let archive = crate::read_all(files)?;
    Ok(crate::groups(&archive)
        .iter()
        .map(|(experiment, results)| outline(experiment, results))
        .collect())
}

fn outline(experiment: &Experiment, results: &Results) -> Outline {
    let predictions = experiment
        .claims
        .iter()
        .map(|claim| Prediction { text: claim.text.to_string(), holds: (claim.holds)(results) });
    let published = experiment.published.iter().map(|published| Published {
        figure: published.figure.to_string(),
        source: published.source.to_string(),
        here: (published.here)(results),
        why: published.why.to_string(),
    });
    Outline {
        experiment: experiment.name.to_string(),
        size: results.size,
        title: experiment.title.to_string(),
        question: experiment.question.to_string(),
        pieces: report::answer(experiment, results).blocks.into_iter().map(piece).collect(),
        predictions: predictions.collect(),
        published: published.collect(),
    }
}

fn piece(block: Block) -> Piece {
    match block {
        Block::Heading(text) => Piece::Heading(text),
        Block::Text(text) => Piece::Text(text),
        Block::Line(text) => Piece::Line(text),
        Block::Table(table) => Piece::Table { heads: table.heads(), rows: table.rows().to_vec() },
        Block::Plot(plot) => match plot.kind {
            // A page draws maps itself, from the lines of results.
            Kind::Maps(_) => Piece::Text(plot.title),
            Kind::Bars(bars) => Piece::Bars { title: plot.title, unit: plot.unit, bars },
            Kind::Lines { x, lines } => {
                let lines = lines.into_iter().map(|line| (line.name, line.points)).collect();
                Piece::Lines { title: plot.title, x, unit: plot.unit, lines }
            }
        },
    }
}
