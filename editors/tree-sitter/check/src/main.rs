//! `check generate GRAMMAR.json PARSER.c`, `check parse LIBRARY FILE…`, `check query LIBRARY FILE`: what the command `tree-sitter` does,
//! where its binary cannot be had.

use std::error::Error;
use std::process::ExitCode;
use tree_sitter::{Language, Node, Parser, Query};
use tree_sitter_generate::{OptLevel, generate_parser_for_grammar};
use tree_sitter_language::LanguageFn;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["generate", grammar, parser] => generate(grammar, parser),
        ["parse", library, files @ ..] => parse(library, files),
        ["query", library, file] => query(library, file),
        _ => Err("check generate GRAMMAR.json PARSER.c | parse LIBRARY FILE… | query LIBRARY FILE".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(grammar: &str, parser: &str) -> Result<(), Box<dyn Error>> {
    let grammar = std::fs::read_to_string(grammar)?;
    let (_, code) =
        generate_parser_for_grammar(&grammar, None, OptLevel::default(), &mut Vec::new())?;
    Ok(std::fs::write(parser, code)?)
}

/// The language in a library, which stays loaded.
fn language(path: &str) -> Result<Language, Box<dyn Error>> {
    // SAFETY: the library is the one made from parser.c and scanner.c, which run nothing when they are loaded.
    let library = Box::leak(Box::new(unsafe { libloading::Library::new(path) }?));
    // SAFETY: parser.c defines the function with this type.
    let function = unsafe { library.get::<unsafe extern "C" fn() -> *const ()>(b"tree_sitter_calf") }?;
    // SAFETY: it gives a language of the version that this library of tree-sitter has generated.
    Ok(Language::new(unsafe { LanguageFn::from_raw(*function) }))
}

fn parse(library: &str, files: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut parser = Parser::new();
    parser.set_language(&language(library)?)?;
    let mut wrong = 0;
    for path in files {
        let tree = parser.parse(std::fs::read_to_string(path)?, None).ok_or("no tree")?;
        if tree.root_node().has_error() {
            wrong += 1;
            println!("{path}: {:?}", first_error(tree.root_node()));
        }
    }
    println!("{} files without errors, {wrong} with", files.len() - wrong);
    if wrong == 0 { Ok(()) } else { Err("some files have errors".into()) }
}

/// Where the first error is.
fn first_error(node: Node) -> Option<tree_sitter::Point> {
    if node.is_error() || node.is_missing() {
        return Some(node.start_position());
    }
    let mut cursor = node.walk();
    let mut children = node.children(&mut cursor);
    children.find(|child| child.has_error() || child.is_missing()).and_then(first_error)
}

fn query(library: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let query = Query::new(&language(library)?, &std::fs::read_to_string(file)?)?;
    println!("{} patterns", query.pattern_count());
    Ok(())
}
