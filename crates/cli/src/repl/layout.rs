//! Texts for people within the columns of the terminal: long lines, lines behind a name, pages of Markdown.

use super::highlight;

/// Columns that a text keeps, however narrow the terminal is.
const LEAST: usize = 20;

/// The text in lines of no more than `width` columns; all but the first begin with `indent` blanks, and `column` columns of the first are
/// taken. A word that is wider stands alone.
pub(crate) fn wrapped(text: &str, column: usize, indent: usize, width: usize) -> String {
    let width = width.max(indent + LEAST);
    let mut lines = String::new();
    let (mut at, mut is_start) = (column, true);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_start && at + 1 + length > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            at = indent;
        } else if !is_start {
            lines.push(' ');
            at += 1;
        }
        lines.push_str(word);
        at += length;
        is_start = false;
    }
    lines
}

/// Lines of a name and what is said of it, in two columns.
pub(crate) fn glossary<'t>(
    rows: impl Iterator<Item = (&'t str, &'t str)> + Clone,
    width: usize,
) -> String {
    let widest = rows.clone().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, text)| {
        format!("{name:widest$}  {}\n", wrapped(text, widest + 2, widest + 2, width))
    };
    rows.map(line).collect()
}

/// Markdown: paragraphs and items are broken anew, tables have columns, code is indented and without its fences.
pub(crate) fn page(markdown: &str, width: usize, color: bool) -> String {
    let mut text = String::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                let painted = if color { highlight::program(line, None) } else { line.to_string() };
                text.push_str(format!("    {painted}").trim_end());
                text.push('\n');
            }
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(line);
            }
            text.push_str(&table(&rows, width));
        } else {
            let indent = if line.starts_with("- ") { 2 } else { 0 };
            let mut paragraph = line.to_string();
            let goes_on = |next: &&str| {
                !line.is_empty()
                    && !next.is_empty()
                    && !next.starts_with(['|', '-'])
                    && !next.starts_with("```")
            };
            while let Some(line) = lines.next_if(goes_on) {
                paragraph.extend([" ", line]);
            }
            text.push_str(&wrapped(&paragraph, 0, indent, width));
            text.push('\n');
        }
    }
    text
}

/// The cells of a table's line. A bar between backticks is text.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_code = false;
    for character in row.trim().trim_matches('|').chars() {
        is_code ^= character == '`';
        match cells.last_mut() {
            Some(cell) if character != '|' || is_code => cell.push(character),
            _ => cells.push(String::new()),
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_string()).collect()
}

/// A table, the last column of which is broken where it is too wide.
fn table(rows: &[&str], width: usize) -> String {
    let is_rule = |row: &&&str| row.chars().all(|c| "|-: ".contains(c));
    let rows: Vec<_> = rows.iter().filter(|row| !is_rule(row)).map(|row| cells(row)).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).take(columns.saturating_sub(1)) {
            line.push_str(&format!("{cell:width$}  "));
        }
        let column = line.chars().count();
        if let Some(last) = row.get(columns.saturating_sub(1)) {
            line.push_str(&wrapped(last, column, column, width));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("", 0, 0, 40), "");
        assert_eq!(wrapped("one  two\nthree", 0, 0, 40), "one two three");
        assert_eq!(
            wrapped("aaaaaaaaaaaa bbbbbbbbbbbb c", 0, 2, 24),
            "aaaaaaaaaaaa\n  bbbbbbbbbbbb c"
        );
        assert_eq!(wrapped("aaaa bbbb", 18, 2, 24), "aaaa\n  bbbb");
        let long = "x".repeat(30);
        assert_eq!(wrapped(&format!("a {long} b"), 0, 0, 20), format!("a\n{long}\nb"));
    }

    #[test]
    fn a_page_fits_its_columns() {
        let markdown = "\
Words that go on
over two lines.

| a | what it is |
| --- | --- |
| `x | y` | one two three four five six seven |
- an item that goes on and
  on and on
- another
```calf
print 1;
```
";
        let expected = "\
Words that go on over two lines.

a        what it is
`x | y`  one two three four five
         six seven
- an item that goes on and on and
  on
- another
    print 1;
";
        assert_eq!(page(markdown, 33, false), expected);
    }
}
