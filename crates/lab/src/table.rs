//! Tables of text: columns as wide as they need to be, some of them under a common heading.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table being filled.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    /// Common headings: text, first column, number of columns.
    groups: Vec<(String, usize, usize)>,
    rows: Vec<Vec<String>>,
}

/// What stands between two columns.
const GAP: &str = "  ";

impl Table {
    /// A table of these columns.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Table {
        let columns = columns.into_iter().map(|(head, align)| (head.to_string(), align)).collect();
        Table { columns, groups: Vec::new(), rows: Vec::new() }
    }

    /// Puts `heading` over `count` columns from `first` on.
    pub(crate) fn group(&mut self, heading: &str, first: usize, count: usize) {
        self.groups.push((heading.to_string(), first, count));
    }

    /// Adds a row; cells that are missing are empty.
    pub(crate) fn row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// Prints it.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(head, _)| width(head)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        for (heading, first, count) in &self.groups {
            let spanned =
                widths[*first..first + count].iter().sum::<usize>() + GAP.len() * (count - 1);
            // The last column of the group takes what the heading needs more.
            widths[first + count - 1] += width(heading).saturating_sub(spanned);
        }
        if !self.groups.is_empty() {
            self.print_groups(&widths, out)?;
        }
        let heads: Vec<String> = self.columns.iter().map(|(head, _)| head.clone()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let cells = row.iter().zip(&self.columns).zip(&widths);
            let cells: Vec<String> =
                cells.map(|((cell, (_, align)), width)| pad(cell, *width, *align)).collect();
            writeln!(out, "{}", cells.join(GAP).trim_end())?;
        }
        Ok(())
    }

    /// Prints it as Markdown; a common heading stands in front of its columns' own.
    pub(crate) fn print_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |", cells.join(" | "))
        };
        let heads: Vec<String> = (0..self.columns.len()).map(|column| self.head(column)).collect();
        writeln!(out, "{}", line(&heads))?;
        let rules: Vec<&str> = self
            .columns
            .iter()
            .map(|(_, align)| if *align == Align::Left { "---" } else { "---:" })
            .collect();
        writeln!(out, "| {} |", rules.join(" | "))?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
    }

    /// The whole heading of a column.
    pub(crate) fn head(&self, column: usize) -> String {
        let own = &self.columns[column].0;
        let group =
            self.groups.iter().find(|(_, first, count)| (*first..first + count).contains(&column));
        match group {
            Some((heading, ..)) if own.is_empty() => heading.clone(),
            Some((heading, ..)) => format!("{heading}: {own}"),
            None => own.clone(),
        }
    }

    /// The whole headings, each with whether numbers stand under it.
    pub(crate) fn heads(&self) -> Vec<(String, bool)> {
        let is_number = |column: usize| self.columns[column].1 == Align::Right;
        (0..self.columns.len()).map(|column| (self.head(column), is_number(column))).collect()
    }

    /// The rows, each as wide as the headings.
    pub(crate) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    fn print_groups(&self, widths: &[usize], out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::new();
        for (heading, first, count) in &self.groups {
            let start = widths[..*first].iter().map(|width| width + GAP.len()).sum::<usize>();
            let spanned =
                widths[*first..first + count].iter().sum::<usize>() + GAP.len() * (count - 1);
            line.push_str(&" ".repeat(start.saturating_sub(width(&line))));
            let rule = spanned.saturating_sub(width(heading) + 2);
            if rule < 2 {
                line.push_str(heading);
            } else {
                let (before, after) = ("-".repeat(rule / 2), "-".repeat(rule - rule / 2));
                line.push_str(&format!("{before} {heading} {after}"));
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, to: usize, align: Align) -> String {
    let blanks = " ".repeat(to.saturating_sub(width(text)));
    match align {
        Align::Left => format!("{text}{blanks}"),
        Align::Right => format!("{blanks}{text}"),
    }
}

/// Bytes in MiB with one digit, in KiB below a tenth of that.
pub(crate) fn bytes(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    const MIB: f64 = 1024.0 * KIB;
    if bytes.abs() >= 0.0995 * MIB {
        format!("{:.1} MiB", bytes / MIB)
    } else {
        format!("{:.0} KiB", bytes / KIB)
    }
}

/// A part of the whole in percent, with one digit.
pub(crate) fn percent(share: f64) -> String {
    // Not "-0.0" for what the control outweighs by a page.
    format!("{:.1} %", (share * 1000.0).round() / 10.0 + 0.0)
}

/// A whole number with its thousands apart: 640 000.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Fewer copies than this are within what children differ by; their causes say nothing.
const NOISE: i64 = 8;

/// The causes of copies with their part in percent, the largest first, at most `most` of them; `-` if there are none
/// to speak of.
pub(crate) fn causes(counts: &BTreeMap<String, i64>, most: usize) -> String {
    let mut counts: Vec<(&str, i64)> = counts
        .iter()
        .filter(|(_, pages)| **pages > 0)
        .map(|(name, pages)| (name.as_str(), *pages))
        .collect();
    counts.sort_by_key(|(name, pages)| (-pages, *name));
    let total: i64 = counts.iter().map(|(_, pages)| pages).sum();
    if total < NOISE {
        return "-".to_string();
    }
    let part = |pages: i64| 100.0 * pages as f64 / total as f64;
    let shown = counts.iter().take(most).filter(|(_, pages)| part(*pages) >= 0.5);
    let parts: Vec<String> =
        shown.map(|(name, pages)| format!("{name} {:.0} %", part(*pages))).collect();
    if parts.is_empty() { "-".to_string() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_their_headings() {
        let mut table =
            Table::new([("name", Align::Left), ("n", Align::Right), ("cause", Align::Left)]);
        table.group("copied by a child", 1, 2);
        table.row(vec!["inline".into(), "10".into(), "header".into()]);
        table.row(vec!["none".into(), "0".into()]);
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "        copied by a child\nname     n  cause\ninline  10  header\nnone     0\n"
        );
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(bytes(0.0), "0 KiB");
        assert_eq!(bytes(40960.0), "40 KiB");
        assert_eq!(bytes(1_048_576.0 * 38.25), "38.2 MiB");
        assert_eq!(percent(0.9994), "99.9 %");
        assert_eq!(percent(-0.0001), "0.0 %");
        assert_eq!(grouped(640_000), "640 000");
        assert_eq!(grouped(-1_234), "-1 234");
        assert_eq!(grouped(12), "12");
    }

    #[test]
    fn causes_are_ordered_by_weight() {
        let counts: BTreeMap<String, i64> =
            [("header", 970), ("free", 29), ("stack", 1), ("count", -3)]
                .map(|(k, v)| (k.to_string(), v))
                .into();
        assert_eq!(causes(&counts, 2), "header 97 %, free 3 %");
        assert_eq!(causes(&counts, 9), "header 97 %, free 3 %");
        assert_eq!(causes(&BTreeMap::new(), 2), "-");
        assert_eq!(causes(&[("count".to_string(), 2)].into(), 2), "-");
    }
}
