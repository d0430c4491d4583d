//! Calls that are not the common case, calls from native code, and the way out of frames when something is thrown.

use crate::class;
use crate::code::{Cache, Code, Frame, Lookup};
use crate::error::Thrown;
use crate::kind::Kind;
use crate::native::Arguments;
use crate::shape::Symbol;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};

/// The code behind a closure.
pub(crate) fn code_of(closure: Object) -> *const Code {
    std::ptr::with_exposed_provenance(closure.get(0).as_raw() as usize)
}

impl<C: Collector> Vm<C> {
    /// Calls the value at `window` with `count` arguments behind it. A closure's frame is pushed, to be run by the caller; anything
    /// else is done at once and its result put at `window`.
    pub(crate) fn call_slowly(&mut self, window: *mut Value, count: usize) -> Result<(), Thrown> {
        // SAFETY: the window of the call being made.
        let callee = unsafe { *window };
        match self.kind(callee) {
            Some(Kind::Closure) => self.enter(window, count, callee),
            Some(Kind::Native) => self.call_native(window, count, callee),
            Some(Kind::Class) => self.instantiate(window, count, callee),
            Some(Kind::BoundMethod) => {
                let object = callee.as_object().expect("a bound method is an object");
                let receiver = self.retained(object.get(0));
                let method = object.get(1);
                self.put(window, receiver);
                match self.kind(method) {
                    Some(Kind::Native) => self.call_native(window, count, method),
                    _ => self.enter(window, count, method),
                }
            }
            _ => Err(self.cannot_call(callee)),
        }
    }

    /// Pushes the frame of a closure whose window is ready.
    pub(crate) fn enter(
        &mut self,
        window: *mut Value,
        count: usize,
        closure: Value,
    ) -> Result<(), Thrown> {
        let code = code_of(closure.as_object().expect("a closure is an object"));
        // SAFETY: a loaded function.
        let (arity, registers, words) =
            unsafe { ((*code).arity as usize, (*code).registers as usize, (*code).words) };
        if arity != count {
            return Err(self.wrong_count((arity, arity), count, closure));
        }
        let next = self.mutator.frame.wrapping_add(1);
        if next >= self.mutator.frames_end
            || window.wrapping_add(registers) >= self.mutator.stack_end
        {
            return Err(self.stack_overflow());
        }
        // SAFETY: there is room for the frame, as just checked.
        unsafe { next.write(Frame { code, base: window, pc: words, closure }) };
        self.mutator.frame = next;
        Ok(())
    }

    /// Pushes a frame without code, so that the window counts as roots.
    fn enter_native(
        &mut self,
        window: *mut Value,
        count: usize,
        callee: Value,
    ) -> Result<(), Thrown> {
        let next = self.mutator.frame.wrapping_add(1);
        if next >= self.mutator.frames_end
            || window.wrapping_add(count + 64) >= self.mutator.stack_end
        {
            return Err(self.stack_overflow());
        }
        // SAFETY: there is room for the frame, as just checked.
        unsafe {
            next.write(Frame {
                code: std::ptr::null(),
                base: window,
                pc: std::ptr::without_provenance(count),
                closure: callee,
            })
        };
        self.mutator.frame = next;
        Ok(())
    }

    fn leave_native(&mut self) {
        // SAFETY: `enter_native` pushed the frame on top of another.
        self.mutator.frame = unsafe { self.mutator.frame.sub(1) };
    }

    /// Empties a window from its `from`-th register to its last argument, where counts are kept.
    fn clear_window(&mut self, window: *mut Value, from: usize, count: usize) {
        if C::COUNTS {
            for index in from..=count {
                // SAFETY: registers of the window.
                self.put(unsafe { window.add(index) }, Value::NIL);
            }
        }
    }

    fn call_native(
        &mut self,
        window: *mut Value,
        count: usize,
        native: Value,
    ) -> Result<(), Thrown> {
        let number = native.as_object().expect("a native is an object").get(0).as_raw() as usize;
        self.call_builtin(window, count, number)
    }

