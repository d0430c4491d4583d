//! The pages of the heap, one cell for each, at each moment.

use crate::extra::{Frame, Region, Says};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{count, seconds};
use crate::palette::{self, Fill, STATES};
use crate::svg::{Anchor, Drawing, Px, label};
use crate::table::Table;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::fmt::Write;

const COLUMNS: u64 = 92;
const CELL: f64 = 5.0;
const HEAD: f64 = 20.0;
/// A map has no more cells than this: where there are more pages, a cell is several.
const MOST_CELLS: u64 = 12_000;
/// Of several pages in one cell the state that comes first here is shown.
const STRONGEST: [char; 5] = ['c', 'p', 'n', 's', '.'];

/// Where the regions of a map lie, at every moment.
struct Layout {
    /// Name, pages, and how far below the top.
    regions: Vec<(String, u64, f64)>,
    /// Pages to a cell.
    pages: u64,
    height: f64,
}

/// The player of a group; `None` if it has no page map.
pub(crate) fn figure(group: &Group<'_>) -> Option<Figure> {
    let maps: Vec<_> = group
        .extras(|says| if let Says::PageMap(frames) = says { Some(frames) } else { None })
        .into_iter()
        .filter(|told| !told.says.is_empty())
        .collect();
    if maps.is_empty() {
        return None;
    }
    let heads =
        ["map", "#moment", "what had happened", "#after", "region"].into_iter().map(str::to_string);
    let mut table = Table::new(
        format!("pages by state: {}", group.title()),
        heads.chain(STATES.iter().map(|(_, fill)| format!("#{}", fill.meaning))),
    );
    let mut ends = Vec::new();
    for map in &maps {
        for (index, frame) in map.says.iter().enumerate() {
            for region in &frame.regions {
                let states = states(region);
                let mut row = vec![
                    map.name(),
                    count(index as f64 + 1.0),
                    frame.label.clone(),
                    seconds(frame.at),
                    region.name.clone(),
                ];
                row.extend(
                    STATES
                        .iter()
                        .map(|(letter, _)| count(states.get(letter).copied().unwrap_or(0.0))),
                );
                table.row(row);
            }
        }
        let last = map.says.last().map(|frame| &frame.regions);
        let mut copied = 0.0;
        for region in last.into_iter().flatten() {
            let states = states(region);
            copied += states.get(&'c').unwrap_or(&0.0) + states.get(&'p').unwrap_or(&0.0);
        }
        ends.push(format!("{}: {} pages copied in the end", map.name(), count(copied)));
    }
    let layouts: Vec<Layout> = maps.iter().map(|map| Layout::of(map.says)).collect();
    let mut notes = vec!["A cell is a page; the pages of a region are in the order of their addresses, from left to right and from top to bottom.".to_string()];
    if let Some(pages) = layouts.iter().map(|layout| layout.pages).max().filter(|pages| *pages > 1)
    {
        notes.push(format!("The heap is large: a cell stands for up to {pages} pages, and shows the one that was copied if any was."));
    }
    Some(Figure {
        title: format!("Page maps: {}", group.title()),
        summary: format!("Maps of pages by their state. {}.", ends.join("; ")),
        drawings: maps.iter().zip(&layouts).map(|(map, layout)| draw(map, layout)).collect(),
        arrangement: Arrangement::Player,
        legend: palette::legend(STATES.iter().map(|(_, fill)| fill)),
        notes,
        table,
        command: group.command(),
    })
}

/// Pages by the letter of their state.
fn states(region: &Region) -> BTreeMap<char, f64> {
    let mut states = BTreeMap::new();
    for (length, letter) in &region.runs {
        *states.entry(*letter).or_insert(0.0) += *length as f64;
    }
    states
}

fn pages_of(region: &Region) -> u64 {
    region.runs.iter().fold(0, |sum: u64, (length, _)| sum.saturating_add(*length))
}

impl Layout {
    fn of(frames: &[Frame]) -> Layout {
        let mut sizes: Vec<(String, u64)> = Vec::new();
        for region in frames.iter().flat_map(|frame| &frame.regions) {
            let pages = pages_of(region);
            match sizes.iter_mut().find(|(name, _)| *name == region.name) {
                Some((_, most)) => *most = pages.max(*most),
                None => sizes.push((region.name.clone(), pages)),
            }
        }
        let all = sizes.iter().fold(0_u64, |sum, (_, pages)| sum.saturating_add(*pages));
        let pages = all.div_ceil(MOST_CELLS).max(1);
        let mut top = 0.0;
        let mut regions = Vec::new();
        for (name, size) in sizes {
            top += HEAD;
            regions.push((name, size, top));
            top += size.div_ceil(pages).div_ceil(COLUMNS) as f64 * CELL + 4.0;
        }
        Layout { regions, pages, height: top.max(HEAD) }
    }
}

