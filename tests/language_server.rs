//! `calf lsp`, over real pipes: a conversation for each thing that an editor asks.

mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use support::temporary_file;

const URI: &str = "file:///herd.calf";

/// A conversation.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    requests: u64,
}

impl Editor {
    fn new() -> Editor {
        let mut command = Command::new(env!("CARGO_BIN_EXE_calf"));
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("the server can be started");
        let input = server.stdin.take().expect("standard input is piped");
        let output = BufReader::new(server.stdout.take().expect("standard output is piped"));
        let mut editor = Editor { server, input, output, requests: 0 };
        let answer = editor.ask("initialize", json!({"capabilities": {}}));
        assert_eq!(answer["result"]["serverInfo"]["name"], "calf");
        editor.tell("initialized", json!({}));
        editor
    }
    /// With a text open.
    fn with(text: &str) -> Editor {
        let mut editor = Editor::new();
        editor.open(URI, text);
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .expect("the server reads");
        self.input.flush().expect("the server reads");
    }
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("the server writes");
            assert!(!line.is_empty(), "the server is gone");
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().expect("a length"),
                Some(_) => (),
                None => break,
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).expect("the server writes");
        serde_json::from_slice(&bytes).expect("the server writes JSON")
    }
    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }
    /// Asks, and gives the whole answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.receive();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
    /// Asks about a place, and gives the result.
    fn ask_at(&mut self, method: &str, line: u32, character: u32, more: Value) -> Value {
        let mut params = json!({
            "textDocument": {"uri": URI}, "position": {"line": line, "character": character},
        });
        params
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        let mut answer = self.ask(&format!("textDocument/{method}"), params);
        assert_eq!(answer["error"], Value::Null, "{method}");
        answer["result"].take()
    }
    /// Opens a text; gives its diagnostics.
    fn open(&mut self, uri: &str, text: &str) -> Value {
        let document = json!({"uri": uri, "languageId": "calf", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.diagnostics()
    }
    fn change(&mut self, changes: Value) -> Value {
        let document = json!({"uri": URI, "version": 2});
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": changes}),
        );
        self.diagnostics()
    }
    fn diagnostics(&mut self) -> Value {
        let mut message = self.receive();
        assert_eq!(message["method"], "textDocument/publishDiagnostics", "{message}");
        message["params"]["diagnostics"].take()
    }
    fn hover(&mut self, line: u32, character: u32) -> String {
        let result = self.ask_at("hover", line, character, json!({}));
        result["contents"]["value"].as_str().unwrap_or_default().to_string()
    }
    fn completions(&mut self, line: u32, character: u32) -> Vec<String> {
        let items = self.ask_at("completion", line, character, json!({}));
        let items = items.as_array().expect("items").iter();
        items.map(|item| item["label"].as_str().expect("a label").to_string()).collect()
    }
    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        let status = self.server.wait().expect("the server ends");
        assert_eq!(status.code(), Some(0));
    }
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

fn ranges(locations: &Value) -> Vec<Value> {
    let locations = locations.as_array().expect("locations").iter();
    locations.map(|location| location["range"].clone()).collect()
}

