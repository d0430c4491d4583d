//! What the REPL shows of a value: never more than fits, whatever the value is.
//!
//! Unlike `print` it calls no `toString()`, shows the fields of instances, and stops at limits of depth, items and length. First comes a
//! tree of texts, bounded; then the tree is laid out, each part on one line if it fits and over several if not.

use crate::kind::Kind;
use crate::text::write_quoted;
use crate::vm::Vm;
use crate::{list, map, string};
use calf_gc::{Collector, Object, Value};

/// How much of a value is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Containers within containers; what lies deeper is summed up.
    pub depth: usize,
    /// Items of one container; the others are counted.
    pub items: usize,
    /// Columns, where lines are broken.
    pub width: usize,
    /// Characters of one string.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 4, items: 100, width: 80, text: 1000 }
    }
}

impl Limits {
    /// The deepest that may be asked for: the walk is recursive.
    pub const DEEPEST: usize = 100;
}

/// Texts in one value, over all its parts: what 4 levels of 100 items would exceed.
const PARTS: usize = 2000;
/// What is written for one level.
const INDENT: usize = 2;
/// Parts no longer than this stand side by side on a line.
const SHORT: usize = 24;

/// A value as texts.
enum Node {
    /// One text.
    Leaf(String),
    /// What contains others.
    Container(Container),
}

struct Container {
    /// Its number, if it comes back within itself.
    reference: Option<usize>,
    /// With the bracket: `[`, `Cow {`.
    open: String,
    items: Vec<(Option<String>, Node)>,
    /// How many there are besides.
    more: usize,
    close: char,
}

/// The walk over one value.
struct Walk {
    limits: Limits,
    parts: usize,
    /// The containers around, and the numbers of those that came back.
    open: Vec<(Object, Option<usize>)>,
    references: usize,
}

impl<C: Collector> Vm<C> {
    /// The text of a value, within the session's limits. Runs nothing, allocates nothing in the heap.
    pub(crate) fn inspect(&self, value: Value) -> String {
        self.inspect_within(value, self.session.limits)
    }

    /// The text of a value on one line of no more than `width` columns.
    pub(crate) fn inspect_line(&self, value: Value, width: usize) -> String {
        let limits = Limits { depth: 2, items: 16, width: usize::MAX, text: width };
        let text = self.inspect_within(value, limits);
        match text.char_indices().nth(width) {
            None => text,
            Some(_) => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        }
    }

    fn inspect_within(&self, value: Value, limits: Limits) -> String {
        let mut walk = Walk { limits, parts: 0, open: Vec::new(), references: 0 };
        let node = self.node(value, &mut walk);
        let mut text = String::new();
        node.write(&mut text, 0, 0, limits.width);
        text
    }

    fn node(&self, value: Value, walk: &mut Walk) -> Node {
        walk.parts += 1;
        let Some(object) = value.as_object() else { return self.leaf(value) };
        match Kind::of_shape(object.shape()) {
            Kind::String => Node::Leaf(quoted(string::text(&object), walk.limits.text)),
            Kind::Class => {
                let mut name = String::new();
                self.write_leaf(value, &mut name);
                Node::Leaf(format!("<class {name}>"))
            }
            Kind::Bytes => Node::Leaf(buffer("bytes", &byte_texts(object), byte_count(object))),
            Kind::Numbers => Node::Leaf(buffer("numbers", &number_texts(object), object.units())),
            Kind::List | Kind::Map | Kind::Instance => self.container(object, walk),
            _ => self.leaf(value),
        }
    }

    fn leaf(&self, value: Value) -> Node {
        let mut text = String::new();
        self.write_leaf(value, &mut text);
        Node::Leaf(text)
    }

