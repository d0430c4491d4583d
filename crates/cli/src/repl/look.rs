//! `:type`, `:vars`, `:dis`, `:set`: what there is and how it is shown.

use super::session::{Next, SETTINGS, Session};
use super::{completion, table};
use calf_vm::session::{Argument, Data, Question};

/// Columns that are left for a value in a list.
const LEAST: usize = 16;

/// The type of a value, and its weight.
pub(crate) fn type_of(session: &mut Session, text: &str) -> Next {
    let questions = [
        Question { module: "", name: "type", arguments: &[Argument::Value] },
        Question { module: "heap", name: "footprint", arguments: &[Argument::Value] },
    ];
    let answers = session.running(|machine| machine.ask(&questions, Some(text)));
    let Some([Some(Data::Text(name)), bytes]) = answers.as_deref() else { return Next::Read };
    match bytes.as_ref().and_then(Data::number) {
        Some(bytes) if bytes > 0.0 => {
            session.print(&format!("{name}, {} bytes\n", table::number(bytes)))
        }
        _ => session.print(&format!("{name}\n")),
    }
}

/// The session's globals.
pub(crate) fn variables(session: &mut Session, _: &str) -> Next {
    let globals = session.running(|machine| machine.globals());
    if globals.is_empty() {
        return session.print("nothing is defined yet\n");
    }
    let widest = |of: fn(&calf_vm::session::Global) -> &String| {
        globals.iter().map(|global| of(global).chars().count()).max().unwrap_or(0)
    };
    let (name, kind) = (widest(|global| &global.name), widest(|global| &global.kind));
    let room = session.limits.width.saturating_sub(name + kind + 4).max(LEAST);
    let mut text = String::new();
    for global in &globals {
        let value: String = match global.text.char_indices().nth(room) {
            None => global.text.clone(),
            Some(_) => global.text.chars().take(room - 1).chain(['…']).collect(),
        };
        let value = session.painted(&value);
        text.push_str(&format!("{:name$}  {:kind$}  {value}\n", global.name, global.kind));
    }
    session.print(&text)
}

/// Bytecode of the function that a path names, or else of an entry.
pub(crate) fn disassemble(session: &mut Session, text: &str) -> Next {
    let listing = session.running(|machine| {
        let function = completion::path(text)
            .and_then(|(root, path)| machine.disassemble_function(&root, &path));
        match function {
            Some(listing) => Ok(listing),
            None => machine.prepare("dis", text).map(|entry| machine.disassemble(entry)),
        }
    });
    match listing {
        Ok(listing) => session.print(&format!("{}\n", listing.trim_end())),
        Err(evaluation) => session.show(&evaluation),
    }
}

/// `:set`, `:set NAME NUMBER`
pub(crate) fn set(session: &mut Session, text: &str) -> Next {
    let mut words = text.split_whitespace();
    let Some(name) = words.next() else {
        let mut lines = String::new();
        for setting in SETTINGS {
            let value = *(setting.of)(&mut session.limits);
            lines.push_str(&format!("{:6} {value:6}  {}\n", setting.name, setting.summary));
        }
        return session.print(&lines);
    };
    let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
        let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        eprintln!("There is no setting '{name}'; there are {}.", names.join(", "));
        return Next::Read;
    };
    let value = words.next().and_then(|number| number.parse().ok());
    match value.filter(|value| (setting.least..=setting.most).contains(value)) {
        Some(value) => {
            *(setting.of)(&mut session.limits) = value;
            session.has_width |= name == "width";
        }
        None if setting.most == usize::MAX => {
            eprintln!("'{name}' takes a number from {} on.", setting.least);
        }
        None => eprintln!("'{name}' takes a number from {} to {}.", setting.least, setting.most),
    }
    Next::Read
}
