//! Where the operands of an operator stand: asked when one of them turned out to be wrong while the program ran, so that compiled code need
//! not say it.

use crate::ast::*;
use crate::{parse, parse_interactive};
use bumpalo::Bump;
use calf_source::{SourceFile, Span};

/// An operator that has two operands, and where these stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operands {
    /// The left operand, or the target of a compound assignment, without parentheses around it.
    pub left: Span,
    /// The right operand.
    pub right: Span,
    /// Is the left one a number, whatever the program did before?
    pub is_left_number: bool,
    /// Is the right one?
    pub is_right_number: bool,
}

/// The operands of the operator that stands exactly at `operator`, if there is one; the file is a program, or an entry of the REPL.
pub fn operands(file: &SourceFile, operator: Span) -> Option<Operands> {
    let arena = Bump::new();
    let program = parse(&arena, file).or_else(|_| parse_interactive(&arena, file)).ok()?;
    let mut search = Search { operator, waiting: Vec::new() };
    search.statements(program.statements);
    search.waiting.extend(program.result.map(Node::Expression));
    while let Some(node) = search.waiting.pop() {
        let found = match node {
            Node::Statement(statement) if statement.span.covers(operator) => {
                search.statement(statement);
                None
            }
            Node::Expression(expression) if expression.span.covers(operator) => {
                search.expression(expression)
            }
            Node::Statement(_) | Node::Expression(_) => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A part of the tree that may contain the operator.
#[derive(Clone, Copy)]
enum Node<'t, 'a> {
    Statement(&'t Statement<'a>),
    Expression(&'t Expression<'a>),
}

/// The search, which keeps on the heap what is still to be looked at: the tree may be as long as the file.
struct Search<'t, 'a> {
    operator: Span,
    waiting: Vec<Node<'t, 'a>>,
}

impl<'t, 'a: 't> Search<'t, 'a> {
    fn statements(&mut self, statements: &'t [Statement<'a>]) {
        self.waiting.extend(statements.iter().map(Node::Statement));
    }
    fn expressions(&mut self, expressions: impl IntoIterator<Item = &'t Expression<'a>>) {
        self.waiting.extend(expressions.into_iter().map(Node::Expression));
    }

    /// Looks at the parts of a statement later on.
    fn statement(&mut self, statement: &'t Statement<'a>) {
        match &statement.kind {
            StatementKind::Expression(value)
            | StatementKind::Print(value)
            | StatementKind::Throw(value) => self.expressions([*value]),
            StatementKind::Variable { value, .. } | StatementKind::Return(value) => {
                self.expressions(value.iter().copied());
            }
            StatementKind::Function { function, .. } => self.statements(function.body),
            StatementKind::Class(class) => {
                class.methods.iter().for_each(|method| self.statements(method.body));
            }
            StatementKind::If { branches, otherwise } => {
                for branch in *branches {
                    self.expressions([branch.condition]);
                    self.waiting.push(Node::Statement(branch.body));
                }
                self.waiting.extend(otherwise.iter().copied().map(Node::Statement));
            }
            StatementKind::While { condition, body } => {
                self.expressions([*condition]);
                self.waiting.push(Node::Statement(body));
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.waiting.extend(initializer.iter().copied().map(Node::Statement));
                self.expressions(condition.iter().chain(increment).copied());
                self.waiting.push(Node::Statement(body));
            }
            StatementKind::ForIn { iterable, body, .. } => {
                self.expressions([*iterable]);
                self.waiting.push(Node::Statement(body));
            }
            StatementKind::Block(statements) => self.statements(statements),
            StatementKind::Try { body, catch, finally } => {
                self.statements(body);
                catch.iter().for_each(|catch| self.statements(catch.body));
                finally.iter().for_each(|finally| self.statements(finally.body));
            }
            StatementKind::Break | StatementKind::Continue | StatementKind::Import { .. } => (),
        }
    }

    /// Looks at the parts of an expression later on, unless it is the operator's.
    fn expression(&mut self, expression: &'t Expression<'a>) -> Option<Operands> {
        match &expression.kind {
            ExpressionKind::Binary { operator_span, left, right, .. } => {
                if *operator_span == self.operator {
                    return Some(Operands {
                        left: left.span,
                        right: right.span,
                        is_left_number: is_number(left),
                        is_right_number: is_number(right),
                    });
                }
                self.expressions([*left, *right]);
            }
            ExpressionKind::CompoundAssign { target, operator_span, value, .. } => {
                if *operator_span == self.operator {
                    return Some(Operands {
                        left: target.span(),
                        right: value.span,
                        is_left_number: false,
                        is_right_number: is_number(value),
                    });
                }
                self.target(target);
                self.expressions([*value]);
            }
            ExpressionKind::Assign { target, value } => {
                self.target(target);
                self.expressions([*value]);
            }
            ExpressionKind::Logical { left, right, .. } => self.expressions([*left, *right]),
            ExpressionKind::Unary { operand, .. } => self.expressions([*operand]),
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.expressions([*condition, *then, *otherwise]);
            }
            ExpressionKind::Call { callee, arguments, .. } => {
                self.expressions([*callee]);
                self.expressions(arguments.iter());
            }
            ExpressionKind::Field { object, .. } => self.expressions([*object]),
            ExpressionKind::Index { object, index } => self.expressions([*object, *index]),
            ExpressionKind::Interpolation(parts) => {
                self.expressions(parts.iter().filter_map(|part| match part {
                    Part::Value(value) => Some(value),
                    Part::Text(_) => None,
                }));
            }
            ExpressionKind::List(items) => self.expressions(items.iter()),
            ExpressionKind::Map(entries) => {
                self.expressions(entries.iter().flat_map(|entry| [&entry.key, &entry.value]));
            }
            ExpressionKind::Function(function) => self.statements(function.body),
            ExpressionKind::Nil
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::This
            | ExpressionKind::Super { .. } => (),
        }
        None
    }

    fn target(&mut self, target: &'t Target<'a>) {
        match target {
            Target::Variable(_) => (),
            Target::Field { object, .. } => self.expressions([*object]),
            Target::Index { object, index, .. } => self.expressions([*object, *index]),
        }
    }
}

