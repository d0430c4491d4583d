//! Compiled functions as the machine runs them: instructions and constants in the `code` region, cache sites in `caches`.

use crate::shape::Symbol;
use crate::trace::TraceLine;
use calf_bytecode::Function;
use calf_gc::Value;
use calf_source::SourceFile;
use std::rc::Rc;

/// A loaded function. It never moves and is never freed, so its address is what a closure holds.
pub struct Code {
    /// The first instruction, in the `code` region.
    pub words: *const u32,
    /// The constants, in the `code` region; each owns what it holds.
    pub constants: *const Value,
    /// The size of the window.
    pub registers: u32,
    /// How many parameters.
    pub arity: u32,
    /// Everything the compiler said.
    pub function: Rc<Function>,
    /// The functions declared directly in it.
    pub functions: Box<[*const Code]>,
    /// The file it came from.
    pub file: Rc<SourceFile>,
    /// The module whose globals it sees, by number.
    pub module: u32,
    /// Is it the machine's own exit code, which no trace shows?
    pub is_exit: bool,
}

impl Code {
    /// Where in the program's text the instruction at word `position` stands.
    pub fn place_of(&self, position: usize) -> TraceLine {
        let span = self.function.spans.get(position).copied().unwrap_or_default();
        let named = (self.function.kind != calf_bytecode::Kind::Script).then(|| {
            if self.function.name.is_empty() {
                "fun".to_string()
            } else {
                self.function.name.to_string()
            }
        });
        TraceLine {
            file: self.file.name().to_string(),
            line: self.file.line(span.start),
            function: named,
        }
    }
}

/// One cache site. `shape_word` is what the object's header must say for the rest to hold.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Cache {
    /// Units, format and shape of the objects seen last; 0xFFFF_FFFF, which no object has, if none.
    pub shape_word: u32,
    /// The name looked up here.
    pub symbol: Symbol,
    /// Where the value lies: its word behind the header's address (1 is slot 0), if a field. If a method: see [`Cache::let_pass`].
    pub offset: u32,
    /// What the shape word becomes by a store that adds the field; else the same as `shape_word`.
    pub next_word: u32,
    /// The address of the method's closure, if a method; else 0.
    pub closure: usize,
    /// The method's code.
    pub code: *const Code,
}

impl Cache {
    /// A site that has seen nothing.
    pub const fn empty(symbol: Symbol) -> Cache {
        Cache {
            shape_word: u32::MAX,
            symbol,
            offset: 0,
            next_word: u32::MAX,
            closure: 0,
            code: std::ptr::null(),
        }
    }

    /// A call's site that knows the method of some class meets an object with another shape word: does it keep what it knows? It does
    /// until the same one passes twice in a row. To learn anew each of several that take turns costs more than to find them.
    #[inline(always)]
    pub fn let_pass(&mut self, shape_word: u32) -> bool {
        let keeps = self.shape_word != u32::MAX && self.offset != shape_word;
        if keeps {
            self.offset = shape_word;
        }
        keeps
    }
}

/// What a look-up is for. What one kind finds says nothing of another: a field may be added by a store.
#[derive(Clone, Copy)]
pub enum Lookup {
    /// A field is read.
    Field,
    /// A field is written.
    Store,
    /// A method is called.
    Method,
}

impl Lookup {
    /// How many kinds there are.
    pub const COUNT: usize = 3;
}

/// One call in progress.
#[derive(Clone, Copy)]
pub struct Frame {
    /// What runs; null for a native function.
    pub code: *const Code,
    /// Its window on the value stack.
    pub base: *mut Value,
    /// Where it goes on: behind the first word of the instruction it is in. For a native function: the number of its arguments.
    pub pc: *const u32,
    /// The closure that runs; kept alive by the window or by the class of `this`.
    pub closure: Value,
}

impl Frame {
    /// The position of the word before `pc`: inside the instruction that is running.
    ///
    /// Only for a frame that runs code.
    pub fn position(&self) -> usize {
        // SAFETY: `code` is not null for such a frame, and both pointers lie in its words.
        unsafe { self.pc.offset_from((*self.code).words) as usize }.saturating_sub(1)
    }
}
