//! A page map as a picture for the terminal: a glyph for each page, never colour alone, folded to the width.

use super::{PageMap, PageState, RegionMap, STATES};
use std::fmt::Write;
use std::os::fd::AsFd;
use terminal_size::{Width, terminal_size_of};

/// Columns before the cells: the number of the first page of the row.
const MARGIN: usize = 10;
/// Rows that one region takes at the most; where it has more pages, a cell stands for several.
const ROWS: usize = 24;
/// Columns of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// How a map is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// With letters that every terminal has.
    pub ascii: bool,
    /// With colours beside the glyphs.
    pub color: bool,
    /// In so many columns.
    pub width: usize,
}

/// The columns of the terminal behind a descriptor: what `COLUMNS` says, else what the terminal says, else 80.
pub fn width_of_terminal(descriptor: impl AsFd) -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    told.filter(|columns| *columns > 0).unwrap_or_else(|| {
        terminal_size_of(descriptor).map_or(WIDTH, |(Width(columns), _)| usize::from(columns))
    })
}

impl Drawing {
    /// The whole map with its legend and totals.
    pub fn text(&self, map: &PageMap) -> String {
        let mut text = format!(
            "page map of process {}: {} bytes a page, by the {}\n",
            std::process::id(),
            map.page_size,
            map.source
        );
        if !map.is_forked {
            text.push_str("(no child of a fork of its own program: nothing was copied)\n");
        }
        for region in map.regions.iter().filter(|region| !region.pages.is_empty()) {
            self.region(region, &mut text);
        }
        self.legend(map, &mut text);
        text
    }

    fn region(&self, region: &RegionMap, text: &mut String) {
        let columns = self.width.saturating_sub(MARGIN).max(8);
        let each = region.pages.len().div_ceil(columns * ROWS).next_power_of_two();
        let plural = if region.pages.len() == 1 { "page" } else { "pages" };
        _ = write!(text, "{}: {} {plural}", region.name, region.pages.len());
        if each > 1 {
            _ = write!(text, ", {each} pages a cell");
        }
        text.push('\n');
        for (row, cells) in region.pages.chunks(columns * each).enumerate() {
            _ = write!(text, "{:>1$}  ", region.first + row * columns * each, MARGIN - 2);
            let mut painted = None;
            for cell in cells.chunks(each) {
                let mut counts = [0; STATES.len()];
                cell.iter().for_each(|page| counts[page.state as usize] += 1);
                let state = most_of(&counts);
                if self.color && painted != Some(state) {
                    _ = write!(text, "\x1b[{}m", state.color());
                    painted = Some(state);
                }
                text.push(state.glyph(self.ascii));
            }
            text.push_str(if painted.is_some() { "\x1b[0m\n" } else { "\n" });
        }
    }

    fn legend(&self, map: &PageMap, text: &mut String) {
        let mut line = String::new();
        let mut length = 0;
        for (state, pages) in STATES.iter().zip(map.totals()) {
            let (glyph, meaning) = (state.glyph(self.ascii), state.meaning());
            let entry = format!("{glyph} {meaning} {pages}");
            let columns = entry.chars().count();
            if length > 0 && length + 3 + columns > self.width {
                _ = writeln!(text, "{line}");
                line.clear();
                length = 0;
            }
            if length > 0 {
                line.push_str("   ");
                length += 3;
            }
            if self.color {
                _ = write!(line, "\x1b[{}m{glyph}\x1b[0m {meaning} {pages}", state.color());
            } else {
                line.push_str(&entry);
            }
            length += columns;
        }
        _ = writeln!(text, "{line}");
        let causes: Vec<String> =
            map.named_causes().map(|(name, pages)| format!("{name} {pages}")).collect();
        if !causes.is_empty() {
            _ = writeln!(text, "copied by cause: {}", causes.join(", "));
        }
    }
}

/// The state of most pages of a cell; of two, the one that costs more: a copy before what is shared.
fn most_of(counts: &[usize; STATES.len()]) -> PageState {
    const ORDER: [PageState; STATES.len()] = [
        PageState::Program,
        PageState::Collector,
        PageState::New,
        PageState::Shared,
        PageState::Free,
    ];
    let mut best = ORDER[0];
    for state in ORDER {
        if counts[state as usize] > counts[best as usize] {
            best = state;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::Page;
    use super::*;

    fn map(pages: &[(PageState, usize)]) -> PageMap {
        let pages: Vec<Page> = pages
            .iter()
            .flat_map(|&(state, count)| std::iter::repeat_n(Page { state, cause: None }, count))
            .collect();
        let region =
            RegionMap { name: "objects", start: 0, first: 5, count: pages.len() + 3, pages };
        PageMap { page_size: 4096, is_forked: true, source: "kernel", regions: vec![region] }
    }

    #[test]
    fn a_row_is_as_long_as_the_terminal_and_every_state_has_a_glyph_of_its_own() {
        let states = STATES.iter().map(|&state| (state, 10)).collect::<Vec<_>>();
        let drawing = Drawing { ascii: true, color: false, width: MARGIN + 20 };
        let text = drawing.text(&map(&states));
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[2], "       5  ..........##########");
        assert_eq!(rows[3], "      25  @@@@@@@@@@++++++++++");
        assert!(rows.iter().skip(1).all(|row| row.chars().count() <= 30), "{text}");
        assert!(text.contains("_ free 13"), "{text}");
        assert!(text.is_ascii());
    }

    #[test]
    fn colour_never_stands_alone() {
        let pages = [(PageState::Shared, 3), (PageState::Collector, 2)];
        let plain = Drawing { ascii: false, color: false, width: 40 }.text(&map(&pages));
        let colored = Drawing { ascii: false, color: true, width: 40 }.text(&map(&pages));
        let mut stripped = String::new();
        let mut rest = colored.as_str();
        while let Some((before, after)) = rest.split_once("\x1b[") {
            stripped.push_str(before);
            rest = after.split_once('m').expect("an escape sequence has an end").1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain);
        assert!(plain.contains("░░░▚▚"));
    }

    #[test]
    fn many_pages_share_a_cell() {
        let pages = [(PageState::Shared, 9000), (PageState::Program, 1000)];
        let text = Drawing { ascii: true, color: false, width: MARGIN + 50 }.text(&map(&pages));
        assert!(text.contains("10000 pages, 16 pages a cell"), "{text}");
        assert!(text.lines().count() <= ROWS + 6);
        assert!(text.contains("@ copied by the program 1000"));
    }
}
