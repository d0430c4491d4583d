//! `calf man` and `calf completions`: made from the description of the command line.

use clap::Command as Parser;
use clap_complete::Shell;

/// A page of the manual: of `calf`, or of one of its commands.
pub(crate) fn page(parser: Parser) -> i32 {
    let mut page = Vec::new();
    match clap_mangen::Man::new(parser).render(&mut page) {
        Ok(()) => crate::print(&String::from_utf8_lossy(&page)),
        Err(error) => {
            eprintln!("calf: cannot write the page: {error}");
            calf_vm::exit_code::IO
        }
    }
}

/// What a shell needs to complete the command line.
pub(crate) fn completions(mut parser: Parser, shell: Shell) -> i32 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut parser, "calf", &mut script);
    crate::print(&String::from_utf8_lossy(&script))
}
