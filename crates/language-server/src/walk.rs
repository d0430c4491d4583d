//! The names of a program, found in its tree.
//!
//! The tree's depth is bounded but for left spines, which are iterated.

use crate::analysis::{Definition, DefinitionKind, Names, Occurrence, Target};
use calf_parser::ast::{
    Binding, Class, Expression, ExpressionKind, Function, Part, Program, Statement, StatementKind,
    Target as Place, Variable,
};
use calf_source::Span;
use std::collections::{HashMap, HashSet};

/// The names of a program that the compiler has resolved.
pub(crate) fn names(program: &Program) -> Names {
    let mut walk = Walk::default();
    walk.statements(program.statements);
    walk.finish()
}

/// A variable that is used: its name, its place, and where the name of its local stands.
struct Use {
    name: String,
    span: Span,
    local: Option<u32>,
}

#[derive(Default)]
struct Walk {
    names: Names,
    uses: Vec<Use>,
    /// The definitions, by the place of their names.
    by_place: HashMap<u32, usize>,
    /// The block around; `None` at top level.
    scope: Option<Span>,
    /// The function or class around.
    container: Option<usize>,
    /// The class whose methods these are.
    class: Option<usize>,
    /// The fields that are known of each class.
    fields: HashSet<(usize, String)>,
}

fn parameters(function: &Function) -> String {
    let names: Vec<_> = function.parameters.iter().map(|parameter| parameter.name).collect();
    format!("({})", names.join(", "))
}

impl Walk {
    fn finish(mut self) -> Names {
        let mut globals = HashMap::new();
        for (index, definition) in self.names.definitions.iter().enumerate() {
            if definition.is_global() {
                globals.entry(definition.name.clone()).or_insert(index);
            }
        }
        // A global that is declared again is the same variable.
        for occurrence in &mut self.names.occurrences {
            if let Target::Definition(index) = occurrence.target
                && self.names.definitions[index].is_global()
                && let Some(&first) = globals.get(&self.names.definitions[index].name)
            {
                occurrence.target = Target::Definition(first);
            }
        }
        for Use { name, span, local } in self.uses {
            let local = local.and_then(|place| self.by_place.get(&place));
            let target = match local.or_else(|| globals.get(&name)) {
                Some(&index) => Target::Definition(index),
                None => Target::Global(name),
            };
            self.names.occurrences.push(Occurrence { span, target });
        }
        self.names.occurrences.sort_by_key(|occurrence| occurrence.span.start);
        self.names
    }

    fn define(
        &mut self,
        name: &str,
        span: Span,
        whole: Span,
        kind: DefinitionKind,
        signature: String,
    ) -> usize {
        let index = self.names.definitions.len();
        let is_member = matches!(kind, DefinitionKind::Method | DefinitionKind::Field);
        self.names.definitions.push(Definition {
            name: name.to_string(),
            kind,
            span,
            whole,
            scope: self
                .scope
                .filter(|_| !is_member)
                .map(|scope| Span::new(span.end, scope.end.max(span.end))),
            signature,
            container: self.container,
            path: None,
        });
        self.by_place.insert(span.start, index);
        self.names.occurrences.push(Occurrence { span, target: Target::Definition(index) });
        index
    }

    fn variable(&mut self, variable: &Variable) {
        self.uses.push(Use {
            name: variable.name.to_string(),
            span: variable.span,
            local: variable.binding.get().map(|binding| binding.span.start),
        });
    }

    fn member(&mut self, object: Option<&Expression>, name: &str, span: Span) {
        let object = match object.map(|object| &object.kind) {
            Some(ExpressionKind::Variable(variable)) => Some(variable.name.to_string()),
            _ => None,
        };
        let target = Target::Member { object, name: name.to_string() };
        self.names.occurrences.push(Occurrence { span, target });
    }

    fn within(&mut self, scope: Span, inner: impl FnOnce(&mut Self)) {
        let outer = self.scope.replace(scope);
        inner(self);
        self.scope = outer;
    }

    // Statements.

    fn statements(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        let span = statement.span;
        match statement.kind {
            StatementKind::Expression(expression)
            | StatementKind::Print(expression)
            | StatementKind::Throw(expression) => self.expression(expression),
            StatementKind::Variable { binding, value } => {
                self.binding(binding, span, DefinitionKind::Variable);
                value.iter().for_each(|value| self.expression(value));
            }
            StatementKind::Function { binding, function } => {
                let signature = format!("fun {}{}", binding.name, parameters(function));
                let kind = DefinitionKind::Function;
                let index = self.define(binding.name, binding.span, span, kind, signature);
                self.function(function, Some(index));
            }
            StatementKind::Class(class) => self.class(class),
            StatementKind::Return(value) => value.iter().for_each(|value| self.expression(value)),
            StatementKind::If { branches, otherwise } => {
                for branch in branches {
                    self.expression(branch.condition);
                    self.statement(branch.body);
                }
                otherwise.iter().for_each(|otherwise| self.statement(otherwise));
            }
            StatementKind::While { condition, body } => {
                self.expression(condition);
                self.statement(body);
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.within(span, |walk| {
                    initializer.iter().for_each(|part| walk.statement(part));
                    condition.iter().for_each(|part| walk.expression(part));
                    increment.iter().for_each(|part| walk.expression(part));
                    walk.statement(body);
                });
            }
            StatementKind::ForIn { binding, iterable, body } => {
                self.expression(iterable);
                self.within(span, |walk| {
                    walk.binding(binding, binding.span, DefinitionKind::Variable);
                    walk.statement(body);
                });
            }
            StatementKind::Break | StatementKind::Continue => (),
            StatementKind::Block(statements) => {
                self.within(span, |walk| walk.statements(statements));
            }
            StatementKind::Try { body, catch, finally } => {
                let end = catch.map(|catch| catch.span).or(finally.map(|finally| finally.span));
                let end = end.map_or(span.end, |behind| behind.start);
                self.within(Span::new(span.start, end), |walk| walk.statements(body));
                if let Some(catch) = catch {
                    self.within(catch.span, |walk| {
                        if let Some(binding) = catch.binding {
                            walk.binding(binding, binding.span, DefinitionKind::Variable);
                        }
                        walk.statements(catch.body);
                    });
                }
                if let Some(finally) = finally {
                    self.within(finally.span, |walk| walk.statements(finally.body));
                }
            }
            StatementKind::Import { path, binding, .. } => {
                let signature = format!("import {path:?} as {}", binding.name);
                let kind = DefinitionKind::Module;
                let index = self.define(binding.name, binding.span, span, kind, signature);
                self.names.definitions[index].path = Some(path.to_string());
            }
        }
    }