    /// Calls native `number` with the arguments in the window.
    #[inline(never)]
    pub(crate) fn call_builtin(
        &mut self,
        window: *mut Value,
        count: usize,
        number: usize,
    ) -> Result<(), Thrown> {
        let native = self.mutator.builtins[number];
        let entry = &self.natives[number];
        let (function, least, most) = (entry.function, entry.least as usize, entry.most as usize);
        let mutates = C::SEALS && entry.mutates;
        if count < least || count > most {
            return Err(self.wrong_count((least, most), count, Value::NIL));
        }
        self.enter_native(window, count, native)?;
        let (mark, arguments) = (self.mark(), Arguments::new(window, count));
        let allowed = if mutates { self.must_not_be_sealed(arguments.get(0)) } else { Ok(()) };
        let result = allowed.and_then(|()| function(self, arguments));
        self.drop_handles(mark);
        self.leave_native();
        match result {
            Ok(value) => {
                self.put(window, value);
                self.clear_window(window, 1, count);
                Ok(())
            }
            Err(Thrown) => Err(Thrown),
        }
    }

    /// Makes an instance of the class at `window`, and enters its initializer if it has one.
    fn instantiate(
        &mut self,
        window: *mut Value,
        count: usize,
        class: Value,
    ) -> Result<(), Thrown> {
        self.enter_native(window, count, class)?;
        let instance = self.new_instance(class);
        self.leave_native();
        // SAFETY: the window of the call being made. The class may have moved.
        let class = unsafe { *window }.as_object().expect("a class is an object");
        let initializer = class.get(class::INITIALIZER);
        let instance = instance?;
        self.put(window, instance);
        self.enter_initializer(window, count, initializer)
    }

    /// Enters the initializer of the new instance at `window`, if there is one.
    pub(crate) fn enter_initializer(
        &mut self,
        window: *mut Value,
        count: usize,
        initializer: Value,
    ) -> Result<(), Thrown> {
        if initializer.is_object() {
            self.enter(window, count, initializer)
        } else if count != 0 {
            Err(self.wrong_count((0, 0), count, Value::NIL))
        } else {
            Ok(())
        }
    }

    /// Calls the method that the site names on the receiver at `window`.
    #[inline(never)]
    pub(crate) fn invoke_slowly(
        &mut self,
        window: *mut Value,
        count: usize,
        site: *mut Cache,
    ) -> Result<(), Thrown> {
        // SAFETY: a site of the running function; the window of the call being made.
        let (symbol, receiver) = unsafe { ((*site).symbol, *window) };
        if let Some(object) = receiver.as_object() {
            let shape_word = object.shape_word();
            // SAFETY: as above.
            let (known, number) = unsafe { ((*site).next_word, (*site).offset) };
            if known == shape_word.0 {
                return self.call_builtin(window, count, number as usize);
            }
            if let Some(cache) = self.mutator.shared(Lookup::Method, shape_word.0, symbol) {
                // SAFETY: a loaded function; the closure is a method of the class of objects with this shape word.
                let (arity, closure) =
                    unsafe { ((*cache.code).arity, Object::from_address(cache.closure)) };
                if arity as usize == count {
                    self.fill(site, cache);
                }
                return self.enter(window, count, Value::object(closure));
            }
            if Kind::of_shape(shape_word.shape()) == Kind::Instance {
                if let Some(method) = self.find_method(object, symbol)
                    && self.find_field(object, symbol).is_none()
                {
                    let closure = method.as_object().expect("a method is a closure");
                    let code = code_of(closure);
                    // A site always gives as many arguments: one that knows the method need not compare them.
                    // SAFETY: a loaded function.
                    if unsafe { (*code).arity } as usize == count {
                        let cache = Cache {
                            shape_word: shape_word.0,
                            closure: closure.address(),
                            code,
                            ..Cache::empty(symbol)
                        };
                        self.learn(Lookup::Method, site, cache);
                    }
                    return self.enter(window, count, method);
                }
            } else if let Some(native) =
                self.native_method(Kind::of_shape(shape_word.shape()), symbol)
            {
                // For natives the site's key is another, so that no method is taken for one.
                let cache = Cache {
                    next_word: shape_word.0,
                    offset: native as u32,
                    ..Cache::empty(symbol)
                };
                self.fill(site, cache);
                let native = self.mutator.builtins[native];
                return self.call_native(window, count, native);
            } else if shape_word.shape() == Kind::Module as u32
                && let Some(member) = self.cached_member(receiver, symbol, site)
            {
                let member = self.retained(member);
                self.put(window, member);
                return self.call_slowly(window, count);
            }
        }
        // A field that holds something callable takes the receiver's place.
        let callee = self.get_property(receiver, symbol)?;
        self.put(window, callee);
        self.call_slowly(window, count)
    }