/// Does this give a number, if it gives anything? A sum does where both operands do.
fn is_number(expression: &Expression<'_>) -> bool {
    let mut rest = expression;
    loop {
        match &rest.kind {
            ExpressionKind::Number(_) => return true,
            ExpressionKind::Unary { operator, .. } => return *operator == UnaryOperator::Negate,
            ExpressionKind::Binary { operator: BinaryOperator::Add, left, right, .. } => {
                if !matches!(right.kind, ExpressionKind::Number(_)) {
                    return false;
                }
                rest = left;
            }
            ExpressionKind::Binary { operator, .. } => {
                return matches!(
                    operator,
                    BinaryOperator::Subtract
                        | BinaryOperator::Multiply
                        | BinaryOperator::Divide
                        | BinaryOperator::Remainder
                );
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operands of the operator that stands in front of `§`, which is left out.
    fn found(marked: &str) -> Option<(String, String, bool, bool)> {
        let end = marked.find('§').expect("a mark") as u32;
        let text = marked.replace('§', "");
        let length = if text[..end as usize].ends_with('=') { 2 } else { 1 };
        let file = SourceFile::new("a", text);
        let found = operands(&file, Span::new(end - length, end))?;
        let text = |span| file.slice(span).to_string();
        Some((text(found.left), text(found.right), found.is_left_number, found.is_right_number))
    }

    #[test]
    fn operands_are_found_wherever_the_operator_stands() {
        for frame in [
            "print @;",
            "@",
            "var x = [1, {2: @}];",
            "fun f(a) { return @; }",
            "class C { m() { try { throw @; } catch { @@; } finally { f(@@); } } }",
            "if (@) 1; else if (@@) 2; else 3;",
            "if (1) 1; else @;",
            "for (var i = @; i < 2; i += 1) {}",
            "for (var i = 0; @; i += 1) {}",
            "for (;; @) {}",
            "while (1) { for (x in @) {} }",
            "\"a ${@} b\".c(1)[2].d;",
            "c ? a : (@);",
            "x.y = x[0] = @;",
            "x[@] += 2;",
            "(@).y += 2;",
            "var f = fun () { return !(@) and 1; };",
        ] {
            let text = frame.replace("@@", "0 - 0").replace('@', "p.q -§ r(1)");
            let expected = ("p.q".to_string(), "r(1)".to_string(), false, false);
            assert_eq!(found(&text), Some(expected), "{text}");
        }
        assert_eq!(found("x.y +=§ -1;"), Some(("x.y".into(), "-1".into(), false, true)));
        assert_eq!(found("(1 + 2 + 3) *§ (a - b);"), {
            Some(("1 + 2 + 3".into(), "a - b".into(), true, true))
        });
        assert_eq!(found("1 + a +§ a + 1;"), Some(("1 + a".into(), "a".into(), false, false)));
        assert_eq!(found("print =§ 2;"), None);
        assert_eq!(found("a =§ 2;"), None);
    }

    #[test]
    fn long_chains_are_searched_without_recursion() {
        let chain = format!("a -§ b{};", " + 1".repeat(200_000));
        assert_eq!(found(&chain), Some(("a".into(), "b".into(), false, false)));
    }
}
