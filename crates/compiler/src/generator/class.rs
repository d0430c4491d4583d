//! Classes.

use super::variable::Location;
use super::{Generator, Header};
use crate::resolver::{is_boxed, key};
use calf_bytecode::{Kind, Op};
use calf_parser::ast::Class;

impl<'a> Generator<'_, 'a> {
    /// Declares a class. The class object exists before its methods, which may capture it.
    pub(super) fn class(&mut self, class: &'a Class<'a>) {
        let binding = class.binding;
        let register = self.frame.top();
        let name = self.short_string_constant(binding.name, binding.span);
        let fields = self.resolution.fields(class);
        self.emit_extended(Op::Class, Op::Class.abx(register, name), fields, binding.span);
        self.frame.grow();
        if !self.is_global_scope() {
            self.adopt_local(binding);
            let location = self.locate_key(key(binding), is_boxed(binding));
            return self.in_scope(class.end_span, |generator| generator.complete(class, location));
        }
        // A global gets its value at the end, so until then the class is a hidden variable.
        self.in_scope(class.end_span, |generator| {
            generator.adopt_keyed(key(binding), binding.span);
            let location = generator.locate_key(key(binding), false);
            generator.complete(class, location);
            let register = generator.load_anywhere(location, binding.span);
            let global = generator.global(binding.name, binding.span);
            generator.emit_bx(Op::DefineGlobal, register, global, binding.span);
            generator.frame.free = generator.frame.first_temporary();
            // Taken, so there is nothing to release.
            generator.frame.objects.remove(register as usize);
        });
    }

    /// Gives a class its superclass and methods.
    fn complete(&mut self, class: &'a Class<'a>, location: Location) {
        if let Some(superclass) = class.superclass {
            // A hidden variable, which methods that say `super` capture.
            let register = self.frame.top();
            let superclass_location = self.locate(superclass);
            self.load(register, superclass_location, superclass.span);
            self.frame.grow();
            self.adopt_keyed(key(class), superclass.span);
            let superclass_location = self.locate_key(key(class), false);
            let mark = self.frame.free;
            let subclass = self.load_anywhere(location, class.binding.span);
            let register = self.load_anywhere(superclass_location, superclass.span);
            self.emit(Op::Inherit, subclass, register, 0, superclass.span);
            self.frame.free = mark;
        }
        for method in class.methods {
            let name = method.name.unwrap_or_default();
            let kind = if name == "init" { Kind::Initializer } else { Kind::Method };
            let number = self.function(method, Header { kind, class: Some(class), itself: None });
            let mark = self.frame.free;
            let holder = self.load_anywhere(location, method.name_span);
            let closure = self.frame.top();
            self.emit_bx(Op::Closure, closure, number, method.span);
            self.frame.grow();
            let name = self.string_constant(name);
            self.emit_extended(
                Op::Method,
                Op::Method.abc(holder, closure, 0),
                name,
                method.name_span,
            );
            self.frame.free = mark;
        }
        self.release_temporaries(class.end_span);
    }
}