const HERD: &str = "\
// Adds milk.
fun milk(cow, litres) {
  var total = litres + 1;
  return total;
}
class Cow {
  init(name) { this.name = name; }
  speak() { return this.name.upper(); }
}
var bess = Cow(\"Bess\");
print milk(bess, math.floor(2.5));
print bess.speak();
for (i in range(3)) { print i; }
";

#[test]
fn errors_are_shown_as_they_come_and_go() {
    let mut editor = Editor::new();
    let found = editor.open(URI, "print \"🐄\" + ;\nvar 1;\n");
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    // The cow has two units of UTF-16.
    assert_eq!(found[0]["range"], range(0, 13, 14));
    let message = "Expect expression.\nA value belongs here, such as 1, \"text\" or a name.";
    assert_eq!(found[0]["message"], message);
    assert_eq!(found[0]["severity"], 1);
    let found = editor.change(json!([
        {"range": range(0, 13, 13), "text": "2"}, {"range": range(1, 4, 5), "text": "x"},
    ]));
    assert_eq!(found, json!([]));
    let found = editor.change(json!([{"text": "{ var a; var a; }\nreturn;"}]));
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    assert_eq!(found[0]["range"], range(0, 13, 14));
    let related = &found[0]["relatedInformation"][0];
    assert_eq!(
        (&related["location"]["range"], &related["message"]),
        (&range(0, 6, 7), &json!("first declared here"))
    );
    editor.tell("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    assert_eq!(editor.diagnostics(), json!([]));
    editor.end();
}

#[test]
fn fixes_are_offered_where_something_is_wrong() {
    let mut editor = Editor::with("var a = 1\nif (a = 2) print a;\n");
    let place = range(1, 0, 2);
    let context = json!({"diagnostics": []});
    let params = json!({"textDocument": {"uri": URI}, "range": place, "context": context});
    let answer = editor.ask("textDocument/codeAction", params);
    let actions = &answer["result"];
    assert_eq!(actions[0]["title"], "end the statement with ';'");
    let edits = &actions[0]["edit"]["changes"][URI];
    assert_eq!(*edits, json!([{"range": range(0, 9, 9), "newText": ";"}]));
    editor.end();
    let mut editor = Editor::new();
    let warned = editor.open(URI, "var a = 1;\nif (a = 2) print a;\n");
    assert_eq!((&warned[0]["severity"], &warned[0]["range"]), (&json!(2), &range(1, 6, 7)));
    editor.end();
}

#[test]
fn hover_explains_words_natives_and_functions() {
    let mut editor = Editor::with(HERD);
    let milk = editor.hover(10, 8);
    assert!(milk.contains("fun milk(cow, litres)") && milk.contains("Adds milk."), "{milk}");
    assert!(editor.hover(10, 24).contains("math.floor(x)"));
    assert!(editor.hover(10, 18).contains("module `math`"));
    assert!(editor.hover(7, 32).contains("string.upper()"));
    assert!(editor.hover(12, 13).contains("range(start, stop, step = 1)"));
    assert!(editor.hover(12, 1).contains("`for`"));
    assert!(editor.hover(11, 12).contains("of class `Cow`"));
    assert!(editor.hover(3, 11).contains("var total"));
    assert_eq!(editor.hover(4, 0), "");
    editor.end();
}

#[test]
fn definitions_and_references_are_found() {
    let mut editor = Editor::with(HERD);
    let definition = editor.ask_at("definition", 10, 8, json!({}));
    assert_eq!(ranges(&definition), [range(1, 4, 8)]);
    let definition = editor.ask_at("definition", 11, 14, json!({}));
    assert_eq!(ranges(&definition), [range(7, 2, 7)]);
    let all = json!({"context": {"includeDeclaration": true}});
    let references = editor.ask_at("references", 2, 8, all.clone());
    assert_eq!(ranges(&references), [range(2, 6, 11), range(3, 9, 14)]);
    let uses = json!({"context": {"includeDeclaration": false}});
    let references = editor.ask_at("references", 9, 5, uses);
    assert_eq!(ranges(&references), [range(10, 11, 15), range(11, 6, 10)]);
    let references = editor.ask_at("references", 6, 22, all);
    assert_eq!(ranges(&references), [range(6, 20, 24), range(7, 24, 28)]);
    editor.end();
}

#[test]
fn a_local_is_not_the_global_of_its_name() {
    let mut editor = Editor::with("var a = 1;\n{\n  var a = 2;\n  print a;\n}\nprint a;\n");
    let all = json!({"context": {"includeDeclaration": true}});
    let references = editor.ask_at("references", 3, 8, all.clone());
    assert_eq!(ranges(&references), [range(2, 6, 7), range(3, 8, 9)]);
    let references = editor.ask_at("references", 0, 4, all);
    assert_eq!(ranges(&references), [range(0, 4, 5), range(5, 6, 7)]);
    editor.end();
}

#[test]
fn completion_knows_what_is_in_scope() {
    let mut editor = Editor::with(HERD);
    let found = editor.completions(3, 2);
    for name in ["return", "total", "litres", "milk", "Cow", "math", "len", "TypeError"] {
        assert!(found.contains(&name.to_string()), "{name} in {found:?}");
    }
    let outside = editor.completions(9, 0);
    assert!(!outside.contains(&"total".to_string()));
    let members = editor.completions(10, 22);
    assert!(members.contains(&"floor".to_string()) && members.contains(&"pi".to_string()));
    assert!(!members.contains(&"print".to_string()));
    let methods = editor.completions(11, 11);
    assert!(methods.contains(&"speak".to_string()) && methods.contains(&"push".to_string()));
    assert_eq!(editor.completions(0, 6), [""; 0], "within a comment");
    assert_eq!(editor.completions(9, 18), [""; 0], "within a string");
    // While a line is typed the text is no program.
    editor.change(json!([{"range": range(3, 2, 15), "text": "print json."}]));
    let found = editor.completions(3, 13);
    assert_eq!(found, ["decode", "encode"]);
    editor.end();
}

#[test]
fn renaming_changes_every_use_and_nothing_else() {
    let mut editor = Editor::with(HERD);
    let result = editor.ask_at("prepareRename", 3, 10, json!({}));
    assert_eq!(result, range(3, 9, 14));
    let result = editor.ask_at("rename", 3, 10, json!({"newName": "sum"}));
    let expected =
        [range(2, 6, 11), range(3, 9, 14)].map(|range| json!({"range": range, "newText": "sum"}));
    assert_eq!(result, json!({"changes": {URI: expected}}));
    for (line, character, name) in
        [(3, 10, "while"), (3, 10, "a b"), (3, 10, "cow"), (11, 14, "moo"), (10, 18, "maths")]
    {
        let params = json!({
            "textDocument": {"uri": URI}, "newName": name,
            "position": {"line": line, "character": character},
        });
        let answer = editor.ask("textDocument/rename", params);
        assert!(answer["error"]["message"].is_string(), "{name}: {answer}");
    }
    editor.end();
}

#[test]
fn the_outline_has_functions_classes_and_globals() {
    let mut editor = Editor::with(HERD);
    let answer = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": URI}}));
    let symbols = answer["result"].as_array().expect("symbols");
    let names: Vec<_> =
        symbols.iter().map(|symbol| symbol["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["milk", "Cow", "bess"]);
    let members = symbols[1]["children"].as_array().expect("members");
    let names: Vec<_> =
        members.iter().map(|symbol| symbol["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["init", "name", "speak"]);
    assert_eq!(symbols[1]["selectionRange"], range(5, 6, 9));
    editor.end();
}

#[test]
fn formatting_replaces_the_text() {
    let mut editor = Editor::with("print  1 ;print 2;");
    let params =
        json!({"textDocument": {"uri": URI}, "options": {"tabSize": 2, "insertSpaces": true}});
    let answer = editor.ask("textDocument/formatting", params.clone());
    assert_eq!(
        answer["result"],
        json!([{"range": range(0, 0, 18), "newText": "print 1;\nprint 2;\n"}])
    );
    editor.change(json!([{"text": "print 1;\n"}]));
    assert_eq!(editor.ask("textDocument/formatting", params.clone())["result"], json!([]));
    editor.change(json!([{"text": "print ;\n"}]));
    assert_eq!(editor.ask("textDocument/formatting", params)["result"], Value::Null);
    editor.end();
}

#[test]
fn imported_files_are_looked_into() {
    let part = temporary_file("lsp/a part.calf", "fun moo() {}\nvar milk = 1;\n");
    let folder = part.parent().expect("a file has a folder").display().to_string();
    let uri = format!("file://{folder}/main.calf");
    let mut editor = Editor::new();
    editor.open(&uri, "import \"./a part.calf\" as part;\nprint part.milk;\n");
    let place = |line: u32, character: u32| json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
    let answer = editor.ask("textDocument/definition", place(1, 13));
    let expected =
        json!([{"uri": format!("file://{folder}/a%20part.calf"), "range": range(1, 4, 8)}]);
    assert_eq!(answer["result"], expected);
    let answer = editor.ask("textDocument/definition", place(0, 10));
    assert_eq!(answer["result"]["uri"], expected[0]["uri"]);
    let answer = editor.ask("textDocument/completion", place(1, 11));
    let labels: Vec<_> = answer["result"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["label"].clone())
        .collect();
    assert_eq!(labels, ["milk", "moo"]);
    editor.end();
}

#[test]
fn odd_requests_and_texts_do_no_harm() {
    let mut editor = Editor::new();
    let answer = editor.ask("textDocument/hover", json!({"nonsense": 1}));
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(editor.ask("no/such", json!({}))["error"]["code"], -32601);
    let answer =
        editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": "file:///none"}}));
    assert!(answer["error"]["message"].is_string());
    editor.tell("textDocument/didChange", json!({"nonsense": 1}));
    let deep = "[".repeat(5000);
    let texts = [
        "",
        "\u{feff}print 1;",
        "\u{feff}",
        "\"${",
        "/*",
        "é\r\rx.",
        "\0",
        "this.",
        "a.\u{1F404}",
        "a.b.",
        &deep,
    ];
    for text in texts {
        editor.open(URI, text);
        for (line, character) in
            [(0, 0), (0, 1), (0, 2), (0, 4), (1, 0), (2, 2), (99, 99), (u32::MAX, u32::MAX)]
        {
            for method in ["hover", "definition", "completion"] {
                editor.ask_at(method, line, character, json!({}));
            }
            editor.ask_at(
                "references",
                line,
                character,
                json!({"context": {"includeDeclaration": true}}),
            );
        }
        editor.change(json!([{"range": range(0, 1, 9), "text": "🐄\n"}, {"range": range(7, 5, 2), "text": "x"}]));
    }
    editor.end();
}

#[test]
fn a_client_that_is_gone_ends_the_server() {
    let Editor { mut server, input, .. } = Editor::new();
    drop(input);
    assert_eq!(server.wait().expect("the server ends").code(), Some(1));
}
