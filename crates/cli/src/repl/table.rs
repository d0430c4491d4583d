//! Answers of the machine as tables: one way to print a map of maps, a list of maps, a list, whatever the native gives.

use calf_lab::blame::clip;
use calf_lab::grouped;
use calf_vm::session::Data;

/// Rows that are shown; the rest is counted.
const ROWS: usize = 20;
/// The widest that a cell gets.
const CELL: usize = 48;

/// A number with its thousands apart: `12 345`, `-0.5`.
pub(crate) fn number(number: f64) -> String {
    if number.fract() != 0.0 || number.abs() >= 1e15 {
        return format!("{number:.2}");
    }
    grouped(number as i64)
}

/// A count with its thousands apart.
pub(crate) fn count(count: usize) -> String {
    grouped(count as i64)
}

/// A cell, and whether it is a number, which stands on the right.
fn cell(data: &Data) -> (String, bool) {
    match data {
        Data::Nil => (String::new(), false),
        Data::Boolean(truth) => (truth.to_string(), false),
        Data::Number(value) => (number(*value), true),
        Data::Text(text) | Data::Other(text) => (clip(text, CELL), false),
        Data::List(items) => {
            let texts: Vec<String> = items.iter().map(|item| cell(item).0).collect();
            (clip(&texts.join(", "), CELL), false)
        }
        Data::Map(entries) => {
            let text = |(name, value): &(String, Data)| format!("{name} {}", cell(value).0);
            (clip(&entries.iter().map(text).collect::<Vec<_>>().join(", "), CELL), false)
        }
    }
}

/// A line of its own, which shows what is a list and what is a map.
fn whole(data: &Data) -> String {
    let (open, close) = match data {
        Data::List(_) => ("[", "]"),
        Data::Map(_) => ("{", "}"),
        _ => ("", ""),
    };
    format!("{open}{}{close}", cell(data).0)
}

/// Lines of cells under headings, columns aligned; numbers to the right.
pub(crate) fn lines(headings: &[String], rows: &[Vec<(String, bool)>]) -> String {
    let columns = headings.len();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|(text, _)| text.chars().count()).max().unwrap_or(0);
        widest.max(headings[column].chars().count())
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let is_number = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(|c| c.1));
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        let mut written = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let width = widths[column];
            if column > 0 {
                written.push_str("  ");
            }
            let blanks = " ".repeat(width - cell.chars().count());
            if is_number(column) {
                written.extend([&blanks, *cell]);
            } else {
                written.extend([*cell, &blanks]);
            }
        }
        text.push_str(written.trim_end());
        text.push('\n');
    };
    if headings.iter().any(|heading| !heading.is_empty()) {
        line(&headings.iter().map(String::as_str).collect::<Vec<_>>());
    }
    for row in rows {
        let cells: Vec<&str> =
            (0..columns).map(|column| row.get(column).map_or("", |cell| &cell.0)).collect();
        line(&cells);
    }
    text
}

/// Any answer, ending with a line break.
pub(crate) fn render(data: &Data) -> String {
    match data {
        Data::Map(entries) if entries.iter().any(|(_, value)| is_map(value)) => {
            let rows = entries.iter().map(|(name, value)| (Some(name.as_str()), value));
            records(&rows.collect::<Vec<_>>())
        }
        Data::Map(entries) if entries.is_empty() => "nothing\n".to_string(),
        Data::Map(entries) => {
            let rows: Vec<_> = entries
                .iter()
                .map(|(name, value)| vec![(name.clone(), false), cell(value)])
                .collect();
            lines(&[String::new(), String::new()], &rows)
        }
        Data::List(items) if items.is_empty() => "nothing\n".to_string(),
        Data::List(items) if items.iter().all(is_map) => {
            records(&items.iter().map(|item| (None, item)).collect::<Vec<_>>())
        }
        Data::List(items) => {
            let mut text: String = items.iter().take(ROWS).map(|item| whole(item) + "\n").collect();
            text.push_str(&rest(items.len()));
            text
        }
        Data::Nil => String::new(),
        Data::Text(text) => text.trim_end().to_string() + "\n",
        other => cell(other).0 + "\n",
    }
}

fn is_map(data: &Data) -> bool {
    matches!(data, Data::Map(_))
}

fn rest(rows: usize) -> String {
    match rows.checked_sub(ROWS) {
        None | Some(0) => String::new(),
        Some(more) => format!("… {more} more\n"),
    }
}

/// Maps with the same keys, one on each line.
fn records(rows: &[(Option<&str>, &Data)]) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for (_, row) in rows.iter().take(ROWS) {
        for (key, _) in row.entries() {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
    }
    let has_names = rows.iter().any(|(name, _)| name.is_some());
    let mut headings: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
    if has_names {
        headings.insert(0, String::new());
    }
    let cells = |(name, row): &(Option<&str>, &Data)| {
        let name = name.map(|name| (clip(name, CELL), false));
        let values = keys.iter().map(|key| row.get(key).map_or_else(Default::default, cell));
        let values: Vec<_> = if is_map(row) { values.collect() } else { vec![cell(row)] };
        name.into_iter().filter(|_| has_names).chain(values).collect()
    };
    let shown: Vec<Vec<(String, bool)>> = rows.iter().take(ROWS).map(cells).collect();
    lines(&headings, &shown) + &rest(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Data)]) -> Data {
        Data::Map(entries.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())
    }

    #[test]
    fn answers_become_aligned_lines() {
        let row = |objects, bytes| {
            map(&[("objects", Data::Number(objects)), ("bytes", Data::Number(bytes))])
        };
        let histogram = map(&[("string", row(12.0, 1_234_567.0)), ("Cow", row(3.0, -0.5))]);
        let expected = [
            "        objects      bytes\n",
            "string       12  1 234 567\n",
            "Cow           3      -0.50\n",
        ]
        .concat();
        assert_eq!(render(&histogram), expected);
        assert_eq!(render(&Data::List(vec![])), "nothing\n");
        assert_eq!(render(&Data::List(vec![Data::Number(1.0), Data::Other("x".into())])), "1\nx\n");
        let lists = Data::List(vec![Data::List(vec![Data::Number(1.0)]), Data::Nil]);
        assert_eq!(render(&lists), "[1]\n\n");
        assert_eq!(render(&map(&[("rss", Data::Number(1e6))])), "rss  1 000 000\n");
        assert_eq!(render(&Data::Text("a\nb\n".into())), "a\nb\n");
        let many = Data::List(vec![Data::Nil; 25]);
        assert!(render(&many).ends_with("… 5 more\n"));
    }
}