fn draw(map: &Told<'_, Vec<Frame>>, layout: &Layout) -> Drawing {
    let last = map.says.len() - 1;
    let body = html! {
        g class="page-map" data-line=(map.extra.line) data-columns=(COLUMNS) data-cell=(Px(CELL)) data-pages=(layout.pages) {
            @for (name, pages, top) in &layout.regions {
                (label(0.0, top - 6.0, Anchor::Start, "panel-title", &format!("{name}: up to {} pages", count(*pages as f64))))
                g class="region" data-name=(name) data-top=(Px(*top)) {}
            }
            @for (index, frame) in map.says.iter().enumerate() {
                g class=(if index == last { "frame shown" } else { "frame" }) data-label=(format!("{} ({})", frame.label, seconds(frame.at))) {
                    @for region in &frame.regions {
                        @if let Some((_, _, top)) = layout.regions.iter().find(|(name, ..)| *name == region.name) {
                            (draw_region(region, layout.pages, *top))
                        }
                    }
                }
            }
            rect class="cursor" width=(Px(CELL)) height=(Px(CELL)) {}
        }
    };
    Drawing { label: map.name(), width: COLUMNS as f64 * CELL + 2.0, height: layout.height, body }
}

fn draw_region(region: &Region, pages: u64, top: f64) -> Markup {
    let mut paths: Vec<(&Fill, String)> =
        STATES.iter().map(|(_, fill)| (fill, String::new())).collect();
    for (from, length, letter) in cells(&region.runs, pages) {
        let index =
            STATES.iter().position(|(known, _)| *known == letter).unwrap_or(STATES.len() - 1);
        add_cells(&mut paths[index].1, from, length, top);
    }
    html! {
        @for (fill, path) in paths {
            @if !path.is_empty() { path d=(path) fill=(fill.url()) class="page" {} }
        }
    }
}

/// The runs as runs of cells: first cell, number of cells, state.
fn cells(runs: &[(u64, char)], pages: u64) -> Vec<(u64, u64, char)> {
    let rank = |letter: char| {
        STRONGEST.iter().position(|known| *known == letter).unwrap_or(STRONGEST.len())
    };
    let mut cells: Vec<(u64, u64, char)> = Vec::new();
    let mut at: u64 = 0;
    for (length, letter) in runs {
        let (first, end) = (at / pages, at.saturating_add(*length).div_ceil(pages));
        at = at.saturating_add(*length);
        let mut first = first;
        // The cell in which the last run ended belongs to the stronger of both.
        if let Some((from, count, old)) = cells.last_mut()
            && *from + *count > first
        {
            if rank(*letter) < rank(*old) {
                *count -= 1;
                if *count == 0 {
                    cells.pop();
                }
            } else {
                first += 1;
            }
        }
        if end > first {
            cells.push((first, end - first, *letter));
        }
    }
    cells
}

/// Adds a run of cells to a path: at most three rectangles.
fn add_cells(path: &mut String, from: u64, length: u64, top: f64) {
    let mut add = |row: u64, column: u64, wide: u64, high: u64| {
        let (x, y) = (column as f64 * CELL, top + row as f64 * CELL);
        // Writing to a text cannot fail.
        let _ = write!(
            path,
            "M{} {}h{}v{}h-{}z",
            Px(x),
            Px(y),
            Px(wide as f64 * CELL),
            Px(high as f64 * CELL),
            Px(wide as f64 * CELL)
        );
    };
    let (mut at, end) = (from, from + length);
    if at % COLUMNS != 0 {
        let until = end.min((at / COLUMNS + 1) * COLUMNS);
        add(at / COLUMNS, at % COLUMNS, until - at, 1);
        at = until;
    }
    let whole = (end - at) / COLUMNS;
    if whole > 0 {
        add(at / COLUMNS, 0, COLUMNS, whole);
        at += whole * COLUMNS;
    }
    if at < end {
        add(at / COLUMNS, 0, end - at, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_three_rectangles_at_most() {
        let mut path = String::new();
        add_cells(&mut path, 90, 190, 0.0);
        assert_eq!(path, "M450 0h10v5h-10zM0 5h460v10h-460zM0 15h20v5h-20z");
    }

    #[test]
    fn of_several_pages_in_a_cell_the_copied_one_is_seen() {
        assert_eq!(
            cells(&[(3, 's'), (1, 'c'), (4, 's')], 1),
            [(0, 3, 's'), (3, 1, 'c'), (4, 4, 's')]
        );
        assert_eq!(cells(&[(3, 's'), (1, 'c'), (4, 's')], 4), [(0, 1, 'c'), (1, 1, 's')]);
        assert_eq!(cells(&[(1, 'c'), (7, 's')], 4), [(0, 1, 'c'), (1, 1, 's')]);
    }

    #[test]
    fn a_map_of_absurd_size_stays_small() {
        let runs = vec![(u64::MAX, 's'), (u64::MAX, 'c')];
        let frame = Frame {
            at: 0.0,
            label: String::new(),
            regions: vec![Region { name: "objects".to_string(), runs }],
        };
        let layout = Layout::of(std::slice::from_ref(&frame));
        assert!(layout.height < 1_000.0);
        assert!(draw_region(&frame.regions[0], layout.pages, 0.0).into_string().len() < 1_000);
    }
}
