//! The checker accepts a right function, and refuses it once any one thing in it is made wrong.

use calf_bytecode::check::check;
use calf_bytecode::{Capture, Constant, Function, Handler, Kind, Op};
use calf_source::Span;
use std::rc::Rc;

/// Instructions with the number of live registers; a second word follows its instruction.
fn function(code: &[(u32, u16)]) -> Function {
    Function {
        name: "f".into(),
        kind: Kind::Function,
        arity: 1,
        registers: 5,
        code: code.iter().map(|&(word, _)| word).collect(),
        live: code.iter().map(|&(_, live)| live).collect(),
        spans: vec![Span::default(); code.len()],
        constants: vec![Constant::Number(1.0), Constant::String("name".into())],
        captures: vec![],
        functions: vec![],
        caches: vec![1],
        handlers: vec![],
        span: Span::default(),
    }
}

/// `R[2] = R[1].name; while (R[2] < 1) R[2] = f(R[1]); return R[2]`, with a handler around it.
fn right() -> Function {
    let mut function = function(&[
        (Op::GetField.abc(2, 1, 0), 2),
        (0, 2),
        (Op::Jump.jump(3).unwrap(), 3),
        // The round: word 3.
        (Op::Copy.abc(3, 1, 0), 3),
        (Op::CallGlobal.abc(2, 1, 0), 2),
        (7, 2),
        // The test: word 6.
        (Op::JumpIfLessConstant.abc(2, 0, 0), 3),
        (-5i32 as u32, 3),
        (Op::Return.abc(2, 0, 0), 3),
        // The handler: word 9.
        (Op::Print.abc(2, 0, 0), 3),
        (Op::ReturnNil.abc(0, 0, 0), 2),
    ]);
    function.handlers = vec![Handler { start: 0, end: 9, target: 9, register: 2, live: 2 }];
    function
}

#[track_caller]
fn refused(function: &Function, complaint: &str) {
    let error = check(function).expect_err(complaint);
    assert!(error.contains(complaint), "{error}, not {complaint}");
}

/// The right function after one change.
fn changed(change: impl FnOnce(&mut Function)) -> Function {
    let mut function = right();
    change(&mut function);
    function
}

#[test]
fn a_right_function() {
    check(&right()).unwrap();
}

#[test]
fn words() {
    refused(&changed(|f| f.code[3] = 0xFF), "no such operation");
    refused(&changed(|f| f.code[10] = Op::GetField as u32), "extension is missing");
    refused(&changed(|f| f.code[10] = Op::Print.abc(1, 0, 0)), "no return");
    refused(&changed(|f| f.code[3] = Op::Exit as u32), "machine's own");
    refused(&changed(|f| f.spans.truncate(1)), "tables");
    refused(&changed(|f| f.live.truncate(1)), "tables");
}

#[test]
fn operands() {
    refused(&changed(|f| f.code[3] = Op::Copy.abc(5, 1, 0)), "out of range");
    refused(&changed(|f| f.code[3] = Op::Copy.abc(3, 9, 0)), "out of range");
    refused(&changed(|f| f.code[6] = Op::JumpIfLessConstant.abc(2, 2, 0)), "out of range");
    refused(&changed(|f| f.code[6] = Op::JumpIfLessConstant.abc(2, 1, 0)), "does not fit");
    refused(&changed(|f| f.code[1] = 1), "does not fit");
    refused(&changed(|f| f.caches[0] = 0), "no string");
    refused(&changed(|f| f.code[4] = Op::CallGlobal.abc(2, 3, 0)), "beyond the window");
    refused(&changed(|f| f.code[3] = Op::Closure.abx(3, 0)), "does not fit");
    refused(&changed(|f| f.code[3] = Op::GetCaptured.abx(3, 0)), "does not fit");
    refused(&changed(|f| f.code[3] = Op::GetCapturedWide.abx(3, 0)), "does not fit");
    refused(&changed(|f| f.code[3] = Op::GetSpill.abx(3, 0)), "does not fit");
    refused(&changed(|f| f.code[3] = Op::Import.abx(3, 0)), "does not fit");
}

#[test]
fn jumps() {
    refused(&changed(|f| f.code[7] = -7i32 as u32), "no instruction");
    refused(&changed(|f| f.code[7] = 9000), "no instruction");
    refused(&changed(|f| f.code[7] = -9000i32 as u32), "no instruction");
    refused(&changed(|f| f.code[2] = Op::Loop.jump(3).unwrap()), "Loop: to");
    refused(&changed(|f| f.code[6] = Op::JumpUnlessLessConstant.abc(2, 0, 0)), "to 3");
}

#[test]
fn registers_on_every_path() {
    // Never written, written on one path only, lost by a call.
    refused(&changed(|f| f.code[3] = Op::Copy.abc(3, 4, 0)), "R[4] holds nothing");
    refused(&changed(|f| f.code[6] = Op::JumpIfLess.abc(2, 3, 0)), "R[3] holds nothing");
    refused(&changed(|f| f.code[9] = Op::Print.abc(3, 0, 0)), "R[3] holds nothing");
    refused(&changed(|f| f.live[3] = 4), "R[3] holds nothing");
    refused(&changed(|f| f.live[8] = 6), "6 live");
    refused(&changed(|f| f.live[1] = 3), "2 live");
}

#[test]
fn handlers() {
    let handler = |change: fn(&mut Handler)| changed(|f| change(&mut f.handlers[0]));
    refused(&handler(|h| h.target = 1), "not between");
    refused(&handler(|h| h.start = 9), "not between");
    refused(&handler(|h| h.end = 5), "not between");
    refused(&handler(|h| h.end = 90), "not between");
    refused(&handler(|h| h.register = 3), "registers");
    refused(&handler(|h| (h.register, h.live) = (3, 3)), "not live");
}

#[test]
fn closures() {
    let with_capture = |capture| {
        changed(|f| {
            let mut inner =
                function(&[(Op::GetCaptured.abx(2, 0), 2), (Op::Return.abc(2, 0, 0), 3)]);
            inner.captures = vec![capture];
            f.functions = vec![Rc::new(inner)];
            f.code[3] = Op::Closure.abx(3, 0);
        })
    };
    check(&with_capture(Capture::Register(1))).unwrap();
    refused(&with_capture(Capture::Register(5)), "R[5] holds nothing");
    refused(&with_capture(Capture::Capture(0)), "not in the function around");
    refused(&with_capture(Capture::Register(4)), "R[4] holds nothing");
    refused(&with_capture(Capture::Spill(0)), "does not fit");
    let mut outermost = right();
    outermost.captures = vec![Capture::Register(0)];
    refused(&outermost, "nothing to capture from");
}

#[test]
fn an_initializer_returns_this() {
    refused(&changed(|f| f.kind = Kind::Initializer), "returns nil");
}
