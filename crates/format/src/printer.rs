//! Lays a document out in lines.

use crate::WIDTH;
use crate::document::{Break, Group, GroupKind, Item};

const INDENT: usize = 2;

/// A group that is open.
#[derive(Clone, Copy)]
struct Frame {
    is_broken: bool,
    /// The indentation of its lines, in columns.
    indent: usize,
    /// The indentation of the line with its closing bracket.
    outer: usize,
    /// The indentation of the line that it has begun last: what is opened there is indented from there.
    current: usize,
}

const BOTTOM: Frame = Frame { is_broken: true, indent: 0, outer: 0, current: 0 };

struct Printer<'d, 's> {
    items: &'d [Item<'s>],
    text: String,
    /// How many characters are on the current line.
    column: usize,
    frames: Vec<Frame>,
    /// What waits for the end of the line.
    suffixes: Vec<&'s str>,
}

/// The text of a document.
pub(crate) fn print(items: &[Item]) -> String {
    let mut printer = Printer {
        items,
        text: String::new(),
        column: 0,
        frames: vec![BOTTOM],
        suffixes: Vec::new(),
    };
    for at in 0..items.len() {
        printer.item(at);
    }
    printer.finish()
}

/// The characters in front of the first line break, and whether there is one.
fn first_width(text: &str) -> (usize, bool) {
    match text.split_once('\n') {
        Some((first, _)) => (first.chars().count(), true),
        None => (text.chars().count(), false),
    }
}

impl Printer<'_, '_> {
    fn frame(&self) -> Frame {
        self.frames.last().copied().unwrap_or(BOTTOM)
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    /// Ends the line, with the comments that wait for it.
    fn end_line(&mut self) {
        // What ends with its line stands last. Several of them become one.
        let mut suffixes = std::mem::take(&mut self.suffixes);
        suffixes.sort_by_key(|suffix| suffix.starts_with("//"));
        for suffix in suffixes {
            if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
            self.text.push_str(suffix);
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
    }

    fn new_line(&mut self, blank: bool, indent: usize) {
        self.end_line();
        if self.text.is_empty() {
            return;
        }
        self.text.push_str(if blank { "\n\n" } else { "\n" });
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
        if let Some(frame) = self.frames.last_mut() {
            frame.current = indent;
        }
    }

    fn item(&mut self, at: usize) {
        let frame = self.frame();
        let indent = |closes: bool| if closes { frame.outer } else { frame.indent };
        match self.items[at] {
            Item::Text(text) => self.put(text),
            Item::IfBroken(text) if frame.is_broken => self.put(text),
            Item::IfBroken(_) => (),
            Item::Suffix(text) => self.suffixes.push(text),
            Item::Line { blank, closes } => self.new_line(blank, indent(closes)),
            Item::Break(Break { flat, closes, fills, .. }) => {
                if frame.is_broken && !(fills && self.next_part_fits(at, flat)) {
                    self.new_line(false, indent(closes));
                } else {
                    self.put(flat);
                }
            }
            Item::Open(group) => {
                let is_broken = group.is_broken || !self.fits(at, group);
                let levels = if is_broken { group.levels } else { 0 };
                let outer = frame.current;
                let indent = outer + levels * INDENT;
                self.frames.push(Frame { is_broken, indent, outer, current: outer });
            }
            Item::Close => {
                self.frames.pop();
            }
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text
    }

    /// Does the group that begins at `at` fit on the line?
    fn fits(&self, at: usize, group: Group) -> bool {
        self.stretch_fits(at, group.kind)
            || group.hug.is_some_and(|hug| self.prefix_fits(&self.items[at..hug]))
    }

    /// Does the text up to the opening bracket of the last part fit?
    fn prefix_fits(&self, items: &[Item]) -> bool {
        let width = |item: &Item| match item {
            Item::Text(text) => first_width(text).0,
            Item::Break(place) => place.flat.len(),
            _ => 0,
        };
        self.column + items.iter().map(width).sum::<usize>() <= WIDTH
    }

    /// Does the group that begins at `at` fit on the line without a break, with what follows it up to the next place to break?
    fn stretch_fits(&self, at: usize, kind: GroupKind) -> bool {
        let mut left = WIDTH.saturating_sub(self.column);
        // The groups that were opened on the way: are they known to be broken?
        let mut opened: Vec<bool> = Vec::new();
        // How many of the open frames are still open.
        let mut frames = self.frames.len();
        let mut is_behind = false;
        for item in &self.items[at..] {
            let frame = self.frames[frames - 1];
            let width = match *item {
                Item::Open(group) => {
                    opened.push(group.is_broken);
                    0
                }
                Item::Close => {
                    if opened.pop().is_none() {
                        frames = (frames - 1).max(1);
                    }
                    is_behind |= opened.is_empty();
                    0
                }
                Item::Line { .. } => return true,
                Item::Break(place) => {
                    let is_taken = match opened.last() {
                        Some(&is_broken) if is_behind || kind == GroupKind::Loose => {
                            is_behind || is_broken || place.of_block
                        }
                        Some(_) => false,
                        None => frame.is_broken || place.of_block,
                    };
                    if is_taken {
                        return true;
                    }
                    place.flat.len()
                }
                Item::IfBroken(text) if opened.is_empty() && frame.is_broken => text.len(),
                Item::IfBroken(_) | Item::Suffix(_) => 0,
                Item::Text(text) => {
                    let (width, has_line) = first_width(text);
                    if has_line {
                        return width <= left;
                    }
                    width
                }
            };
            if width > left {
                return false;
            }
            left -= width;
        }
        true
    }

    /// Does what stands between the break at `at` and the next one of its group fit on the line?
    fn next_part_fits(&self, at: usize, flat: &str) -> bool {
        let Some(mut left) = WIDTH.checked_sub(self.column + flat.len()) else { return false };
        let mut depth = 0_usize;
        for item in &self.items[at + 1..] {
            let width = match *item {
                Item::Open(_) => {
                    depth += 1;
                    0
                }
                Item::Close if depth == 0 => return true,
                Item::Close => {
                    depth -= 1;
                    0
                }
                Item::Line { .. } => return true,
                Item::Break(_) if depth == 0 => return true,
                Item::Break(place) => place.flat.len(),
                Item::IfBroken(text) if depth == 0 => text.len(),
                Item::IfBroken(_) | Item::Suffix(_) => 0,
                Item::Text(text) => first_width(text).0,
            };
            match left.checked_sub(width) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    }
}
