//! The tree as text: S-expressions, one statement a line.

use crate::ast::*;
use std::fmt::Write;

/// The tree as S-expressions, for people and tests. Statements within statements are indented.
///
/// ```text
/// (var x (+ 1 (* 2 3)))
/// (if (< x 5)
///   (print x))
/// ```
pub fn dump(program: &Program) -> String {
    let mut dumper = Dumper { text: String::new(), indent: 0 };
    for statement in program.statements {
        dumper.statement(statement);
        dumper.text.push('\n');
    }
    if let Some(result) = program.result {
        dumper.open("result");
        dumper.argument(result);
        dumper.text.push_str(")\n");
    }
    dumper.text
}

struct Dumper {
    text: String,
    indent: usize,
}

/// A part of the way back up a left spine.
type Rest<'e, 'a> = &'e Expression<'a>;

impl Dumper {
    fn open(&mut self, word: &str) {
        self.text.push('(');
        self.text.push_str(word);
    }
    fn word(&mut self, word: &str) {
        self.text.push(' ');
        self.text.push_str(word);
    }
    fn argument(&mut self, expression: &Expression) {
        self.text.push(' ');
        self.expression(expression);
    }
    fn quoted(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, " {text:?}");
    }
    /// A statement on a line of its own, within another.
    fn inner(&mut self, statement: &Statement) {
        self.indent += 1;
        self.line();
        self.statement(statement);
        self.indent -= 1;
    }
    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.indent));
    }
    fn body(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.inner(statement));
    }
    /// Something in parentheses on a line of its own, with statements.
    fn part(&mut self, word: &str, name: Option<&str>, statements: &[Statement]) {
        self.indent += 1;
        self.line();
        self.open(word);
        name.into_iter().for_each(|name| self.word(name));
        self.body(statements);
        self.text.push(')');
        self.indent -= 1;
    }

    fn statement(&mut self, statement: &Statement) {
        match statement.kind {
            StatementKind::Expression(expression) => return self.expression(expression),
            StatementKind::Print(value) => {
                self.open("print");
                self.argument(value);
            }
            StatementKind::Variable { binding, value } => {
                self.open("var");
                self.word(binding.name);
                value.into_iter().for_each(|value| self.argument(value));
            }
            StatementKind::Function { function, .. } => return self.function(function),
            StatementKind::Class(class) => {
                self.open("class");
                self.word(class.binding.name);
                if let Some(superclass) = class.superclass {
                    self.word("<");
                    self.word(superclass.name);
                }
                self.indent += 1;
                for method in class.methods {
                    self.line();
                    self.function(method);
                }
                self.indent -= 1;
            }
            StatementKind::Return(value) => {
                self.open("return");
                value.into_iter().for_each(|value| self.argument(value));
            }
            StatementKind::Throw(value) => {
                self.open("throw");
                self.argument(value);
            }
            StatementKind::If { branches, otherwise } => {
                for (number, branch) in branches.iter().enumerate() {
                    if number == 0 {
                        self.open("if");
                    } else {
                        self.line();
                        self.text.push_str(" elif");
                    }
                    self.argument(branch.condition);
                    self.inner(branch.body);
                }
                if let Some(otherwise) = otherwise {
                    self.line();
                    self.text.push_str(" else");
                    self.inner(otherwise);
                }
            }
            StatementKind::While { condition, body } => {
                self.open("while");
                self.argument(condition);
                self.inner(body);
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.open("for ");
                match initializer {
                    Some(initializer) => self.statement(initializer),
                    None => self.text.push('_'),
                }
                for part in [condition, increment] {
                    match part {
                        Some(part) => self.argument(part),
                        None => self.word("_"),
                    }
                }
                self.inner(body);
            }
            StatementKind::ForIn { binding, iterable, body } => {
                self.open("for-in");
                self.word(binding.name);
                self.argument(iterable);
                self.inner(body);
            }
            StatementKind::Break => self.open("break"),
            StatementKind::Continue => self.open("continue"),
            StatementKind::Block(statements) => {
                self.open("block");
                self.body(statements);
            }
            StatementKind::Try { body, catch, finally } => {
                self.open("try");
                self.body(body);
                if let Some(catch) = catch {
                    self.part("catch", catch.binding.map(|binding| binding.name), catch.body);
                }
                if let Some(finally) = finally {
                    self.part("finally", None, finally.body);
                }
            }
            StatementKind::Import { path, binding, .. } => {
                self.open("import");
                self.quoted(path);
                self.word(binding.name);
            }
        }
        self.text.push(')');
    }

    fn function(&mut self, function: &Function) {
        self.open("fun");
        function.name.into_iter().for_each(|name| self.word(name));
        let parameters: Vec<_> = function.parameters.iter().map(|binding| binding.name).collect();
        self.word("(");
        self.text.push_str(&parameters.join(" "));
        self.text.push(')');
        self.body(function.body);
        self.text.push(')');
    }

    /// Writes an expression: down its left spine the openings, and on the way back the rest of each link.
    fn expression(&mut self, expression: &Expression) {
        let mut spine: Vec<Rest> = Vec::new();
        let mut link = expression;
        while let Some(left) = link.left() {
            self.open(opening(&link.kind));
            self.text.push(' ');
            spine.push(link);
            link = left;
        }
        self.first(link);
        while let Some(link) = spine.pop() {
            self.rest(link);
            self.text.push(')');
        }
    }
    /// What stands behind the first operand of a link.
    fn rest(&mut self, link: Rest) {
        match link.kind {
            ExpressionKind::Binary { right, .. } | ExpressionKind::Logical { right, .. } => {
                self.argument(right);
            }
            ExpressionKind::Call { arguments, .. } => {
                arguments.iter().for_each(|argument| self.argument(argument));
            }
            ExpressionKind::Field { name, .. } => self.word(name),
            ExpressionKind::Index { index, .. } => self.argument(index),
            _ => (),
        }
    }
    fn target(&mut self, target: &Target) {
        self.text.push(' ');
        match *target {
            Target::Variable(variable) => self.text.push_str(variable.name),
            Target::Field { object, name, .. } => {
                self.open(".");
                self.argument(object);
                self.word(name);
                self.text.push(')');
            }
            Target::Index { object, index, .. } => {
                self.open("[]");
                self.argument(object);
                self.argument(index);
                self.text.push(')');
            }
        }
    }
    /// An expression that is no link of a left spine.
    fn first(&mut self, expression: &Expression) {
        match expression.kind {
            ExpressionKind::Nil => self.text.push_str("nil"),
            ExpressionKind::Boolean(value) => {
                self.text.push_str(if value { "true" } else { "false" })
            }
            ExpressionKind::Number(value) => {
                let _ = write!(self.text, "{value}");
            }
            ExpressionKind::String(text) => {
                let _ = write!(self.text, "{text:?}");
            }
            ExpressionKind::Variable(variable) => self.text.push_str(variable.name),
            ExpressionKind::This => self.text.push_str("this"),
            ExpressionKind::Super { method, .. } => {
                self.open("super");
                self.word(method);
                self.text.push(')');
            }
            ExpressionKind::Function(function) => self.function(function),
            ExpressionKind::Interpolation(parts) => {
                self.open("text");
                for part in parts {
                    match part {
                        Part::Text(text) => self.quoted(text),
                        Part::Value(value) => self.argument(value),
                    }
                }
                self.text.push(')');
            }
            ExpressionKind::List(items) => {
                self.open("list");
                items.iter().for_each(|item| self.argument(item));
                self.text.push(')');
            }
            ExpressionKind::Map(entries) => {
                self.open("map");
                for entry in entries {
                    self.text.push_str(" (");
                    self.expression(&entry.key);
                    self.argument(&entry.value);
                    self.text.push(')');
                }
                self.text.push(')');
            }
            ExpressionKind::Unary { operator, operand } => {
                self.open(operator.text());
                self.argument(operand);
                self.text.push(')');
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.open("?");
                [condition, then, otherwise].into_iter().for_each(|part| self.argument(part));
                self.text.push(')');
            }
            ExpressionKind::Assign { target, value } => {
                self.open("=");
                self.target(target);
                self.argument(value);
                self.text.push(')');
            }
            ExpressionKind::CompoundAssign { target, operator, value, .. } => {
                self.open(operator.text());
                self.text.push('=');
                self.target(target);
                self.argument(value);
                self.text.push(')');
            }
            ExpressionKind::Binary { .. }
            | ExpressionKind::Logical { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Field { .. }
            | ExpressionKind::Index { .. } => self.expression(expression),
        }
    }
}

/// How the text of a link of a left spine begins.
fn opening(kind: &ExpressionKind) -> &'static str {
    match kind {
        ExpressionKind::Binary { operator, .. } => operator.text(),
        ExpressionKind::Logical { operator, .. } => operator.text(),
        ExpressionKind::Call { .. } => "call",
        ExpressionKind::Field { .. } => ".",
        ExpressionKind::Index { .. } => "[]",
        _ => "",
    }
}