    fn binding(&mut self, binding: &Binding, whole: Span, kind: DefinitionKind) {
        let signature = match kind {
            DefinitionKind::Parameter => binding.name.to_string(),
            _ => format!("var {}", binding.name),
        };
        self.define(binding.name, binding.span, whole, kind, signature);
    }

    fn function(&mut self, function: &Function, index: Option<usize>) {
        let outer = self.container;
        self.container = index.or(outer);
        self.within(function.span, |walk| {
            for parameter in function.parameters {
                walk.binding(parameter, parameter.span, DefinitionKind::Parameter);
            }
            walk.statements(function.body);
        });
        self.container = outer;
    }

    fn class(&mut self, class: &Class) {
        let name = class.binding.name;
        let signature = match class.superclass {
            Some(superclass) => format!("class {name} < {}", superclass.name),
            None => format!("class {name}"),
        };
        let kind = DefinitionKind::Class;
        let index = self.define(name, class.binding.span, class.span, kind, signature);
        class.superclass.iter().for_each(|superclass| self.variable(superclass));
        let outer = (self.container.replace(index), self.class.replace(index));
        for method in class.methods {
            let name = method.name.unwrap_or_default();
            let signature = format!("{name}{}", parameters(method));
            let kind = DefinitionKind::Method;
            let place = self.define(name, method.name_span, method.span, kind, signature);
            self.function(method, Some(place));
        }
        (self.container, self.class) = outer;
    }

    // Expressions.

    fn expressions(&mut self, expressions: &[Expression]) {
        expressions.iter().for_each(|expression| self.expression(expression));
    }

    fn expression(&mut self, expression: &Expression) {
        let mut link = expression;
        while let Some(left) = link.left() {
            match link.kind {
                ExpressionKind::Binary { right, .. } | ExpressionKind::Logical { right, .. } => {
                    self.expression(right);
                }
                ExpressionKind::Call { arguments, .. } => self.expressions(arguments),
                ExpressionKind::Index { index, .. } => self.expression(index),
                ExpressionKind::Field { object, name, name_span } => {
                    self.member(Some(object), name, name_span);
                }
                _ => (),
            }
            link = left;
        }
        self.leaf(link);
    }

    fn leaf(&mut self, expression: &Expression) {
        match expression.kind {
            ExpressionKind::Variable(variable) => self.variable(variable),
            ExpressionKind::Super { method, method_span } => self.member(None, method, method_span),
            ExpressionKind::Interpolation(parts) => {
                for part in parts {
                    if let Part::Value(value) = part {
                        self.expression(value);
                    }
                }
            }
            ExpressionKind::List(items) => self.expressions(items),
            ExpressionKind::Map(entries) => {
                for entry in entries {
                    self.expression(&entry.key);
                    self.expression(&entry.value);
                }
            }
            ExpressionKind::Function(function) => self.function(function, None),
            ExpressionKind::Unary { operand, .. } => self.expression(operand),
            ExpressionKind::Conditional { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|part| self.expression(part));
            }
            ExpressionKind::Assign { target, value }
            | ExpressionKind::CompoundAssign { target, value, .. } => {
                self.target(target);
                self.expression(value);
            }
            _ => (),
        }
    }

    fn target(&mut self, target: &Place) {
        match *target {
            Place::Variable(variable) => self.variable(variable),
            Place::Field { object, name, name_span, span } => {
                self.expression(object);
                let is_own = matches!(object.kind, ExpressionKind::This);
                match self.class.filter(|_| is_own) {
                    Some(class) => self.field(class, name, name_span, span),
                    None => self.member(Some(object), name, name_span),
                }
            }
            Place::Index { object, index, .. } => {
                self.expression(object);
                self.expression(index);
            }
        }
    }

    /// A field that a method sets: the first place where it is set defines it.
    fn field(&mut self, class: usize, name: &str, span: Span, whole: Span) {
        if !self.fields.insert((class, name.to_string())) {
            return self.member(None, name, span);
        }
        let container = self.container.replace(class);
        self.define(name, span, whole, DefinitionKind::Field, format!("this.{name}"));
        self.container = container;
    }
}
