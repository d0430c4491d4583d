//! The protocol: which message is answered by what.

use crate::analysis::{Definition, DefinitionKind, Names, Target};
use crate::diagnostic::{diagnostic, fixes};
use crate::document::Document;
use crate::{completion, hover, symbols};
use calf_format::{FormatError, format};
use calf_lexer::{Lexer, RESERVED_WORDS, Token};
use calf_source::{SourceFile, Span};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response, ResponseError};
use lsp_types as lsp;
use serde_json::{Value, from_value, json, to_value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Why a request is not answered.
type Refused = ResponseError;

fn refuse(code: ErrorCode, message: impl Into<String>) -> Refused {
    ResponseError { code: code as i32, message: message.into(), data: None }
}

/// Talks until the client says that it is done, or is gone; gives the exit code, which the protocol fixes: 0 after a `shutdown`, else 1.
pub fn serve() -> i32 {
    let (connection, threads) = Connection::stdio();
    let code = match talk(&connection) {
        Ok(()) => 0,
        Err(message) => {
            eprintln!("calf lsp: {message}");
            1
        }
    };
    // The writing thread ends when nobody can send any more.
    drop(connection);
    if code == 0 {
        let _ = threads.join();
    }
    code
}

fn capabilities() -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        text_document_sync: Some(lsp::TextDocumentSyncKind::INCREMENTAL.into()),
        hover_provider: Some(true.into()),
        definition_provider: Some(lsp::OneOf::Left(true)),
        references_provider: Some(lsp::OneOf::Left(true)),
        document_symbol_provider: Some(lsp::OneOf::Left(true)),
        code_action_provider: Some(true.into()),
        document_formatting_provider: Some(lsp::OneOf::Left(true)),
        rename_provider: Some(lsp::OneOf::Right(lsp::RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
        })),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(vec![".".to_string()]),
            ..lsp::CompletionOptions::default()
        }),
        ..lsp::ServerCapabilities::default()
    }
}

fn talk(connection: &Connection) -> Result<(), String> {
    let (id, _) = connection.initialize_start().map_err(|error| error.to_string())?;
    let answer = json!({
        "capabilities": capabilities(),
        "serverInfo": {"name": "calf", "version": env!("CARGO_PKG_VERSION")},
    });
    connection.initialize_finish(id, answer).map_err(|error| error.to_string())?;
    let mut server = Server { documents: HashMap::new() };
    for message in &connection.receiver {
        let answers = match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(|error| error.to_string())? {
                    return Ok(());
                }
                vec![Message::Response(server.answer(request))]
            }
            Message::Notification(notification) if notification.method == "exit" => {
                return Err("the client has left without a shutdown".to_string());
            }
            Message::Notification(notification) => server.note(notification),
            Message::Response(_) => Vec::new(),
        };
        for answer in answers {
            connection.sender.send(answer).map_err(|error| error.to_string())?;
        }
    }
    Err("the client is gone".to_string())
}

struct Server {
    documents: HashMap<lsp::Uri, Document>,
}

/// Notifications: which texts are open.
impl Server {
    /// Takes a notification over; gives what is to be sent. What makes no sense is left aside, as the protocol has no answer for it.
    fn note(&mut self, notification: Notification) -> Vec<Message> {
        let Notification { method, params, .. } = notification;
        let changed = match method.as_str() {
            "textDocument/didOpen" => self.open(params),
            "textDocument/didChange" => self.change(params),
            "textDocument/didClose" => self.close(params),
            _ => None,
        };
        changed.map(|uri| self.diagnostics(uri)).into_iter().collect()
    }
    fn open(&mut self, params: Value) -> Option<lsp::Uri> {
        let params: lsp::DidOpenTextDocumentParams = from_value(params).ok()?;
        let lsp::TextDocumentItem { uri, version, text, .. } = params.text_document;
        self.documents.insert(uri.clone(), Document::new(version, text));
        Some(uri)
    }
    fn change(&mut self, params: Value) -> Option<lsp::Uri> {
        let params: lsp::DidChangeTextDocumentParams = from_value(params).ok()?;
        let lsp::VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        self.documents.get_mut(&uri)?.change(version, params.content_changes);
        Some(uri)
    }
    fn close(&mut self, params: Value) -> Option<lsp::Uri> {
        let params: lsp::DidCloseTextDocumentParams = from_value(params).ok()?;
        self.documents.remove(&params.text_document.uri)?;
        Some(params.text_document.uri)
    }

    /// All that is wrong with a text; nothing of one that is closed.
    fn diagnostics(&self, uri: lsp::Uri) -> Message {
        let document = self.documents.get(&uri);
        let diagnostics = document.map(|document| {
            let found = document.analysis.diagnostics.iter();
            found.map(|found| diagnostic(document, &uri, found)).collect()
        });
        let params = lsp::PublishDiagnosticsParams {
            diagnostics: diagnostics.unwrap_or_default(),
            version: document.map(|document| document.version),
            uri,
        };
        let method = "textDocument/publishDiagnostics".to_string();
        Message::Notification(Notification::new(method, params))
    }
}

