//! What the REPL asks of the machine, without the collector's type: entries, values to look at, names to complete, forks.
//!
//! An entry is compiled in the module `session`, whose globals are what the user has defined. Looking at values (`inspect`, `look`)
//! runs no code of the program, allocates nothing in the heap and counts nothing.

mod data;
mod inspect;
mod look;
mod pages;

pub use data::{Argument, Data, Question};
pub use inspect::Limits;
pub use look::{Global, Member, MemberKind, Step};
pub use pages::Pages;

use crate::code::Code;
use crate::error::Thrown;
use crate::native::Arguments;
use crate::vm::Vm;
use calf_gc::{Collector, Value};
use calf_source::SourceFile;
use std::rc::Rc;

/// The root of what the machine itself holds at the moment, in paths.
pub const HANDLE: &str = "native in progress";

/// What became of one entry in the REPL.
#[derive(Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// It ran; the text of its value, if it has one that is not `nil`.
    Done(Option<String>),
    /// It needs more lines.
    Incomplete,
    /// It failed; the message was printed.
    Failed,
    /// It asked to leave.
    Exit(i32),
}

/// A compiled entry: it can be run as often as wished, by the machine that compiled it.
#[derive(Clone, Copy, Debug)]
pub struct Entry(usize);

/// Which side of a fork this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The process that was there before, and the number of its child.
    Parent(i32),
    /// The new process.
    Child,
}

/// What the machine keeps for the REPL.
#[derive(Default)]
pub struct State {
    entries: Vec<*const Code>,
    limits: Limits,
}

/// The module of the session.
const MODULE: &str = "session";

/// The machine as the REPL sees it.
pub trait Session {
    /// Compiles an entry. On `Err` it is said already what is wrong, unless it is [`Evaluation::Incomplete`].
    ///
    /// # Errors
    /// The text is no program, or not yet a whole one.
    fn prepare(&mut self, name: &str, text: &str) -> Result<Entry, Evaluation>;
    /// Runs an entry. Its value becomes `_`, unless it is `nil`.
    fn run_entry(&mut self, entry: Entry) -> Evaluation;
    /// The same without looking at its value, which is dropped.
    fn run_silently(&mut self, entry: Entry) -> Evaluation;
    /// Compiles an entry and runs it.
    fn evaluate(&mut self, name: &str, text: &str) -> Evaluation {
        match self.prepare(name, text) {
            Ok(entry) => self.run_entry(entry),
            Err(evaluation) => evaluation,
        }
    }
    /// How much of a value is shown.
    fn limits(&mut self) -> &mut Limits;
    /// Swallows what the program prints, or no longer.
    fn mute(&mut self, is_muted: bool);
    /// The session's own globals by name, with what they are.
    fn globals(&self) -> Vec<Global>;
    /// The names of what is there without being defined: natives, modules, error classes.
    fn builtins(&self) -> Vec<String>;
    /// What may stand behind a dot after this path from a global, if there is such an object. Nothing is run.
    fn members(&self, root: &str, path: &[Step]) -> Option<Vec<Member>>;
    /// Evaluates an expression of the session, if there is one, and calls natives with its value. `None` if something failed, which
    /// was printed; `None` among the answers is that of a native that there is not.
    fn ask(
        &mut self,
        questions: &[Question<'_>],
        argument: Option<&str>,
    ) -> Option<Vec<Option<Data>>>;
    /// The bytecode of the function at the end of a path from a global, if there is one. Of a class, that of `init`.
    fn disassemble_function(&self, root: &str, path: &[Step]) -> Option<String>;
    /// The bytecode of a compiled entry.
    fn disassemble(&self, entry: Entry) -> String;
    /// Forks as `os.fork()` does. `None` if that failed, which was printed.
    fn fork(&mut self) -> Option<Side>;
    /// The same, and in the child `mem.blame()` says which lines copied pages.
    fn fork_and_blame(&mut self) -> Option<Side>;
    /// Waits for a child; its exit code, or 128 and the number of the signal that ended it.
    fn wait(&mut self, child: i32) -> Option<i32>;
    /// What this process copied since its fork, by the kernel's word; or why the kernel does not say.
    ///
    /// # Errors
    /// The kernel refuses, or there was no fork.
    fn copied(&mut self) -> Result<Pages, String>;
    /// The same by the heap's own account.
    fn modelled(&self) -> Pages;
    /// Collections so far.
    fn collections(&self) -> usize;
    /// Objects in the heap.
    fn objects(&self) -> usize;
}

impl<C: Collector> Vm<C> {
    fn session_module(&mut self) -> usize {
        match self.mutator.modules.iter().position(|module| module.name == MODULE) {
            Some(module) => module,
            None => self.add_module(MODULE.to_string()),
        }
    }

    /// Runs an entry and gives its value, owned.
    fn value_of_entry(&mut self, entry: Entry) -> Result<Value, Thrown> {
        self.run_code(self.session.entries[entry.0])
    }

