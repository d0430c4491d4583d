//! Expressions.

use super::frame::ConstantKey;
use super::{Generator, Header};
use calf_bytecode::Op;
use calf_parser::ast::{
    BinaryOperator, Entry, Expression, ExpressionKind, LogicalOperator, Part, UnaryOperator,
};
use calf_source::Span;

/// Where the value of an expression is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// In the next free register.
    Next,
    /// In the register of a local, which keeps its old value if the expression throws.
    Register(u8),
}

/// The value of the links of a left spine so far.
#[derive(Clone, Copy, Debug)]
pub(super) enum Current {
    /// It is in a register: a local's, or the first temporary of the spine.
    Register(u8),
    /// A number that is known now.
    Number(f64),
}

/// The registers in use in a spilled function from which on a deep expression puts temporaries aside.
const CROWD: u16 = 232;

impl<'a> Generator<'_, 'a> {
    /// Evaluates an expression for its value in the next free register, which is then in use.
    pub(super) fn next(&mut self, expression: &'a Expression<'a>) -> u8 {
        let register = self.frame.top();
        self.expression(expression, Destination::Next);
        register
    }

    /// Evaluates an expression for its value in any register: a local is used in place, anything else is in the next free register.
    pub(super) fn any(&mut self, expression: &'a Expression<'a>) -> u8 {
        if let Some(register) = self.in_place(expression) {
            return register;
        }
        let is_assignment = matches!(
            expression.kind,
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. }
        );
        if !is_assignment || self.needs_room(expression) {
            return self.next(expression);
        }
        let mark = self.frame.free;
        let register = self.assignment(expression);
        if !self.frame.is_temporary(register) {
            self.frame.free = mark;
            return register;
        }
        let top = self.frame.register(mark);
        self.transfer(top, register, expression.span);
        self.settle(mark, Destination::Next);
        top
    }

    /// Like [`Generator::any`], for an operand that is used only after the text `later` has been evaluated.
    pub(super) fn operand(&mut self, expression: &'a Expression<'a>, later: &[Span]) -> u8 {
        let register = self.any(expression);
        let changes = self.variable_in_place(expression).is_some_and(|binding| {
            later.iter().any(|&span| self.resolution.is_assigned_within(binding, span))
        });
        if changes && !self.frame.is_temporary(register) {
            let copy = self.frame.top();
            self.copy(copy, register, expression.span);
            self.frame.grow();
            return copy;
        }
        register
    }

    /// Evaluates an expression for what it does.
    pub(super) fn effect(&mut self, expression: &'a Expression<'a>) {
        let mark = self.frame.free;
        match &expression.kind {
            ExpressionKind::Logical { operator, left, right } => {
                let end = self.new_target();
                self.jump_if(left, *operator == LogicalOperator::Or, end);
                if self.frame.is_reachable {
                    self.effect(right);
                }
                self.place(end);
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                let (no, end) = (self.new_target(), self.new_target());
                self.jump_if(condition, false, no);
                if self.frame.is_reachable {
                    self.effect(then);
                    if self.is_awaited(no) {
                        self.jump(end, expression.span);
                    }
                }
                if self.is_awaited(no) {
                    self.place(no);
                    self.effect(otherwise);
                }
                self.place(end);
            }
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. } => {
                self.assignment_for_effect(expression);
            }
            ExpressionKind::Nil
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_) => (),
            _ => {
                self.any(expression);
            }
        }
        self.frame.free = mark;
    }

    /// Evaluates an expression for its value where it is wanted.
    pub(super) fn expression(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        if self.needs_room(expression) {
            self.expression_aside(expression, destination);
        } else {
            self.expression_with_room(expression, destination);
        }
    }

    fn expression_with_room(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let span = expression.span;
        let mark = self.frame.free;
        let register = self.wanted(destination);
        match &expression.kind {
            ExpressionKind::Nil => self.emit(Op::LoadNil, register, 0, 0, span),
            ExpressionKind::Boolean(value) => {
                self.emit(Op::LoadBoolean, register, u8::from(*value), 0, span)
            }
            ExpressionKind::Number(number) => self.load_number(register, *number, span),
            ExpressionKind::String(text) => {
                self.load_constant(register, ConstantKey::String((*text).into()), span);
            }
            ExpressionKind::Interpolation(parts) => self.interpolation(parts, register, span),
            ExpressionKind::List(items) => return self.list(items, destination, span),
            ExpressionKind::Map(entries) => return self.map(entries, destination, span),
            ExpressionKind::Variable(variable) => {
                let location = self.locate(variable);
                self.load(register, location, span);
            }
            ExpressionKind::This => {
                let location = self.locate_this();
                self.load(register, location, span);
            }
            ExpressionKind::Super { method, .. } => self.super_method(method, register, span),
            ExpressionKind::Function(function) => {
                let number = self.function(function, Header::plain(None));
                self.emit_bx(Op::Closure, register, number, span);
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                let operand = self.any(operand);
                self.emit(Op::Not, register, operand, 0, span);
            }
            ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => {
                match number(expression) {
                    Some(number) => self.load_number(register, number, span),
                    None => {
                        let operand = self.any(operand);
                        self.emit(Op::Negate, register, operand, 0, span);
                    }
                }
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                return self.conditional((condition, then, otherwise), destination, span);
            }
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. } => {
                let value = self.assignment(expression);
                self.transfer(register, value, span);
            }
            ExpressionKind::Binary { .. }
            | ExpressionKind::Logical { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Field { .. }
            | ExpressionKind::Index { .. } => return self.spine(expression, destination),
        }
        self.settle(mark, destination);
    }

    /// The register where a value is wanted.
    pub(super) fn wanted(&mut self, destination: Destination) -> u8 {
        match destination {
            Destination::Next => self.frame.top(),
            Destination::Register(register) => register,
        }
    }

    /// Gives up all temporaries from `mark` on but for the value that was wanted there.
    pub(super) fn settle(&mut self, mark: u16, destination: Destination) {
        self.frame.free = mark;
        if destination == Destination::Next {
            self.frame.grow();
        }
    }

    /// Are there too many temporaries for this expression to be evaluated above them?
    fn needs_room(&self, expression: &Expression<'a>) -> bool {
        let is_leaf = expression.left().is_none() && expression.depth <= 1;
        self.frame.is_spilled && self.frame.free > CROWD && !is_leaf
    }

    /// Puts the temporaries in slots while an expression is evaluated.
    fn expression_aside(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let (mark, span) = (self.frame.free, expression.span);
        let first = self.frame.first_temporary();
        let slots: Vec<(u8, u16)> = (first..mark)
            .map(|register| (self.frame.register(register), self.frame.allocate_slot() as u16))
            .collect();
        for &(register, slot) in &slots {
            self.emit_bx(Op::SetSpill, register, slot, span);
        }
        self.frame.free = first;
        let value = self.next(expression);
        let result = self.frame.allocate_slot() as u16;
        self.emit_bx(Op::SetSpill, value, result, span);
        self.frame.free = first;
        for &(register, slot) in &slots {
            self.emit_bx(Op::GetSpill, register, slot, span);
            self.frame.grow();
        }
        let register = self.wanted(destination);
        self.emit_bx(Op::GetSpill, register, result, span);
        self.settle(mark, destination);
        for slot in slots.iter().map(|&(_, slot)| slot).chain([result]) {
            self.clear_slot(slot, span);
        }
        self.frame.slots -= slots.len() + 1;
    }

    // Left spines.

    /// A chain of operators, calls, fields and indices, from its innermost operand outward.
    fn spine(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let mark = self.frame.free;
        let mut links = Vec::new();
        let mut innermost = expression;
        while let Some(left) = innermost.left() {
            links.push(innermost);
            innermost = left;
        }
        links.reverse();
        let (mut current, mut number) = self.begin_spine(innermost, &links);
        while number < links.len() {
            let consumed = if is_method_call(&links[number..]) { 2 } else { 1 };
            let is_last = number + consumed == links.len();
            let wanted = if is_last { destination } else { Destination::Next };
            current = self.extend(links[number + consumed - 1], current, mark, wanted);
            number += consumed;
        }
        match current {
            Current::Register(register)
                if self.frame.free > mark && destination != Destination::Next =>
            {
                // The last link cannot write to a local at the end of all it does.
                let wanted = self.wanted(destination);
                self.transfer(wanted, register, expression.span);
            }
            Current::Register(_) => (),
            Current::Number(number) => {
                let register = self.wanted(destination);
                self.load_number(register, number, expression.span);
            }
        }
        self.settle(mark, destination);
    }

    /// The innermost operand of a spine, with the links that belong to it: how many are done.
    fn begin_spine(
        &mut self,
        innermost: &'a Expression<'a>,
        links: &[&'a Expression<'a>],
    ) -> (Current, usize) {
        if let Some(number) = number(innermost) {
            return (Current::Number(number), 0);
        }
        match (&innermost.kind, &links[0].kind) {
            (ExpressionKind::Super { method, .. }, ExpressionKind::Call { arguments, .. }) => {
                let register = self.call_super(method, arguments, links[0].span, innermost.span);
                return (Current::Register(register), 1);
            }
            (ExpressionKind::Variable(variable), ExpressionKind::Call { arguments, .. }) => {
                if let Some(register) = self.call_global(variable, arguments, links[0]) {
                    return (Current::Register(register), 1);
                }
            }
            _ => (),
        }
        let later = match &links[0].kind {
            ExpressionKind::Binary { right, .. } | ExpressionKind::Index { index: right, .. } => {
                Some(right.span)
            }
            _ => None,
        };
        (Current::Register(self.operand(innermost, later.as_slice())), 0)
    }

    /// One link of a spine whose value so far is in `current`; its value goes where it is wanted, or to the register `mark`.
    fn extend(
        &mut self,
        link: &'a Expression<'a>,
        current: Current,
        mark: u16,
        destination: Destination,
    ) -> Current {
        let span = link.span;
        if let ExpressionKind::Binary { operator, operator_span, left, right } = &link.kind {
            return self.binary(
                (*operator, *operator_span),
                current,
                (left, right),
                mark,
                destination,
            );
        }
        match &link.kind {
            ExpressionKind::Logical { operator, right, .. } => {
                let register = self.in_temporary(current, mark, span);
                let end = self.new_target();
                let (op, inverse) = match operator {
                    LogicalOperator::And => (Op::JumpIfFalse, Op::JumpIfTrue),
                    LogicalOperator::Or => (Op::JumpIfTrue, Op::JumpIfFalse),
                };
                self.branch(op, inverse, (register, 0), end, span);
                self.frame.free = mark;
                self.next(right);
                self.place(end);
                Current::Register(register)
            }
            ExpressionKind::Call { callee, arguments, arguments_span } => {
                let register = self.in_temporary(current, mark, span);
                match &callee.kind {
                    ExpressionKind::Field { name, name_span, .. } => {
                        self.invoke(register, name, arguments, name_span.to(*arguments_span));
                    }
                    _ => self.call(register, arguments, call_span(link)),
                }
                Current::Register(register)
            }
            ExpressionKind::Field { name, name_span, .. } => {
                let object = self.in_register(current, mark, span);
                let register = self.result(mark, destination);
                self.emit_cached(Op::GetField, register, object, 0, name, *name_span);
                self.settle(mark, destination);
                Current::Register(register)
            }
            ExpressionKind::Index { index, .. } => {
                let object = self.in_register(current, mark, span);
                self.index_of(object, index, mark, destination, span)
            }
            _ => current,
        }
    }

    fn index_of(
        &mut self,
        object: u8,
        index: &'a Expression<'a>,
        mark: u16,
        destination: Destination,
        span: Span,
    ) -> Current {
        let (op, index) = match self.literal_operand(index) {
            Some(constant) => (Op::GetIndexConstant, constant),
            None => (Op::GetIndex, self.any(index)),
        };
        let register = self.result(mark, destination);
        self.emit(op, register, object, index, span);
        self.settle(mark, destination);
        Current::Register(register)
    }

    /// The register for the result of a link.
    fn result(&mut self, mark: u16, destination: Destination) -> u8 {
        match destination {
            Destination::Next => self.frame.register(mark),
            Destination::Register(register) => register,
        }
    }

    /// The value of a spine in any register.
    fn in_register(&mut self, current: Current, mark: u16, span: Span) -> u8 {
        match current {
            Current::Register(register) => register,
            Current::Number(_) => self.in_temporary(current, mark, span),
        }
    }

    /// The value of a spine in its first temporary.
    fn in_temporary(&mut self, current: Current, mark: u16, span: Span) -> u8 {
        let temporary = self.frame.register(mark);
        if self.frame.free == mark {
            match current {
                Current::Register(register) => self.copy(temporary, register, span),
                Current::Number(number) => self.load_number(temporary, number, span),
            }
            self.frame.grow();
        }
        temporary
    }

    fn binary(
        &mut self,
        (operator, operator_span): (BinaryOperator, Span),
        current: Current,
        (left, right): (&'a Expression<'a>, &'a Expression<'a>),
        mark: u16,
        destination: Destination,
    ) -> Current {
        if let (Current::Number(x), Some(y)) = (current, number(right))
            && let Some(folded) = fold(operator, x, y)
        {
            return Current::Number(folded);
        }
        let span = operator_span;
        if let Some(op) = constant_form(operator) {
            let commutes = matches!(operator, BinaryOperator::Add | BinaryOperator::Multiply);
            let operands = match current {
                Current::Register(register) => {
                    self.constant_right(operator, right).map(|constant| (register, constant))
                }
                Current::Number(number) if commutes => self
                    .constant_operand(ConstantKey::Number(number.to_bits()))
                    .map(|constant| (self.any(right), constant)),
                Current::Number(_) => None,
            };
            if let Some((register, constant)) = operands {
                let result = self.result(mark, destination);
                self.emit(op, result, register, constant, span);
                self.settle(mark, destination);
                return Current::Register(result);
            }
        }
        let left = self.in_register(current, mark, left.span);
        let right = self.any(right);
        let (op, first, second) = match operator {
            BinaryOperator::Add => (Op::Add, left, right),
            BinaryOperator::Subtract => (Op::Subtract, left, right),
            BinaryOperator::Multiply => (Op::Multiply, left, right),
            BinaryOperator::Divide => (Op::Divide, left, right),
            BinaryOperator::Remainder => (Op::Remainder, left, right),
            BinaryOperator::Equal => (Op::Equal, left, right),
            BinaryOperator::NotEqual => (Op::NotEqual, left, right),
            BinaryOperator::Less => (Op::Less, left, right),
            BinaryOperator::LessEqual => (Op::LessEqual, left, right),
            BinaryOperator::Greater => (Op::Less, right, left),
            BinaryOperator::GreaterEqual => (Op::LessEqual, right, left),
            BinaryOperator::In => (Op::Contains, left, right),
        };
        let result = self.result(mark, destination);
        self.emit(op, result, first, second, span);
        self.settle(mark, destination);
        Current::Register(result)
    }

    /// A right operand as a constant, where the operator has a form for it.
    pub(super) fn constant_right(
        &mut self,
        operator: BinaryOperator,
        right: &Expression<'a>,
    ) -> Option<u8> {
        match (number(right), &right.kind) {
            (Some(number), _) => self.constant_operand(ConstantKey::Number(number.to_bits())),
            (None, ExpressionKind::String(text)) if operator == BinaryOperator::Add => {
                self.constant_operand(ConstantKey::String((*text).into()))
            }
            _ => None,
        }
    }

    /// A literal as a constant operand.
    pub(super) fn literal_operand(&mut self, expression: &Expression<'a>) -> Option<u8> {
        let key = match &expression.kind {
            ExpressionKind::Nil => ConstantKey::Nil,
            ExpressionKind::Boolean(value) => ConstantKey::Boolean(*value),
            ExpressionKind::String(text) => ConstantKey::String((*text).into()),
            _ => ConstantKey::Number(number(expression)?.to_bits()),
        };
        self.constant_operand(key)
    }

    // Other expressions with parts.

    fn conditional(
        &mut self,
        (condition, then, otherwise): (&'a Expression<'a>, &'a Expression<'a>, &'a Expression<'a>),
        destination: Destination,
        span: Span,
    ) {
        let mark = self.frame.free;
        let (no, end) = (self.new_target(), self.new_target());
        self.jump_if(condition, false, no);
        if self.frame.is_reachable {
            self.expression(then, destination);
            if self.is_awaited(no) {
                self.jump(end, span);
            }
        }
        if self.is_awaited(no) {
            self.frame.free = mark;
            self.place(no);
            self.expression(otherwise, destination);
        }
        self.place(end);
        self.settle(mark, destination);
    }

    fn interpolation(&mut self, parts: &'a [Part<'a>], register: u8, span: Span) {
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

    fn list(&mut self, items: &'a [Expression<'a>], destination: Destination, span: Span) {
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

    fn map(&mut self, entries: &'a [Entry<'a>], destination: Destination, span: Span) {
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

    pub(super) fn super_method(&mut self, method: &str, register: u8, span: Span) {
        let mark = self.frame.free;
        let this = self.load_this(span);
        let class = self.load_super(span);
        self.emit_cached(Op::GetSuper, register, this, class, method, span);
        self.frame.free = mark;
    }

    /// `this` in any register.
    pub(super) fn load_this(&mut self, span: Span) -> u8 {
        let location = self.locate_this();
        self.load_anywhere(location, span)
    }

    /// The superclass in any register.
    pub(super) fn load_super(&mut self, span: Span) -> u8 {
        let location = self.locate_super();
        self.load_anywhere(location, span)
    }

    pub(super) fn load_anywhere(&mut self, location: super::variable::Location, span: Span) -> u8 {
        if let super::variable::Location::Register(register) = location {
            return register;
        }
        let register = self.frame.top();
        self.load(register, location, span);
        self.frame.grow();
        register
    }
}