    /// The member of a module, borrowed. The site remembers its number under the module's address, as long as nothing moves; the
    /// quick arms of the loop never see that, since no object has the shape word that such a site keeps.
    fn cached_member(&mut self, module: Value, symbol: Symbol, site: *mut Cache) -> Option<Value> {
        let address = module.as_object()?.address();
        // SAFETY: a site of the running function.
        let number = unsafe {
            if (*site).shape_word == u32::MAX && (*site).closure == address {
                (*site).offset as usize
            } else {
                let number = self.member_number(module, symbol)?;
                *site = Cache { closure: address, offset: number as u32, ..Cache::empty(symbol) };
                self.note_cache(site);
                number
            }
        };
        // SAFETY: the number of a global of a module.
        Some(unsafe { *self.mutator.globals.add(number) }).filter(|value| !value.is_absent())
    }

    /// Calls the method that the site names of `class` (owned) with the receiver at `window` as `this`. The site learns which one it
    /// is under the number of the class, in the place of a shape word.
    pub(crate) fn invoke_super(
        &mut self,
        window: *mut Value,
        count: usize,
        class: Value,
        site: *mut Cache,
    ) -> Result<(), Thrown> {
        // SAFETY: a site of the running function.
        let symbol = unsafe { (*site).symbol };
        let method = self.method_of(class, symbol);
        if let (Some(closure), Some(class)) = (method.and_then(Value::as_object), class.as_object())
        {
            let cache = Cache {
                shape_word: class.get(class::NUMBER).as_raw() as u32,
                closure: closure.address(),
                code: code_of(closure),
                ..Cache::empty(symbol)
            };
            self.fill(site, cache);
        }
        // The class stays alive: `this` is an instance of one that inherits from it.
        self.heap.release(class);
        match method {
            Some(method) => self.enter(window, count, method),
            None => {
                // SAFETY: the window of the call being made.
                let receiver = unsafe { *window };
                Err(self.undefined_property(receiver, symbol))
            }
        }
    }

    /// Calls with the items of the list behind the callee (or receiver) as arguments.
    pub(crate) fn call_spread(
        &mut self,
        window: *mut Value,
        site: Option<*mut Cache>,
    ) -> Result<(), Thrown> {
        // SAFETY: the window of the call being made: callee and list.
        let list = unsafe { *window.add(1) };
        let items = self.list_items(list);
        if window.wrapping_add(items.len() + 1) >= self.mutator.stack_end {
            return Err(self.stack_overflow());
        }
        for (index, &item) in items.iter().enumerate().skip(1) {
            let item = self.retained(item);
            // SAFETY: there is room, as just checked.
            self.put(unsafe { window.add(1 + index) }, item);
        }
        let first = items.first().copied().unwrap_or(Value::NIL);
        let first = self.retained(first);
        // SAFETY: as above. The list goes, last of all.
        self.put(unsafe { window.add(1) }, first);
        let count = items.len();
        let called = match site {
            Some(site) => self.invoke_slowly(window, count, site),
            None => self.call_slowly(window, count),
        };
        if called.is_err() {
            // The arguments may reach beyond the caller's window, which is all that unwinding empties.
            self.clear_window(window, 1, count);
        }
        called
    }

