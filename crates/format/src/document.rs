//! A text with the places where its lines may break, after Derek Oppen's "Prettyprinting" (1980): a flat row of items instead of a
//! tree, so that neither building nor printing recurses.

/// How a group decides whether its lines break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GroupKind {
    /// All of it on one line, or all of its breaks are taken.
    Strict,
    /// The same, but what comes behind the first line break *within* it does not count: the block of a function in an argument.
    Loose,
}

/// A stretch of the document that is broken as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) kind: GroupKind,
    /// How many levels its lines are indented if it is broken.
    pub(crate) levels: usize,
    /// It is known to be broken, because of a comment or a statement in it.
    pub(crate) is_broken: bool,
    /// The item behind the opening bracket of its last part: if all up to there fits, that part breaks instead of the group.
    pub(crate) hug: Option<usize>,
}

/// A place where a line may break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Break {
    /// What stands there if it does not.
    pub(crate) flat: &'static str,
    /// It is in front of a closing bracket, which is not indented.
    pub(crate) closes: bool,
    /// It is behind the opening or in front of the closing brace of a block.
    pub(crate) of_block: bool,
    /// In a broken group: break only if the next part does not fit.
    pub(crate) fills: bool,
}

/// An item of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'s> {
    /// Text to be copied. It may have line breaks of its own.
    Text(&'s str),
    /// Text only if the group around it is broken.
    IfBroken(&'static str),
    /// Text that goes to the end of the line, wherever that will be, and has no width: a comment.
    Suffix(&'s str),
    /// A line may break here.
    Break(Break),
    /// A line does break here.
    Line {
        /// An empty line follows.
        blank: bool,
        /// What follows closes a bracket.
        closes: bool,
    },
    /// A group begins.
    Open(Group),
    /// It ends.
    Close,
}

/// A document under construction.
#[derive(Default)]
pub(crate) struct Document<'s> {
    items: Vec<Item<'s>>,
    /// The groups that are open.
    open: Vec<usize>,
    /// A comment that ends with its line waits for the end of the line.
    pub(crate) needs_line: bool,
}

impl<'s> Document<'s> {
    pub(crate) fn items(&self) -> &[Item<'s>] {
        &self.items
    }
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
    pub(crate) fn text(&mut self, text: &'s str) {
        self.items.push(Item::Text(text));
    }
    pub(crate) fn if_broken(&mut self, text: &'static str) {
        self.items.push(Item::IfBroken(text));
    }
    pub(crate) fn suffix(&mut self, text: &'s str, is_line: bool) {
        self.items.push(Item::Suffix(text));
        self.needs_line |= is_line;
    }
    /// Opens a group.
    pub(crate) fn open(&mut self, kind: GroupKind, levels: usize) -> usize {
        let group = Group { kind, levels, is_broken: false, hug: None };
        self.open.push(self.items.len());
        self.items.push(Item::Open(group));
        self.items.len() - 1
    }
    /// Closes the innermost one.
    pub(crate) fn close(&mut self) {
        self.open.pop();
        self.items.push(Item::Close);
    }
    /// The group that `open` has opened.
    pub(crate) fn group(&mut self, at: usize) -> Option<&mut Group> {
        match self.items.get_mut(at) {
            Some(Item::Open(group)) => Some(group),
            _ => None,
        }
    }
    /// A place to break. It is taken if a comment waits for it.
    pub(crate) fn soft(&mut self, place: Break) {
        match self.needs_line {
            true => self.line(false, place.closes),
            false => self.items.push(Item::Break(place)),
        }
    }
    /// A line break.
    pub(crate) fn line(&mut self, blank: bool, closes: bool) {
        self.needs_line = false;
        self.items.push(Item::Line { blank, closes });
        self.mark_broken();
    }
    /// A soft break that was pushed last has to be taken.
    pub(crate) fn force_last(&mut self) {
        if let Some(Item::Break(Break { closes, .. })) = self.items.last().copied() {
            self.items.pop();
            self.line(false, closes);
        }
    }
    /// The text right in front, if there is no break between.
    pub(crate) fn last_text(&self) -> Option<&'s str> {
        let mut items = self.items.iter().rev();
        match items.find(|item| !matches!(item, Item::Open(_) | Item::Close | Item::Suffix(_)))? {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }
    /// There is a line break in the innermost group: it is broken, and so are all strict ones around it.
    fn mark_broken(&mut self) {
        for (height, &at) in self.open.iter().rev().enumerate() {
            let Some(Item::Open(group)) = self.items.get_mut(at) else { continue };
            if group.kind == GroupKind::Strict {
                if group.is_broken {
                    break;
                }
                group.is_broken = true;
            } else if height == 0 {
                group.is_broken = true;
            }
        }
    }
}
