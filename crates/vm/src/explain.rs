//! What a teacher would say of an error beside its message: which value was met, which name was meant, what to do.
//!
//! Thrown errors are often caught, so nothing here is computed if some frame has a handler: see [`Vm::explanation`].

use crate::code::Code;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::shape::Symbol;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};
use calf_source::{Diagnostic, SourceFile, Span, habit, suggest};
use std::rc::Rc;

/// Names that are compared with one that is not there, at most.
const MAX_CANDIDATES: usize = 2000;
/// Members of an object that are listed, at most.
const LISTED: usize = 8;

/// An explanation being made, and the file it is about.
pub(crate) struct Explanation {
    diagnostic: Diagnostic,
    file: Rc<SourceFile>,
}

const NIL: &str =
    "nil is what a variable without a value holds, and what a function without 'return' gives.";
const CALLED: &str = "A function gives its value when it is called: f().";
const DIGITS: &str = "A text of digits becomes a number with num(text).";

/// A type's name as it stands in a sentence: `a list`, `nil`.
fn with_article(name: &str) -> String {
    match name {
        "nil" => name.to_string(),
        _ if name.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// The text as the start of a sentence.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

impl Explanation {
    fn note(mut self, text: impl Into<String>) -> Explanation {
        self.diagnostic = self.diagnostic.with_note(text);
        self
    }
    fn help(mut self, text: impl Into<String>) -> Explanation {
        self.diagnostic = self.diagnostic.with_help(text);
        self
    }
    fn caption(mut self, text: impl Into<String>) -> Explanation {
        self.diagnostic = self.diagnostic.with_caption(text);
        self
    }
    fn note_if(self, condition: bool, text: &str) -> Explanation {
        if condition { self.note(text) } else { self }
    }
    /// Proposes another text for `old`, which stands in what failed, or says so if it is not there.
    fn instead(mut self, old: &str, new: &str) -> Explanation {
        let span = self.diagnostic.span;
        let title = format!("did you mean '{new}'?");
        self.diagnostic = match self.file.slice(span).find(old) {
            Some(at) => {
                let start = span.start + at as u32;
                self.diagnostic.with_fix(title, Span::new(start, start + old.len() as u32), new)
            }
            None => self.diagnostic.with_help(format!("Did you mean '{new}'?")),
        };
        self
    }

    /// No variable has this name; these are there.
    fn no_variable(self, name: &str, known: &[String]) -> Explanation {
        if let Some(own) = habit::word(name) {
            return self.instead(name, own);
        }
        if let Some(own) = habit::global(name) {
            return self.help(format!("In Calf this is: {own}"));
        }
        if let Some(near) = nearest(name, known) {
            return self.instead(name, &near);
        }
        let is_called = self.file.slice(self.diagnostic.span).starts_with(&format!("{name}("));
        self.help(match is_called {
            true => format!("Declare it before this line runs: fun {name}(…) {{ … }}"),
            false => format!("Declare it before this line runs: var {name} = …;"),
        })
    }

    /// No member of a value of this type has this name; these are there. The flag says
    /// whether there was something to say.
    fn no_member(
        self,
        of: &str,
        is_instance: bool,
        name: &str,
        known: &[String],
    ) -> (Explanation, bool) {
        match habit::member(of, name) {
            Some(own) if own.chars().all(char::is_alphanumeric) => {
                return (self.instead(name, own), true);
            }
            Some(own) => return (self.help(format!("In Calf this is: {own}")), true),
            None => (),
        }
        if let Some(near) = nearest(name, known) {
            return (self.instead(name, &near), true);
        }
        match known {
            [] if is_instance => (self.note("It has no fields and no methods."), true),
            known if is_instance && known.len() <= LISTED => {
                (self.note(format!("It has: {}.", known.join(", "))), true)
            }
            _ => (self, false),
        }
    }

    /// `map.key`, where `map["key"]` was meant.
    fn key_as_field(mut self, name: &str) -> Explanation {
        let start = self.diagnostic.span.start;
        let dot = Span::new(start.saturating_sub(1), start);
        let title = "a key is no field; write it in brackets";
        let end = start + name.len() as u32;
        self.diagnostic = match self.file.slice(dot) {
            "." => {
                self.diagnostic.with_fix(title, Span::new(dot.start, end), format!("[\"{name}\"]"))
            }
            _ => self.diagnostic.with_help(format!("Write map[\"{name}\"].")),
        };
        self
    }

    /// Too few or too many arguments; `declared` is where and how the function is declared.
    fn wrong_count(
        mut self,
        (least, most): (usize, usize),
        count: usize,
        declared: Option<(Rc<SourceFile>, Span)>,
    ) -> Explanation {
        self = match least.checked_sub(count) {
            Some(1) => self.caption("1 argument is missing"),
            Some(missing @ 1..) => self.caption(format!("{missing} arguments are missing")),
            _ => self.caption(format!("{} too many", count.saturating_sub(most))),
        };
        match declared {
            Some((file, span)) if Rc::ptr_eq(&file, &self.file) => {
                self.diagnostic = self.diagnostic.with_label(span, "declared here");
                self
            }
            Some((file, span)) => {
                let line = file.line(span.start);
                let text = file.slice(span);
                self.note(format!("It is declared in {}:{line}: {text}", file.name()))
            }
            None => self,
        }
    }

    /// Says of each operand what it is. The instruction's operands may stand the other way round in the text.
    fn operand_labels(mut self, one: &str, other: &str) -> Explanation {
        let operator = self.diagnostic.span;
        let Some(found) = calf_parser::operands(&self.file, operator) else {
            return self.caption(format!("{} and {}", with_article(one), with_article(other)));
        };
        let is_swapped = if found.is_left_number {
            one != "number"
        } else if found.is_right_number {
            other != "number"
        } else {
            // A comparison is compiled as its mirror image.
            self.file.slice(operator).starts_with('>')
        };
        let (left, right) = if is_swapped { (other, one) } else { (one, other) };
        self.diagnostic = self
            .diagnostic
            .with_label(found.left, with_article(left))
            .with_label(found.right, with_article(right));
        self
    }

    /// Says what the right operand is, if the error is an operator's.
    fn right_label(mut self, text: &str) -> Explanation {
        if let Some(found) = calf_parser::operands(&self.file, self.diagnostic.span) {
            self.diagnostic = self.diagnostic.with_label(found.right, text);
        }
        self
    }

    /// An operator met a value of this type.
    fn operand(self, name: &str) -> Explanation {
        let with = self.caption(with_article(name)).note_if(name == "nil", NIL);
        match name {
            "function" => with.help(CALLED),
            "string" => with.help(DIGITS),
            _ => with,
        }
    }

    /// An operator met values of these types.
    fn operands(self, left: &str, right: &str) -> Explanation {
        let both = |a: &str, b: &str| (left == a && right == b) || (left == b && right == a);
        let any = |name: &str| left == name || right == name;
        let is_sum = self.file.slice(self.diagnostic.span).starts_with('+');
        let with = self.operand_labels(left, right).note_if(any("nil"), NIL);
        if any("function") {
            return with.help(CALLED);
        }
        if is_sum && any("string") {
            return with
                .help("Make a text of the other value: str(x), or \"… ${x} …\" in the text.");
        }
        if is_sum && any("list") {
            return with.help("An item is added with list.push(x).");
        }
        if both("string", "number") || (left == "string" && right == "string") {
            return with.help(DIGITS);
        }
        with
    }
}

/// The name that was meant, most likely: the same in another case, or a near one.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let mut known = known.iter().take(MAX_CANDIDATES).map(String::as_str);
    let other_case = known.clone().find(|candidate| candidate.eq_ignore_ascii_case(name));
    other_case.or_else(|| suggest(name, &mut known)).map(str::to_string)
}

/// How a function is declared: the text up to its parameters' end.
fn signature(code: &Code) -> Option<(Rc<SourceFile>, Span)> {
    let span = code.function.span;
    let text = code.file.slice(span);
    let end = text.find(')')? + 1;
    Some((code.file.clone(), Span::new(span.start, span.start + end as u32)))
}

impl<C: Collector> Vm<C> {
    /// An empty explanation for an error that is about to be thrown, if nothing seems to catch it.
    #[cold]
    pub(crate) fn explanation(&self) -> Option<Explanation> {
        let is_handled = self.mutator.frames().iter().any(|frame| {
            // SAFETY: the code of a frame is null or a loaded function, which is never freed.
            unsafe { frame.code.as_ref() }.is_some_and(|code| {
                let position = frame.position() as u32;
                let handlers = &code.function.handlers;
                handlers.iter().any(|handler| (handler.start..handler.end).contains(&position))
            })
        });
        if is_handled {
            return None;
        }
        let (frame, code) = self.mutator.running()?;
        let span = code.function.spans[frame.position()];
        // Kind and message are those of what is thrown in the end.
        let diagnostic = Diagnostic::runtime("", "", span);
        Some(Explanation { diagnostic, file: code.file.clone() })
    }

    /// Throws an error with what there is to say of it.
    #[cold]
    pub(crate) fn throw_with(
        &mut self,
        kind: ErrorKind,
        message: &str,
        explanation: Option<Explanation>,
    ) -> Thrown {
        let thrown = self.throw(kind, message);
        let is_same = self.type_name(self.mutator.exception) == kind.name();
        if let Some(origin) = self.origin.as_mut().filter(|_| is_same) {
            origin.explanation = explanation.map(|explanation| Box::new(explanation.diagnostic));
        }
        thrown
    }

    /// An error for a global that is not defined, with the nearest name there is.
    #[cold]
    #[inline(never)]
    pub(crate) fn undefined_variable(&mut self, number: usize) -> Thrown {
        let found = self.mutator.modules.iter().find_map(|module| {
            let (name, _) = module.globals.iter().find(|(_, at)| **at as usize == number)?;
            Some((module, name.to_string()))
        });
        let Some((module, name)) = found else {
            return self.throw(ErrorKind::NameError, "Undefined variable.");
        };
        let message = format!("Undefined variable '{name}'.");
        let explanation = self.explanation().map(|explanation| {
            let mut known = self.defined_globals(&module.globals);
            known.extend(self.builtins.keys().map(|name| name.to_string()));
            known.sort();
            explanation.no_variable(&name, &known)
        });
        self.throw_with(ErrorKind::NameError, &message, explanation)
    }

    /// The names of these globals that are defined.
    fn defined_globals(&self, globals: &rustc_hash::FxHashMap<Box<str>, u16>) -> Vec<String> {
        let is_defined = |number: u16| {
            // SAFETY: the number of a global of a module.
            !unsafe { *self.mutator.globals.add(number as usize) }.is_absent()
        };
        let defined = globals.iter().filter(|(_, number)| is_defined(**number));
        defined.map(|(name, _)| name.to_string()).collect()
    }

    /// The names of the fields and methods of a value, sorted.
    fn members(&self, holder: Value) -> Vec<String> {
        let name = |symbol: &Symbol| self.symbols.name(*symbol).to_string();
        let mut names: Vec<String> = match (self.kind(holder), holder.as_object()) {
            (Some(Kind::Instance), Some(object)) => {
                let class = self.class_of(holder).expect("an instance has a class");
                let number = class.get(crate::class::NUMBER).as_raw() as usize;
                let fields = self.shapes.field_names(object.shape());
                let methods = self.shapes.classes[number].methods.keys().map(name);
                fields.iter().map(name).chain(methods.filter(|name| name != "init")).collect()
            }
            (Some(Kind::Module), Some(object)) => {
                let module = object.get(0).as_raw() as usize;
                self.defined_globals(&self.mutator.modules[module].globals)
            }
            (Some(kind), _) => {
                let natives = self.methods[kind as usize].iter().enumerate();
                let there = natives.filter(|(_, native)| **native > 0);
                there.map(|(symbol, _)| name(&Symbol(symbol as u32))).collect()
            }
            (None, _) => Vec::new(),
        };
        names.sort();
        names
    }

    /// An error for a field, method or member that `holder` has not.
    #[cold]
    #[inline(never)]
    pub(crate) fn undefined_property(&mut self, holder: Value, symbol: Symbol) -> Thrown {
        let message = format!("Undefined property '{}'.", self.symbols.name(symbol));
        self.no_property(ErrorKind::PropertyError, holder, symbol, &message)
    }

    /// As [`Vm::undefined_property`], in other words.
    #[cold]
    #[inline(never)]
    pub(crate) fn no_property(
        &mut self,
        kind: ErrorKind,
        holder: Value,
        symbol: Symbol,
        message: &str,
    ) -> Thrown {
        let explanation = self.explanation().map(|explanation| {
            let name = self.symbols.name(symbol).to_string();
            let of = self.type_name(holder);
            let is_instance = self.kind(holder) == Some(Kind::Instance);
            let is_key = self
                .object_of(holder, Kind::Map)
                .is_some_and(|map| self.string_keys(map).contains(&name));
            let explanation = explanation.note_if(holder.is_nil(), NIL);
            if is_key {
                return explanation.key_as_field(&name);
            }
            match self.kind(holder) {
                Some(Kind::Closure | Kind::Native | Kind::BoundMethod) => {
                    explanation.caption(format!("a function has no '{name}'")).help(CALLED)
                }
                Some(Kind::Class) => explanation
                    .caption(format!("a class has no '{name}'"))
                    .help("Fields and methods belong to an object, made by calling the class."),
                _ => {
                    let whose = match self.object_of(holder, Kind::Module) {
                        Some(module) => {
                            format!("the module {}", self.plain_member(module.get(1)))
                        }
                        None => with_article(&of),
                    };
                    let known = self.members(holder);
                    let explanation = explanation.caption(format!("{whose} has no '{name}'"));
                    match explanation.no_member(&of, is_instance, &name, &known) {
                        (explanation, true) => explanation,
                        (explanation, false) => match self.owner_of(symbol) {
                            Some(kind) => explanation.note(format!(
                                "{} has a method of this name.",
                                capitalized(&with_article(kind))
                            )),
                            None => explanation,
                        },
                    }
                }
            }
        });
        self.throw_with(kind, message, explanation)
    }

    /// The built-in type that has a method of this name.
    fn owner_of(&self, symbol: Symbol) -> Option<&'static str> {
        let owner = Kind::ALL.iter().find(|kind| self.native_method(**kind, symbol).is_some());
        owner.map(|kind| kind.name())
    }

    /// The text of a string that the machine made.
    fn plain_member(&self, value: Value) -> String {
        let string = self.object_of(value, Kind::String);
        string.map(|string| crate::string::text(&string).to_string()).unwrap_or_default()
    }

    /// The keys of a map that are strings, some of them if they are many.
    fn string_keys(&self, map: Object) -> Vec<String> {
        let count = crate::map::used(map).min(MAX_CANDIDATES);
        let keys = (0..count).filter_map(|at| crate::map::entry(map, at));
        let keys = keys.filter_map(|(key, _)| self.object_of(key, Kind::String));
        keys.map(|key| crate::string::text(&key).to_string()).collect()
    }

    /// An error for a key that is not in a map.
    #[cold]
    #[inline(never)]
    pub(crate) fn missing_key(&mut self, map: Object, key: Value) -> Thrown {
        let text = self.quoted_text(key);
        let explanation = self.explanation().map(|explanation| {
            let explanation = explanation.help(
                "map.get(key, default) gives a default; map.has(key) asks whether it is there.",
            );
            let Some(key) = self.object_of(key, Kind::String) else { return explanation };
            let name = crate::string::text(&key).to_string();
            match nearest(&name, &self.string_keys(map)) {
                Some(near) => explanation.instead(&name, &near),
                None => explanation,
            }
        });
        self.throw_with(ErrorKind::KeyError, &format!("There is no key {text}."), explanation)
    }

    /// An error for a position that is not there.
    #[cold]
    #[inline(never)]
    pub(crate) fn missing_position(&mut self, number: i64, length: usize, message: &str) -> Thrown {
        let explanation = self.explanation().map(|explanation| match length {
            0 => explanation.caption("there are no items"),
            _ if number == length as i64 => explanation
                .caption(format!("the last position is {}", length - 1))
                .note("Positions begin at 0, so the last one is the length less 1; [-1] is the last item, too."),
            _ => explanation.caption(format!("positions go from 0 to {}", length - 1)),
        });
        self.throw_with(ErrorKind::IndexError, message, explanation)
    }

    /// An error for a call of what cannot be called.
    #[cold]
    #[inline(never)]
    pub(crate) fn cannot_call(&mut self, callee: Value) -> Thrown {
        let explanation = self.explanation().map(|explanation| {
            let name = self.type_name(callee);
            let caption = format!("this calls {}", with_article(&name));
            let explanation = explanation.caption(caption).note_if(callee.is_nil(), NIL);
            match name.as_str() {
                "number" => explanation.help("A product is written with '*'."),
                "list" | "map" => explanation.help("An item is read with x[…]."),
                _ => explanation,
            }
        });
        self.throw_with(ErrorKind::TypeError, "Can only call functions and classes.", explanation)
    }

    /// An error for a wrong number of arguments. `expected` is the least and the most; `callee` is a closure, or nil.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrong_count(
        &mut self,
        expected: (usize, usize),
        count: usize,
        callee: Value,
    ) -> Thrown {
        let text = match expected {
            (least, most) if least == most => format!("{least}"),
            (least, most) if most == usize::from(crate::native::ANY) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        };
        let explanation = self.explanation().map(|explanation| {
            let closure = self.object_of(callee, Kind::Closure);
            // SAFETY: a closure's code is a loaded function, which is never freed.
            let declared =
                closure.and_then(|closure| signature(unsafe { &*crate::call::code_of(closure) }));
            explanation.wrong_count(expected, count, declared)
        });
        let message = format!("Expected {text} arguments but got {count}.");
        self.throw_with(ErrorKind::TypeError, &message, explanation)
    }

    /// An error for an operator with operands of the wrong type.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrong_operands(&mut self, message: &str, left: Value, right: Value) -> Thrown {
        let explanation = self
            .explanation()
            .map(|explanation| explanation.operands(&self.type_name(left), &self.type_name(right)));
        self.throw_with(ErrorKind::TypeError, message, explanation)
    }

    /// An error for an operator with one operand, of the wrong type, which is that of the running instruction.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrong_operand(&mut self, message: &str) -> Thrown {
        let explanation = self.explanation().map(|explanation| match self.running_operand() {
            Some(value) => explanation.operand(&self.type_name(value)),
            None => explanation,
        });
        self.throw_with(ErrorKind::TypeError, message, explanation)
    }

    /// The value of the second register of the running instruction: the operand of those that have one.
    fn running_operand(&self) -> Option<Value> {
        let (frame, code) = self.mutator.running()?;
        let word = *code.function.code.get(frame.position())?;
        // SAFETY: a register of the running function's window.
        Some(unsafe { *frame.base.add(calf_bytecode::op::b(word)) })
    }

    /// An error for something that has no items: `what` is the rest of the sentence.
    #[cold]
    #[inline(never)]
    pub(crate) fn no_items(&mut self, holder: Value, what: &str) -> Thrown {
        let name = with_article(&self.type_name(holder));
        let explanation = self.explanation().map(|explanation| {
            let explanation = explanation.right_label(&name).note_if(holder.is_nil(), NIL);
            match self.kind(holder) {
                None if holder.is_number() => {
                    explanation.help("The numbers from 0 up to n are range(n); digits are in str(n).")
                }
                Some(Kind::Closure | Kind::Native | Kind::BoundMethod) => {
                    explanation.help(CALLED)
                }
                Some(Kind::Instance) => explanation
                    .help("Fields are read with '.': object.name. For a loop over an object, give its class a method iterate()."),
                _ => explanation,
            }
        });
        let subject = if holder.is_nil() { name } else { capitalized(&name) };
        self.throw_with(ErrorKind::TypeError, &format!("{subject} {what}."), explanation)
    }

    /// An error for too many calls in progress.
    #[cold]
    #[inline(never)]
    pub(crate) fn stack_overflow(&mut self) -> Thrown {
        let explanation = self.explanation().map(|explanation| {
            let frames = self.mutator.frames();
            let running = self.mutator.running_code();
            let same = frames
                .iter()
                .filter(|frame| running.is_some_and(|code| std::ptr::eq(frame.code, code)));
            let (same, name) = (same.count(), running.map_or("", |code| &code.function.name));
            let name = if name.is_empty() { "This function" } else { &format!("{name}()") };
            let explanation = match same {
                0 | 1 => explanation,
                _ => explanation.note(format!(
                    "{name} is in progress {same} times: each call waits for the next."
                )),
            };
            explanation.help("A function that calls itself needs a case in which it does not.")
        });
        self.throw_with(ErrorKind::StackOverflow, "Stack overflow.", explanation)
    }
}