/// Requests.
impl Server {
    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params, .. } = request;
        let result = match method.as_str() {
            "textDocument/hover" => self.hover(params),
            "textDocument/definition" => self.definition(params),
            "textDocument/references" => self.references(params),
            "textDocument/completion" => self.completion(params),
            "textDocument/prepareRename" => self.prepare_rename(params),
            "textDocument/rename" => self.rename(params),
            "textDocument/documentSymbol" => self.symbols(params),
            "textDocument/codeAction" => self.fixes(params),
            "textDocument/formatting" => self.formatting(params),
            _ => Err(refuse(ErrorCode::MethodNotFound, format!("there is no '{method}'"))),
        };
        match result {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, error.code, error.message),
        }
    }

    fn document(&self, uri: &lsp::Uri) -> Result<&Document, Refused> {
        let unknown = || refuse(ErrorCode::InvalidParams, format!("{} is not open", uri.as_str()));
        self.documents.get(uri).ok_or_else(unknown)
    }
    /// The text and the place in it that a request is about.
    fn place(&self, at: &lsp::TextDocumentPositionParams) -> Result<(&Document, usize), Refused> {
        let document = self.document(&at.text_document.uri)?;
        Ok((document, document.offset(at.position)))
    }

    fn hover(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::HoverParams = read(params)?;
        let (document, offset) = self.place(&params.text_document_position_params)?;
        write(hover::hover(document, offset))
    }

    fn definition(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::GotoDefinitionParams = read(params)?;
        let at = params.text_document_position_params;
        let (document, offset) = self.place(&at)?;
        let uri = &at.text_document.uri;
        let Some(names) = &document.analysis.names else { return Ok(Value::Null) };
        if let Some(location) = self.imported_file(names, uri, offset) {
            return write(location);
        }
        let Some(found) = names.at(offset) else { return Ok(Value::Null) };
        let here = |definition: &Definition| {
            lsp::Location::new(uri.clone(), document.range(definition.span))
        };
        let locations: Vec<lsp::Location> = match &found.target {
            Target::Definition(index) => {
                names.definitions.get(*index).map(here).into_iter().collect()
            }
            Target::Global(_) => Vec::new(),
            Target::Member { object, name } => {
                let module = object.as_deref().and_then(|object| module_path(names, object));
                match module {
                    Some(path) => self.imported_global(uri, path, name).into_iter().collect(),
                    None => names.members(name).map(here).collect(),
                }
            }
        };
        write(locations)
    }

    /// The file that the path under the cursor names.
    fn imported_file(&self, names: &Names, uri: &lsp::Uri, offset: usize) -> Option<lsp::Location> {
        let offset = offset as u32;
        let import = names.definitions.iter().find(|found| {
            found.kind == DefinitionKind::Module
                && found.whole.start <= offset
                && offset < found.span.start
        })?;
        let (target, _) = self.imported(uri, import.path.as_deref()?)?;
        Some(lsp::Location::new(target, lsp::Range::default()))
    }
    /// Where the file at this path defines the global.
    fn imported_global(&self, uri: &lsp::Uri, path: &str, name: &str) -> Option<lsp::Location> {
        let (target, document) = self.imported(uri, path)?;
        let names = document.analysis.names.as_ref()?;
        let definition = names.global(name)?;
        Some(lsp::Location::new(target, document.range(definition.span)))
    }
    /// A file that another one imports, as it is on disk or, if it is open, in the editor.
    fn imported(&self, uri: &lsp::Uri, path: &str) -> Option<(lsp::Uri, Document)> {
        let file = file_of(uri)?.parent()?.join(path);
        let target = uri_of(&file)?;
        let text = match self.documents.get(&target) {
            Some(document) => document.text.clone(),
            None => std::fs::read_to_string(&file).ok()?,
        };
        Some((target, Document::new(0, text)))
    }

    fn references(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::ReferenceParams = read(params)?;
        let (document, offset) = self.place(&params.text_document_position)?;
        let uri = &params.text_document_position.text_document.uri;
        let Some(names) = &document.analysis.names else { return Ok(Value::Null) };
        let Some(found) = names.at(offset) else { return Ok(Value::Null) };
        let is_definition =
            |span: Span| names.definitions.iter().any(|definition| definition.span == span);
        let same = names.same(&found.target).into_iter().map(|found| found.span);
        let wanted =
            same.filter(|&span| params.context.include_declaration || !is_definition(span));
        let locations = wanted.map(|span| lsp::Location::new(uri.clone(), document.range(span)));
        write(locations.collect::<Vec<_>>())
    }

    fn completion(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::CompletionParams = read(params)?;
        let (document, offset) = self.place(&params.text_document_position)?;
        let uri = &params.text_document_position.text_document.uri;
        let imported = |path: &str| {
            let names = self.imported(uri, path).and_then(|(_, document)| document.analysis.names);
            let globals = names.into_iter().flat_map(|names| names.definitions);
            let globals = globals.filter(Definition::is_global);
            globals.map(|definition| (definition.name, definition.kind)).collect()
        };
        write(completion::completion(document, offset, &imported))
    }

    fn prepare_rename(&self, params: Value) -> Result<Value, Refused> {
        let at: lsp::TextDocumentPositionParams = read(params)?;
        let (document, offset) = self.place(&at)?;
        let (_, span) = renamable(document, offset)?;
        write(lsp::PrepareRenameResponse::Range(document.range(span)))
    }

    fn rename(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::RenameParams = read(params)?;
        let at = params.text_document_position;
        let (document, offset) = self.place(&at)?;
        let (names, span) = renamable(document, offset)?;
        let name = params.new_name;
        if !is_name(&name) {
            let why = if RESERVED_WORDS.contains(&name.as_str()) { "reserved" } else { "no name" };
            return Err(refuse(ErrorCode::InvalidParams, format!("'{name}' is {why}.")));
        }
        // A second variable of the same name could catch uses of the first.
        let text = |span: Span| &document.text[span.range()];
        if names.occurrences.iter().any(|found| text(found.span) == name) && text(span) != name {
            let message = format!("There is a '{name}' in this file already.");
            return Err(refuse(ErrorCode::InvalidParams, message));
        }
        let target = names.at(offset).map(|found| found.target.clone());
        let same = target.map(|target| names.same(&target)).unwrap_or_default();
        let edits = same
            .into_iter()
            .map(|found| lsp::TextEdit::new(document.range(found.span), name.clone()));
        let edits: Vec<_> = edits.collect();
        write(json!({"changes": {at.text_document.uri.as_str(): edits}}))
    }

    fn symbols(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::DocumentSymbolParams = read(params)?;
        write(symbols::symbols(self.document(&params.text_document.uri)?))
    }

    fn fixes(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::CodeActionParams = read(params)?;
        let uri = &params.text_document.uri;
        let document = self.document(uri)?;
        let (start, end) = (document.offset(params.range.start), document.offset(params.range.end));
        write(fixes(document, uri, Span::new(start as u32, end.max(start) as u32)))
    }

    fn formatting(&self, params: Value) -> Result<Value, Refused> {
        let params: lsp::DocumentFormattingParams = read(params)?;
        let document = self.document(&params.text_document.uri)?;
        let file = SourceFile::new("", document.text.as_str());
        let text = match format(&file) {
            Ok(text) => text,
            // The diagnostics say why.
            Err(FormatError::Syntax(_)) => return Ok(Value::Null),
            Err(FormatError::Unfaithful) => {
                let message = "The formatted text would be another program.";
                return Err(refuse(ErrorCode::InternalError, message));
            }
        };
        let whole = Span::new(0, document.text.len() as u32);
        let is_same = text == document.text;
        let edit = (!is_same).then(|| lsp::TextEdit::new(document.range(whole), text));
        write(edit.into_iter().collect::<Vec<_>>())
    }
}