    fn container(&self, object: Object, walk: &mut Walk) -> Node {
        if let Some(at) = walk.open.iter().position(|(open, _)| *open == object) {
            let number = *walk.open[at].1.get_or_insert_with(|| {
                walk.references += 1;
                walk.references
            });
            return Node::Leaf(format!("[Circular *{number}]"));
        }
        let kind = Kind::of_shape(object.shape());
        let (open, close, count) = match kind {
            Kind::List => ("[".to_string(), ']', list::length(object)),
            Kind::Map => ("{".to_string(), '}', map::length(object)),
            _ => (format!("{} {{", self.type_name(Value::object(object))), '}', 0),
        };
        if walk.open.len() >= walk.limits.depth || walk.parts >= PARTS {
            return Node::Leaf(match kind {
                Kind::List | Kind::Map if count == 0 => format!("{open}{close}"),
                Kind::List => format!("[… {}]", counted(count, "item", "items")),
                Kind::Map => format!("{{… {}}}", counted(count, "entry", "entries")),
                _ => format!("{open}…}}"),
            });
        }
        walk.open.push((object, None));
        let (items, count) = match kind {
            Kind::List => (self.items_of_list(object, count, walk), count),
            Kind::Map => (self.entries_of_map(object, walk), count),
            _ => {
                let fields = self.fields(object);
                (self.fields_shown(&fields, walk), fields.len())
            }
        };
        let (_, reference) = walk.open.pop().expect("it was pushed above");
        let more = count - items.len();
        Node::Container(Container { reference, open, items, more, close })
    }

    fn items_of_list(
        &self,
        list: Object,
        count: usize,
        walk: &mut Walk,
    ) -> Vec<(Option<String>, Node)> {
        let mut items = Vec::new();
        for index in 0..count.min(walk.limits.items) {
            if walk.parts >= PARTS {
                break;
            }
            items.push((None, self.node(list::item(list, index), walk)));
        }
        items
    }

    fn entries_of_map(&self, map: Object, walk: &mut Walk) -> Vec<(Option<String>, Node)> {
        let mut items = Vec::new();
        let entries = (0..map::used(map)).filter_map(|at| map::entry(map, at));
        for (key, value) in entries.take(walk.limits.items) {
            if walk.parts >= PARTS {
                break;
            }
            let key = match self.node(key, walk) {
                Node::Leaf(text) => text,
                container => {
                    let mut text = String::new();
                    container.write(&mut text, 0, 0, usize::MAX);
                    text
                }
            };
            items.push((Some(key), self.node(value, walk)));
        }
        items
    }

    fn fields_shown(
        &self,
        fields: &[(crate::shape::Symbol, Value)],
        walk: &mut Walk,
    ) -> Vec<(Option<String>, Node)> {
        let mut items = Vec::new();
        for (name, value) in fields.iter().take(walk.limits.items) {
            if walk.parts >= PARTS {
                break;
            }
            let name = self.symbols.name(*name).to_string();
            items.push((Some(name), self.node(*value, walk)));
        }
        items
    }
}

/// `3 items`, `1 item`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A text between quotes, cut at `most` characters, with the number of those that are left out.
fn quoted(text: &str, most: usize) -> String {
    let mut written = String::new();
    match text.char_indices().nth(most) {
        None => write_quoted(text, &mut written),
        Some((end, _)) => {
            write_quoted(&text[..end], &mut written);
            let more = text[end..].chars().count();
            written.push_str(&format!("… {}", counted(more, "more character", "more characters")));
        }
    }
    written
}

/// Items of a buffer that are shown.
const FIRST: usize = 8;

fn byte_count(buffer: Object) -> usize {
    buffer.get(0).as_raw() as usize
}

fn byte_texts(buffer: Object) -> Vec<String> {
    let bytes = buffer.view_bytes(8, byte_count(buffer).min(FIRST));
    bytes.iter().map(u8::to_string).collect()
}

fn number_texts(buffer: Object) -> Vec<String> {
    let number = |index| {
        let mut text = String::new();
        crate::text::write_number(f64::from_bits(buffer.get(index).bits()), &mut text);
        text
    };
    (0..buffer.units().min(FIRST)).map(number).collect()
}

/// A flat buffer: what it is, how long, how it begins.
fn buffer(name: &str, first: &[String], count: usize) -> String {
    if count == 0 {
        return format!("<{name} 0>");
    }
    let rest = if count > first.len() { ", …" } else { "" };
    format!("<{name} {count}: {}{rest}>", first.join(", "))
}