    /// Calls a value from native code and runs it to its end. The arguments are borrowed.
    pub(crate) fn call(&mut self, callee: Value, arguments: &[Value]) -> Result<Value, Thrown> {
        self.call_in_window(callee, arguments, None)
    }

    /// Calls method `symbol` of `receiver` from native code. The arguments are borrowed.
    pub(crate) fn call_method(
        &mut self,
        receiver: Value,
        symbol: Symbol,
        arguments: &[Value],
    ) -> Result<Value, Thrown> {
        self.call_in_window(receiver, arguments, Some(symbol))
    }

    fn call_in_window(
        &mut self,
        callee: Value,
        arguments: &[Value],
        method: Option<Symbol>,
    ) -> Result<Value, Thrown> {
        self.deeper()?;
        let outer = self.mutator.frame;
        let result = self.call_in_window_inner(callee, arguments, method);
        self.depth -= 1;
        self.mutator.frame = outer;
        result
    }

    fn call_in_window_inner(
        &mut self,
        callee: Value,
        arguments: &[Value],
        method: Option<Symbol>,
    ) -> Result<Value, Thrown> {
        let window = self.mutator.window_top();
        let exit = self.mutator.frame.wrapping_add(1);
        if exit.wrapping_add(1) >= self.mutator.frames_end
            || window.wrapping_add(arguments.len() + 64) >= self.mutator.stack_end
        {
            return Err(self.stack_overflow());
        }
        for (index, &value) in std::iter::once(&callee).chain(arguments).enumerate() {
            let value = self.retained(value);
            // SAFETY: there is room, as just checked.
            self.put(unsafe { window.add(index) }, value);
        }
        let exit_code = self.exit_code;
        // SAFETY: there is room for the frame; the exit code is a loaded function.
        unsafe {
            exit.write(Frame {
                code: exit_code,
                base: window,
                pc: (*exit_code).words,
                closure: Value::NIL,
            })
        };
        self.mutator.frame = exit;
        let called = match method {
            None => self.call_slowly(window, arguments.len()),
            Some(symbol) => {
                let mut site = Cache::empty(symbol);
                self.invoke_slowly(window, arguments.len(), &mut site)
            }
        };
        let outcome = match called {
            Ok(()) if self.mutator.frame != exit => self.run(),
            other => other,
        };
        match outcome {
            Ok(()) => {
                // SAFETY: the result is where the window began.
                Ok(unsafe { std::ptr::replace(window, Value::NIL) })
            }
            Err(Thrown) => {
                self.clear_window(window, 0, arguments.len());
                Err(Thrown)
            }
        }
    }

    /// Leaves frames until one has a handler for what was thrown. False if there is none above `floor`, the exit frame of this run.
    #[cold]
    #[inline(never)]
    pub(crate) fn unwind(&mut self, floor: *mut Frame) -> bool {
        loop {
            let frame = self.mutator.frame;
            if frame == floor {
                return false;
            }
            // SAFETY: a frame in progress; its code is null or a loaded function.
            let (base, code, position) = unsafe {
                match (*frame).code.as_ref() {
                    None => {
                        self.leave_native();
                        continue;
                    }
                    Some(code) => ((*frame).base, code, (*frame).position() as u32),
                }
            };
            let handler = (self.leaving.is_none())
                .then(|| {
                    code.function
                        .handlers
                        .iter()
                        .find(|h| h.start <= position && position < h.end)
                        .copied()
                })
                .flatten();
            let first = handler.map_or(0, |handler| handler.live as usize);
            if C::COUNTS {
                for index in first..code.registers as usize {
                    self.put(base.wrapping_add(index), Value::NIL);
                }
            }
            if let Some(handler) = handler {
                let error = std::mem::replace(&mut self.mutator.exception, Value::NIL);
                // SAFETY: the handler's register is within the window and its target within the code, as the checker proved.
                unsafe {
                    self.put(base.add(handler.register as usize), error);
                    (*frame).pc = code.words.add(handler.target as usize);
                }
                return true;
            }
            // SAFETY: the exit frame lies below.
            self.mutator.frame = unsafe { frame.sub(1) };
        }
    }
}