fn read<P: for<'d> serde::Deserialize<'d>>(params: Value) -> Result<P, Refused> {
    from_value(params).map_err(|error| refuse(ErrorCode::InvalidParams, error.to_string()))
}

fn write(result: impl serde::Serialize) -> Result<Value, Refused> {
    to_value(result).map_err(|error| refuse(ErrorCode::InternalError, error.to_string()))
}

/// The variable at an offset, if all that mean it are known: fields and methods belong to objects, of which nothing is known.
fn renamable(document: &Document, offset: usize) -> Result<(&Names, Span), Refused> {
    let refused = |message: &str| Err(refuse(ErrorCode::InvalidParams, message));
    let Some(names) = &document.analysis.names else {
        return refused("The file has syntax errors.");
    };
    let Some(found) = names.at(offset) else { return refused("There is no name here.") };
    match &found.target {
        Target::Definition(index) if !names.definitions[*index].is_member() => {
            Ok((names, found.span))
        }
        Target::Global(_) => refused("This is not declared in this file."),
        Target::Definition(_) | Target::Member { .. } => {
            refused("Only variables, functions, classes and parameters can be renamed.")
        }
    }
}

fn is_name(text: &str) -> bool {
    let mut tokens = Lexer::new(text);
    let first = tokens.next();
    let whole = Span::new(0, text.len() as u32);
    first == Some(Ok((Token::Identifier, whole))) && tokens.next().is_none()
}

/// The path of the module that this variable holds.
fn module_path<'n>(names: &'n Names, variable: &str) -> Option<&'n str> {
    let is_it =
        |found: &&Definition| found.kind == DefinitionKind::Module && found.name == variable;
    names.definitions.iter().find(is_it)?.path.as_deref()
}

/// The path of a `file:` address.
fn file_of(uri: &lsp::Uri) -> Option<PathBuf> {
    let path = uri.as_str().strip_prefix("file://")?;
    let path = &path[path.find('/')?..];
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The `file:` address of a path.
fn uri_of(path: &Path) -> Option<lsp::Uri> {
    let mut text = String::from("file://");
    let plain = simplified(path);
    for byte in plain.to_str()?.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    lsp::Uri::from_str(&text).ok()
}

/// The path without `.` and `..`, by its text alone.
fn simplified(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => (),
            std::path::Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}
