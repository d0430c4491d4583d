//! Plots of text: bars and lines, in the terminal's width. Each line and bar is told by a letter or its name, never by colour.

use crate::unit::Unit;
use std::io::{self, Write};

/// How a plot is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns to stay within.
    pub(crate) width: usize,
    /// Nothing but ASCII.
    pub(crate) ascii: bool,
}

/// What is plotted.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) unit: Unit,
    pub(crate) kind: Kind,
}

/// The shape.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A bar for each name.
    Bars(Vec<(String, f64)>),
    /// A line for each name, over a common axis.
    Lines {
        /// What the axis counts.
        x: String,
        lines: Vec<Line>,
    },
    /// For each name a letter for each page.
    Maps(Vec<(String, Vec<u8>)>),
}

/// One line of a plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// How many rows a plot of lines has.
const ROWS: usize = 12;
/// The letters of the lines, and what is drawn where several meet.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const SEVERAL: u8 = b'*';
/// How many rows a map has at the most; where there are more pages a letter stands for several.
const MAP_ROWS: usize = 4;
/// Of several pages the one that comes first here is shown: a copy is seen wherever there is one.
const STRONGEST: &[u8] = b"cpns.";
/// Parts of a bar's last column, an eighth each.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

impl Plot {
    /// Prints it, no line wider than it may be.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub(crate) fn print(&self, look: Look, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", clipped(&self.title, look.width))?;
        match &self.kind {
            Kind::Bars(bars) => self.print_bars(bars, look, out),
            Kind::Lines { x, lines } => self.print_lines(x, lines, look, out),
            Kind::Maps(maps) => {
                maps.iter().try_for_each(|(name, letters)| print_map(name, letters, look, out))
            }
        }
    }

    fn print_bars(
        &self,
        bars: &[(String, f64)],
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let shown: Vec<String> = bars.iter().map(|(_, value)| self.unit.show(*value)).collect();
        // Names have at most a third of the line.
        let names = bars.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
        let names = names.min(look.width / 3);
        let values = shown.iter().map(|text| length(text)).max().unwrap_or(0);
        let room = look.width.saturating_sub(names + values + 4).max(1);
        let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        for ((name, value), text) in bars.iter().zip(&shown) {
            let part = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
            let bar = bar(part, room, look.ascii);
            let name = clipped(name, names);
            let (before, after) =
                (" ".repeat(names - length(&name)), " ".repeat(values - length(text)));
            let line = format!("{name}{before}  {after}{text}  {bar}");
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn print_lines(
        &self,
        x: &str,
        lines: &[Line],
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let points = || lines.iter().flat_map(|line| &line.points);
        let Some((least, most)) = range(points().map(|point| point.0)) else {
            return writeln!(out, "(nothing was measured)");
        };
        let top = points().map(|point| point.1).fold(0.0, f64::max);
        let label = self.unit.show(top);
        let margin = length(&label).max(length(&self.unit.show(0.0))) + 1;
        let columns = look.width.saturating_sub(margin + 1).clamp(8, 100);
        let mut cells = vec![vec![b' '; columns]; ROWS];
        for (index, line) in lines.iter().enumerate() {
            let letter = LETTERS[index % LETTERS.len()];
            (0..columns).for_each(|column| {
                let at = least + (most - least) * column as f64 / (columns - 1) as f64;
                let Some(value) = at_x(&line.points, at) else { return };
                let height = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
                let row = ROWS - 1 - (height * (ROWS - 1) as f64).round() as usize;
                let cell = &mut cells[row][column];
                *cell = if *cell == b' ' || *cell == letter { letter } else { SEVERAL };
            });
        }
        let (side, corner, floor) =
            if look.ascii { ("|", "+", "-") } else { ("│", "└", "─") };
        for (row, cells) in cells.iter().enumerate() {
            let label = match row {
                0 => label.clone(),
                _ if row == ROWS - 1 => self.unit.show(0.0),
                _ => String::new(),
            };
            let before = " ".repeat(margin - 1 - length(&label));
            let line = format!("{before}{label} {side}{}", String::from_utf8_lossy(cells));
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out, "{}{corner}{}", " ".repeat(margin), floor.repeat(columns))?;
        let (from, to) = (Unit::Count.show(least), format!("{} {x}", Unit::Count.show(most)));
        let gap = (columns + 1).saturating_sub(length(&from) + length(&to)).max(1);
        writeln!(out, "{}{from}{}{to}", " ".repeat(margin), " ".repeat(gap))?;
        let names = lines.iter().enumerate();
        let mut entries: Vec<String> = names
            .map(|(index, line)| {
                format!("{} {}", LETTERS[index % LETTERS.len()] as char, line.name)
            })
            .collect();
        if lines.len() > 1 {
            entries.push(format!("{} several", SEVERAL as char));
        }
        let mut legend = String::new();
        for entry in entries {
            if !legend.is_empty() && length(&legend) + 3 + length(&entry) > look.width - 2 {
                writeln!(out, "  {legend}")?;
                legend.clear();
            }
            legend += if legend.is_empty() { "" } else { "   " };
            legend += &entry;
        }
        writeln!(out, "  {legend}")
    }
}

/// Prints a map, as wide as it may be.
fn print_map(name: &str, letters: &[u8], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let columns = look.width.saturating_sub(2).clamp(8, 100);
    let each = letters.len().div_ceil(columns * MAP_ROWS).max(1);
    let of = if each > 1 { format!(", {each} to a letter") } else { String::new() };
    writeln!(out, "{}", clipped(&format!("{name}: {} pages{of}", letters.len()), look.width))?;
    let rank =
        |letter: &u8| STRONGEST.iter().position(|known| known == letter).unwrap_or(STRONGEST.len());
    let cells: Vec<u8> = letters
        .chunks(each)
        .map(|pages| *pages.iter().min_by_key(|letter| rank(letter)).expect("a chunk has pages"))
        .collect();
    cells.chunks(columns).try_for_each(|row| writeln!(out, "  {}", String::from_utf8_lossy(row)))
}

/// The bar for a part of `room` columns.
fn bar(part: f64, room: usize, ascii: bool) -> String {
    if ascii {
        return "#".repeat((part * room as f64).round() as usize);
    }
    let eighths = (part * 8.0 * room as f64).round() as usize;
    // Anything at all is seen.
    let eighths = if part > 0.0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A line's value at `x`, between two points on the straight line; nothing outside of it.
fn at_x(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let slack = 1e-9 * x.abs().max(1.0);
    let after = points.iter().position(|point| point.0 >= x - slack)?;
    let (x1, y1) = points[after];
    let Some((x0, y0)) = after.checked_sub(1).map(|before| points[before]) else {
        return (x1 - x <= slack).then_some(y1);
    };
    Some(y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0))
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (least, most) = range.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn clipped(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(plot: &Plot, look: Look) -> String {
        let mut out = Vec::new();
        plot.print(look, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn bars() -> Plot {
        let bars = [("inline", 100.0), ("frozen", 1.0), ("none", 0.0)];
        let bars = bars.map(|(name, value)| (name.to_string(), value)).to_vec();
        Plot { title: "pages".to_string(), unit: Unit::Count, kind: Kind::Bars(bars) }
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let text = printed(&bars(), Look { width: 33, ascii: true });
        let bar = "#".repeat(20);
        assert_eq!(text, format!("pages\ninline  100  {bar}\nfrozen    1\nnone      0\n"));
        let text = printed(&bars(), Look { width: 33, ascii: false });
        assert!(text.contains("frozen    1  ▎\n"), "{text}");
    }

    #[test]
    fn lines_keep_within_the_width_and_are_told_apart() {
        let line = |name: &str, slope: f64| Line {
            name: name.to_string(),
            points: (0..10).map(|x| (f64::from(x), slope * f64::from(x))).collect(),
        };
        let lines = vec![line("up", 2.0), line("half", 1.0)];
        let kind = Kind::Lines { x: "requests".to_string(), lines };
        let plot =
            Plot { title: "a title that is too long for it".to_string(), unit: Unit::Count, kind };
        for width in [24, 40, 80, 200] {
            for ascii in [true, false] {
                let text = printed(&plot, Look { width, ascii });
                assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
                assert!(!ascii || text.is_ascii(), "{text}");
                assert!(text.contains("a up") && text.contains("b half"), "{text}");
            }
        }
        let text = printed(&plot, Look { width: 40, ascii: true });
        let top = text.lines().nth(1).unwrap();
        assert!(top.starts_with("18 |") && top.ends_with('a'), "{text}");
    }

    #[test]
    fn a_map_folds_to_its_rows_and_shows_each_copy() {
        let letters = [&b"s".repeat(999)[..], b"c", &b"n".repeat(24)].concat();
        let plot = Plot {
            title: "map".to_string(),
            unit: Unit::Count,
            kind: Kind::Maps(vec![("inline".to_string(), letters)]),
        };
        let text = printed(&plot, Look { width: 34, ascii: true });
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[1], "inline: 1024 pages, 8 to a letter");
        assert_eq!(rows.len(), 2 + MAP_ROWS, "{text}");
        assert_eq!(rows[5], format!("  {}cnnn", "s".repeat(28)));
    }

    #[test]
    fn nothing_measured_is_said() {
        let plot = Plot {
            title: String::new(),
            unit: Unit::Count,
            kind: Kind::Lines { x: String::new(), lines: Vec::new() },
        };
        assert!(printed(&plot, Look { width: 40, ascii: true }).contains("nothing was measured"));
    }
}