/// Do these links begin with a field that is called at once?
fn is_method_call(links: &[&Expression<'_>]) -> bool {
    matches!(
        (&links[0].kind, links.get(1).map(|link| &link.kind)),
        (ExpressionKind::Field { .. }, Some(ExpressionKind::Call { .. }))
    )
}

/// What an error in a call that is no method's points at.
pub(super) fn call_span(call: &Expression<'_>) -> Span {
    match &call.kind {
        ExpressionKind::Call { callee, arguments_span, .. } if callee.left().is_some() => {
            *arguments_span
        }
        _ => call.span,
    }
}

/// The number that a literal, perhaps with `-` in front, stands for.
pub(super) fn number(expression: &Expression<'_>) -> Option<f64> {
    match &expression.kind {
        ExpressionKind::Number(number) => Some(*number),
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => match operand.kind {
            ExpressionKind::Number(number) => Some(-number),
            _ => None,
        },
        _ => None,
    }
}

/// The result of an operator on two numbers, if it is a number: the machine computes the same.
fn fold(operator: BinaryOperator, x: f64, y: f64) -> Option<f64> {
    let result = match operator {
        BinaryOperator::Add => x + y,
        BinaryOperator::Subtract => x - y,
        BinaryOperator::Multiply => x * y,
        BinaryOperator::Divide => x / y,
        BinaryOperator::Remainder => x % y,
        _ => return None,
    };
    (!result.is_nan()).then_some(result)
}

/// The form of an operator whose right operand is a constant.
pub(super) fn constant_form(operator: BinaryOperator) -> Option<Op> {
    match operator {
        BinaryOperator::Add => Some(Op::AddConstant),
        BinaryOperator::Subtract => Some(Op::SubtractConstant),
        BinaryOperator::Multiply => Some(Op::MultiplyConstant),
        BinaryOperator::Divide => Some(Op::DivideConstant),
        BinaryOperator::Remainder => Some(Op::RemainderConstant),
        _ => None,
    }
}