impl Node {
    /// How many columns it takes on one line; no more is counted than `most` and a little.
    fn width(&self, most: usize) -> usize {
        match self {
            Node::Leaf(text) => text.chars().count(),
            Node::Container(container) => {
                let mut width = container.head().chars().count() + 2 * container.blank().len() + 1;
                if container.more > 0 {
                    let comma = if container.items.is_empty() { 0 } else { 2 };
                    width += comma + container.rest().chars().count();
                }
                for (index, (label, node)) in container.items.iter().enumerate() {
                    if width > most {
                        break;
                    }
                    width += if index > 0 { 2 } else { 0 };
                    width += label.as_ref().map_or(0, |label| label.chars().count() + 2);
                    width += node.width(most - width.min(most));
                }
                width
            }
        }
    }

    /// Writes it from `column` on; lines of its own are indented by `indent`.
    fn write(&self, to: &mut String, column: usize, indent: usize, width: usize) {
        let container = match self {
            Node::Leaf(text) => return to.push_str(text),
            Node::Container(container) => container,
        };
        to.push_str(&container.head());
        let room = width.saturating_sub(column);
        if self.width(room) <= room {
            container.write_flat(to);
        } else if container.items.iter().all(|(label, node)| label.is_none() && node.is_short()) {
            container.write_filled(to, indent + INDENT, width);
        } else {
            for (label, node) in &container.items {
                new_line(to, indent + INDENT);
                let mut column = indent + INDENT;
                if let Some(label) = label {
                    to.push_str(label);
                    to.push_str(": ");
                    column += label.chars().count() + 2;
                }
                // Behind it stands a comma.
                node.write(to, column + 1, indent + INDENT, width);
                to.push(',');
            }
            if container.more > 0 {
                new_line(to, indent + INDENT);
                to.push_str(&container.rest());
            } else {
                to.pop();
            }
            new_line(to, indent);
        }
        to.push(container.close);
    }

    fn is_short(&self) -> bool {
        self.width(SHORT) <= SHORT
    }
}

fn new_line(to: &mut String, indent: usize) {
    to.push('\n');
    to.extend(std::iter::repeat_n(' ', indent));
}

impl Container {
    fn head(&self) -> String {
        match self.reference {
            Some(number) => format!("<ref *{number}> {}", self.open),
            None => self.open.clone(),
        }
    }

    fn rest(&self) -> String {
        format!("… {} more", self.more)
    }

    /// What stands between the brackets and the items on one line.
    fn blank(&self) -> &'static str {
        if self.open.len() > 1 && !self.items.is_empty() { " " } else { "" }
    }

    /// The items behind one another.
    fn write_flat(&self, to: &mut String) {
        to.push_str(self.blank());
        for (index, (label, node)) in self.items.iter().enumerate() {
            if index > 0 {
                to.push_str(", ");
            }
            if let Some(label) = label {
                to.push_str(label);
                to.push_str(": ");
            }
            node.write(to, 0, 0, usize::MAX);
        }
        if self.more > 0 {
            to.push_str(if self.items.is_empty() { "" } else { ", " });
            to.push_str(&self.rest());
        }
        to.push_str(self.blank());
    }

    /// As many items on each line as fit.
    fn write_filled(&self, to: &mut String, indent: usize, width: usize) {
        let text = |(_, node): &(Option<String>, Node)| {
            let mut text = String::new();
            node.write(&mut text, 0, 0, usize::MAX);
            text
        };
        let mut texts: Vec<String> = self.items.iter().map(text).collect();
        if self.more > 0 {
            texts.push(self.rest());
        }
        let mut column = usize::MAX;
        for (index, text) in texts.iter().enumerate() {
            let comma = usize::from(index + 1 < texts.len());
            let length = text.chars().count() + comma;
            if column.saturating_add(1 + length) > width {
                // The blank behind the last comma.
                if to.ends_with(' ') {
                    to.pop();
                }
                new_line(to, indent);
                column = indent;
            }
            to.push_str(text);
            column += length;
            if comma > 0 {
                to.push_str(", ");
                column += 1;
            }
        }
        new_line(to, indent - INDENT);
    }
}