    /// What became of an entry that threw.
    fn failure(&mut self) -> Evaluation {
        match self.leaving {
            Some(code) => Evaluation::Exit(code),
            None => {
                self.report();
                Evaluation::Failed
            }
        }
    }

    /// After anything that ran: nothing is held any longer, everything printed is seen.
    fn end_of_entry(&mut self) {
        self.drop_handles(0);
        self.output.flush();
    }
}

impl<C: Collector> Session for Vm<C> {
    fn prepare(&mut self, name: &str, text: &str) -> Result<Entry, Evaluation> {
        let module = self.session_module();
        let file = Rc::new(SourceFile::new(name, text));
        let arena = bumpalo::Bump::new();
        let code = match calf_parser::parse_interactive(&arena, &file) {
            Err(calf_parser::EntryError::Incomplete(_)) => return Err(Evaluation::Incomplete),
            Err(calf_parser::EntryError::Invalid(diagnostics)) => Err(diagnostics),
            Ok(program) => self.compile_program(&program, &file, module, true),
        };
        match code {
            Ok(code) => {
                self.session.entries.push(code);
                Ok(Entry(self.session.entries.len() - 1))
            }
            Err(diagnostics) => {
                let style = self.style();
                self.complain(&calf_source::render_all(&diagnostics, &file, style));
                Err(Evaluation::Failed)
            }
        }
    }

    fn run_entry(&mut self, entry: Entry) -> Evaluation {
        let evaluation = match self.value_of_entry(entry) {
            Ok(value) if value.is_nil() => Evaluation::Done(None),
            Ok(value) => {
                let text = self.inspect(value);
                let module = self.session_module();
                self.define_session_result(module, value);
                Evaluation::Done(Some(text))
            }
            Err(Thrown) => self.failure(),
        };
        self.end_of_entry();
        evaluation
    }

    fn run_silently(&mut self, entry: Entry) -> Evaluation {
        let evaluation = match self.value_of_entry(entry) {
            Ok(value) => {
                self.heap.release(value);
                Evaluation::Done(None)
            }
            Err(Thrown) => self.failure(),
        };
        self.end_of_entry();
        evaluation
    }

    fn limits(&mut self) -> &mut Limits {
        &mut self.session.limits
    }

    fn mute(&mut self, is_muted: bool) {
        self.output.mute(is_muted);
    }

    fn globals(&self) -> Vec<Global> {
        self.session_globals()
    }

    fn builtins(&self) -> Vec<String> {
        self.builtins.keys().map(|name| name.to_string()).collect()
    }

    fn members(&self, root: &str, path: &[Step]) -> Option<Vec<Member>> {
        self.members_of(self.resolve(root, path)?)
    }

    fn ask(
        &mut self,
        questions: &[Question<'_>],
        argument: Option<&str>,
    ) -> Option<Vec<Option<Data>>> {
        let answers = self.answers(questions, argument);
        self.end_of_entry();
        answers
    }

    fn disassemble_function(&self, root: &str, path: &[Step]) -> Option<String> {
        let function = self.function_behind(self.resolve(root, path)?)?;
        Some(calf_bytecode::disassemble::disassemble(&function))
    }

    fn disassemble(&self, entry: Entry) -> String {
        // SAFETY: a loaded function, which is never freed.
        let function = unsafe { &(*self.session.entries[entry.0]).function };
        calf_bytecode::disassemble::disassemble(function)
    }

    fn fork(&mut self) -> Option<Side> {
        let nothing = Value::NIL;
        let result = crate::native::os::fork(self, Arguments::new(&nothing, 0));
        match result {
            Ok(number) => match number.as_number_unchecked() as i32 {
                0 => Some(Side::Child),
                child => Some(Side::Parent(child)),
            },
            Err(Thrown) => {
                self.failure();
                self.end_of_entry();
                None
            }
        }
    }

    fn fork_and_blame(&mut self) -> Option<Side> {
        let before = self.options.blame.clone();
        // Whoever asks prints the answer; nothing is reported at the end.
        let asked = crate::BlameOptions { means: None, report: |_| {} };
        self.options.blame = Some(before.clone().unwrap_or(asked));
        let side = self.fork();
        if side != Some(Side::Child) {
            self.options.blame = before;
        }
        side
    }

    fn wait(&mut self, child: i32) -> Option<i32> {
        loop {
            match self.wait_for(Some(nix::unistd::Pid::from_raw(child))) {
                Ok(found) => return found.map(|(_, code)| code),
                // Ctrl-C reaches the child, too, which ends by it.
                Err(Thrown) => {
                    let thrown = std::mem::replace(&mut self.mutator.exception, Value::NIL);
                    self.heap.release(thrown);
                    self.origin = None;
                }
            }
        }
    }

    fn copied(&mut self) -> Result<Pages, String> {
        self.copied_pages()
    }

    fn modelled(&self) -> Pages {
        self.modelled_pages()
    }

    fn collections(&self) -> usize {
        self.heap.collection_count()
    }

    fn objects(&self) -> usize {
        self.heap.object_count()
    }
}
