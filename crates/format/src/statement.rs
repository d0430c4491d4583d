//! Statements, and the comments on lines of their own between them.

use crate::document::{Break, GroupKind};
use crate::piece::first_line;
use crate::printer;
use crate::walk::Formatter;
use calf_lexer::Token;
use calf_parser::ast::*;
use calf_source::Span;

/// How the blocks of a statement are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocks {
    /// With a line for each statement.
    Lines,
    /// On one line if it fits.
    OneLine,
}

impl Formatter<'_> {
    /// The text of the program whose tree this is.
    pub(crate) fn program(mut self, program: &Program) -> String {
        if let Some(line) = first_line(self.text) {
            self.document.text(line.trim_end());
        }
        for statement in program.statements {
            self.statement_on_line(statement, false);
        }
        self.own_lines(false, true);
        printer::print(self.document.items())
    }

    // Lines.

    /// Comments on lines of their own in front of a statement or, `at_end`, a closing brace.
    fn own_lines(&mut self, is_first: bool, at_end: bool) -> bool {
        let mut is_first = is_first;
        let mut behind_comment = false;
        while self.peek().is_comment() && (at_end || !self.is_inline(self.next)) {
            let piece = self.peek();
            if behind_comment && piece.newlines == 0 {
                self.space();
            } else {
                self.document.line(piece.newlines > 1 && !is_first, false);
            }
            let text = self.take_comment();
            self.document.text(text);
            (is_first, behind_comment) = (false, true);
        }
        is_first
    }

    fn begin_line(&mut self, is_first: bool) {
        let is_first = self.own_lines(is_first, false);
        self.document.line(self.peek().newlines > 1 && !is_first, false);
    }

    fn statement_on_line(&mut self, statement: &Statement, is_first: bool) {
        self.begin_line(is_first);
        self.statement(statement);
    }

    // Blocks.

    /// Is this block one simple statement, written on one line, without comments?
    fn is_one_line(&self, body: &[Statement]) -> bool {
        let [statement] = body else { return false };
        let Span { start, end } = statement.span;
        let first = self.pieces.partition_point(|piece| piece.span.start < start);
        let behind = self.pieces.partition_point(|piece| piece.span.start < end);
        is_simple(statement)
            && self.piece(first).newlines == 0
            && self.piece(first.wrapping_sub(1)).is(Token::LeftBrace)
            && self.piece(behind).is(Token::RightBrace)
            && self.piece(behind).newlines == 0
    }

    fn blocks(&self, bodies: &[&[Statement]]) -> Blocks {
        match bodies.iter().all(|body| self.is_one_line(body)) {
            true => Blocks::OneLine,
            false => Blocks::Lines,
        }
    }

    /// A block of its own.
    pub(crate) fn block(&mut self, body: &[Statement]) {
        let values = std::mem::take(&mut self.values);
        let blocks = self.blocks(&[body]);
        self.document.open(GroupKind::Strict, 1);
        self.block_within(body, blocks);
        self.document.close();
        self.values = values;
    }

    /// A block within a group that is open for it.
    fn block_within(&mut self, body: &[Statement], blocks: Blocks) {
        self.token();
        if let (Blocks::OneLine, [statement]) = (blocks, body) {
            let place = Break { flat: " ", closes: false, of_block: true, fills: false };
            self.soft_with(place);
            self.statement(statement);
            self.soft_with(Break { closes: true, ..place });
        } else {
            for (number, statement) in body.iter().enumerate() {
                self.statement_on_line(statement, number == 0);
            }
            self.close_lines(body.is_empty());
        }
        self.token();
    }

    /// The comments in front of a closing brace, and the line break.
    fn close_lines(&mut self, is_empty: bool) {
        let was_first = self.own_lines(is_empty, true);
        if !(is_empty && was_first) || self.document.needs_line {
            self.document.line(false, true);
        }
    }

    /// A word that goes on behind a closing brace.
    fn continue_with_word(&mut self) {
        let is_apart = self.peek().is_comment() && !self.is_inline(self.next);
        if self.document.needs_line || is_apart {
            self.own_lines(true, false);
            self.document.line(false, true);
        } else {
            self.space();
        }
        self.token();
    }

    /// What a condition or a loop guards.
    fn body(&mut self, body: &Statement) {
        if let StatementKind::Block(statements) = body.kind {
            self.space();
            self.block(statements);
        } else {
            self.document.open(GroupKind::Loose, 1);
            self.soft(" ");
            self.statement(body);
            self.document.close();
        }
    }

    // Statements.

    fn statement(&mut self, statement: &Statement) {
        match statement.kind {
            StatementKind::Expression(expression) => self.expression(expression, 1),
            StatementKind::Print(value) | StatementKind::Throw(value) => {
                self.token();
                self.space();
                self.expression(value, 1);
            }
            StatementKind::Return(value) => {
                self.token();
                if let Some(value) = value {
                    self.space();
                    self.expression(value, 1);
                }
            }
            StatementKind::Variable { value, .. } => {
                self.token();
                self.space();
                self.token();
                if let Some(value) = value {
                    self.space();
                    self.token();
                    self.space();
                    self.expression(value, 1);
                }
            }
            StatementKind::Break | StatementKind::Continue => self.token(),
            StatementKind::Import { .. } => {
                self.token();
                for _ in 0..3 {
                    self.space();
                    self.token();
                }
            }
            StatementKind::Function { function, .. } => {
                self.token();
                self.space();
                self.token();
                return self.function(function);
            }
            StatementKind::Class(class) => return self.class(class),
            StatementKind::If { branches, otherwise } => {
                return self.if_statement(branches, otherwise);
            }
            StatementKind::While { condition, body } => {
                self.token();
                self.space();
                self.parenthesised(condition);
                return self.body(body);
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.for_head(initializer, condition, increment);
                return self.body(body);
            }
            StatementKind::ForIn { iterable, body, .. } => {
                self.token();
                self.space();
                self.for_in_head(iterable);
                return self.body(body);
            }
            StatementKind::Block(statements) => return self.block(statements),
            StatementKind::Try { body, catch, finally } => {
                return self.try_statement(body, catch, finally);
            }
        }
        self.token();
    }

    /// The parameters and the block of a function whose name has been written.
    pub(crate) fn function(&mut self, function: &Function) {
        self.bracketed(function.parameters.len(), |formatter, _| formatter.token());
        self.space();
        self.block(function.body);
    }

    fn class(&mut self, class: &Class) {
        self.token();
        self.space();
        self.token();
        if class.superclass.is_some() {
            for _ in 0..2 {
                self.space();
                self.token();
            }
        }
        self.space();
        self.document.open(GroupKind::Strict, 1);
        self.token();
        for (number, method) in class.methods.iter().enumerate() {
            self.begin_line(number == 0);
            self.token();
            self.function(method);
        }
        self.close_lines(class.methods.is_empty());
        self.token();
        self.document.close();
    }

    /// `(condition)`
    fn parenthesised(&mut self, condition: &Expression) {
        self.document.open(GroupKind::Loose, 1);
        self.token();
        self.soft("");
        self.expression(condition, 0);
        self.soft_close("");
        self.token();
        self.document.close();
    }

    fn if_statement(&mut self, branches: &[Branch], otherwise: Option<&Statement>) {
        self.document.open(GroupKind::Loose, 0);
        // Where there are several blocks, none stays on the line.
        let is_alone = branches.len() == 1 && otherwise.is_none();
        let mut before: Option<&Statement> = None;
        for branch in branches {
            if let Some(before) = before {
                self.else_word(before);
                self.space();
            }
            self.token();
            self.space();
            self.parenthesised(branch.condition);
            self.guarded(branch.body, is_alone);
            before = Some(branch.body);
        }
        if let (Some(before), Some(otherwise)) = (before, otherwise) {
            self.else_word(before);
            self.guarded(otherwise, false);
        }
        self.document.close();
    }
    fn guarded(&mut self, body: &Statement, is_alone: bool) {
        match body.kind {
            StatementKind::Block(statements) if !is_alone => {
                self.space();
                self.document.open(GroupKind::Strict, 1);
                self.block_within(statements, Blocks::Lines);
                self.document.close();
            }
            _ => self.body(body),
        }
    }
    /// `else` behind this statement.
    fn else_word(&mut self, before: &Statement) {
        if matches!(before.kind, StatementKind::Block(_)) {
            self.continue_with_word();
        } else {
            self.soft(" ");
            self.token();
        }
    }

    fn for_head(
        &mut self,
        initializer: Option<&Statement>,
        condition: Option<&Expression>,
        increment: Option<&Expression>,
    ) {
        self.token();
        self.space();
        self.document.open(GroupKind::Strict, 1);
        self.token();
        self.soft("");
        match initializer {
            Some(initializer) => self.statement(initializer),
            None => self.token(),
        }
        if let Some(condition) = condition {
            self.soft(" ");
            self.expression(condition, 1);
        }
        self.token();
        if let Some(increment) = increment {
            self.soft(" ");
            self.expression(increment, 1);
        }
        self.soft_close("");
        self.token();
        self.document.close();
    }

    fn for_in_head(&mut self, iterable: &Expression) {
        self.document.open(GroupKind::Loose, 1);
        self.token();
        self.soft("");
        if self.peek_token().is(Token::Var) {
            self.token();
            self.space();
        }
        for _ in 0..2 {
            self.token();
            self.space();
        }
        self.expression(iterable, 1);
        self.soft_close("");
        self.token();
        self.document.close();
    }

    fn try_statement<'a>(
        &mut self,
        body: &[Statement<'a>],
        catch: Option<&Catch<'a>>,
        finally: Option<&Finally<'a>>,
    ) {
        let mut bodies = vec![body];
        bodies.extend(catch.map(|catch| catch.body));
        bodies.extend(finally.map(|finally| finally.body));
        // Where one has statements on lines of their own, the others have, too; but a block without statements stays as it is.
        bodies.retain(|body| !body.is_empty());
        let blocks = self.blocks(&bodies);
        self.token();
        self.space();
        self.document.open(GroupKind::Strict, 1);
        self.block_within(body, blocks);
        if let Some(catch) = catch {
            self.continue_with_word();
            if catch.binding.is_some() {
                self.space();
                self.tokens(3);
            }
            self.space();
            self.block_within(catch.body, blocks);
        }
        if let Some(finally) = finally {
            self.continue_with_word();
            self.space();
            self.block_within(finally.body, blocks);
        }
        self.document.close();
    }
}

/// Is this a statement without a block of its own?
fn is_simple(statement: &Statement) -> bool {
    let mut statement = statement;
    loop {
        statement = match statement.kind {
            StatementKind::Expression(_)
            | StatementKind::Print(_)
            | StatementKind::Return(_)
            | StatementKind::Throw(_)
            | StatementKind::Variable { .. }
            | StatementKind::Break
            | StatementKind::Continue => return true,
            StatementKind::If { branches: [branch], otherwise: None } => branch.body,
            StatementKind::While { body, .. }
            | StatementKind::For { body, .. }
            | StatementKind::ForIn { body, .. } => body,
            _ => return false,
        }
    }
}
