//! Literals with parts: interpolated strings, lists and maps, in portions if the registers do not suffice.

use super::Generator;
use super::expression::Destination;
use super::frame::ConstantKey;
use calf_bytecode::Op;
use calf_parser::ast::{Entry, Expression, Part};
use calf_source::Span;

impl<'a> Generator<'_, 'a> {
    pub(super) fn interpolation(&mut self, parts: &'a [Part<'a>], register: u8, span: Span) {
        let mark = self.frame.free;
        let first = self.frame.register(mark);
        for part in parts {
            // One register stays free for a part, of which several make one text when they are too many.
            if self.frame.room() == 0 && self.frame.free > mark + 1 {
                self.emit(Op::Interpolate, first, first, (self.frame.free - mark) as u8, span);
                self.frame.free = mark;
                self.frame.grow();
            }
            match part {
                Part::Text(text) => {
                    let register = self.frame.top();
                    self.load_constant(register, ConstantKey::String((*text).into()), span);
                    self.frame.grow();
                }
                Part::Value(value) => {
                    self.next(value);
                }
            }
        }
        self.emit(Op::Interpolate, register, first, (self.frame.free - mark) as u8, span);
    }

    pub(super) fn list(
        &mut self,
        items: &'a [Expression<'a>],
        destination: Destination,
        span: Span,
    ) {
        let mark = self.frame.free;
        let at_once = items.len().min(self.frame.room());
        let is_whole = at_once == items.len();
        let at_once = if is_whole { at_once } else { at_once.min(32) };
        let first = self.frame.register(mark);
        for item in &items[..at_once] {
            self.next(item);
        }
        let wanted = if is_whole { destination } else { Destination::Next };
        let list = self.result(mark, wanted);
        self.emit(Op::NewList, list, first, at_once as u8, span);
        self.settle(mark, wanted);
        for item in &items[at_once..] {
            let item = self.next(item);
            self.emit(Op::Append, list, item, 0, span);
            self.frame.free -= 1;
        }
        self.deliver(list, mark, wanted, destination, span);
    }

    pub(super) fn map(&mut self, entries: &'a [Entry<'a>], destination: Destination, span: Span) {
        let mark = self.frame.free;
        let at_once = entries.len().min(self.frame.room() / 2);
        let is_whole = at_once == entries.len();
        let at_once = if is_whole { at_once } else { at_once.min(16) };
        let first = self.frame.register(mark);
        for entry in &entries[..at_once] {
            self.next(&entry.key);
            self.next(&entry.value);
        }
        let wanted = if is_whole { destination } else { Destination::Next };
        let map = self.result(mark, wanted);
        self.emit(Op::NewMap, map, first, at_once as u8, span);
        self.settle(mark, wanted);
        for entry in &entries[at_once..] {
            let key = self.next(&entry.key);
            let value = self.next(&entry.value);
            self.emit(Op::SetIndexTake, map, key, value, span);
            self.frame.free -= 2;
        }
        self.deliver(map, mark, wanted, destination, span);
    }

    /// Moves a value that was made in the next register to where it is wanted.
    fn deliver(
        &mut self,
        register: u8,
        mark: u16,
        made: Destination,
        wanted: Destination,
        span: Span,
    ) {
        if made != wanted {
            let target = self.wanted(wanted);
            self.transfer(target, register, span);
            self.settle(mark, wanted);
        }
    }
}
