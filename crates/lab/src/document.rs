//! What is shown of an experiment: headings, sentences, tables and plots, in order. Text, Markdown and pages are made of it.

use crate::plot::{Look, Plot};
use crate::table::Table;
use std::io::{self, Write};

/// A piece of a document.
#[derive(Debug)]
pub(crate) enum Block {
    /// A line over what follows.
    Heading(String),
    /// Sentences, broken where the page is too narrow.
    Text(String),
    /// A line that stays as it is: a command.
    Line(String),
    Table(Table),
    Plot(Plot),
}

/// Blocks, to be filled from top to bottom.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
}

/// As wide as a sentence gets.
const WIDTH: usize = 100;

impl Document {
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Line(text.into()));
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    pub(crate) fn plot(&mut self, plot: Plot) {
        self.blocks.push(Block::Plot(plot));
    }

    /// For a terminal or a file of text.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub(crate) fn print(&self, look: Look, out: &mut dyn Write) -> io::Result<()> {
        let mut previous: Option<&Block> = None;
        for block in &self.blocks {
            // A heading belongs to what follows it; texts in a row are one paragraph.
            let joined = matches!(
                (previous, block),
                (None, _)
                    | (Some(Block::Heading(_)), Block::Table(_) | Block::Plot(_))
                    | (Some(Block::Text(_) | Block::Line(_)), Block::Text(_) | Block::Line(_))
            );
            if !joined {
                writeln!(out)?;
            }
            match block {
                Block::Heading(text) | Block::Line(text) => writeln!(out, "{text}")?,
                Block::Text(text) => print_wrapped(text, WIDTH.min(look.width), out)?,
                Block::Table(table) => table.print(out)?,
                Block::Plot(plot) => plot.print(look, out)?,
            }
            previous = Some(block);
        }
        Ok(())
    }

    /// As Markdown, under headings of `level`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub(crate) fn print_markdown(&self, level: usize, out: &mut dyn Write) -> io::Result<()> {
        for block in &self.blocks {
            match block {
                Block::Heading(text) => writeln!(out, "{} {text}\n", "#".repeat(level))?,
                Block::Line(text) => writeln!(out, "    {text}\n")?,
                Block::Text(text) => writeln!(out, "{}\n", text.trim_start())?,
                Block::Table(table) => {
                    table.print_markdown(out)?;
                    writeln!(out)?;
                }
                Block::Plot(plot) => {
                    writeln!(out, "```text")?;
                    plot.print(Look { width: WIDTH, ascii: false }, out)?;
                    writeln!(out, "```\n")?;
                }
            }
        }
        Ok(())
    }
}

/// Prints `text` over as many lines as it needs, indented as it is.
fn print_wrapped(text: &str, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let indent: String = text.chars().take_while(|letter| *letter == ' ').collect();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty()
            && indent.len() + line.chars().count() + 1 + word.chars().count() > width
        {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{indent}{line}")
}
