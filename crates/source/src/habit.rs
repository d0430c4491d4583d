//! What people write who come from other languages, and how Calf says it: the one table of each kind, for the parser, the machine and
//! the language server.

/// Words at the start of a statement or instead of a value, and the reserved word that says the same.
pub const WORDS: &[(&str, &str)] = &[
    ("const", "var"),
    ("let", "var"),
    ("local", "var"),
    ("def", "fun"),
    ("fn", "fun"),
    ("func", "fun"),
    ("function", "fun"),
    ("elif", "else if"),
    ("elseif", "else if"),
    ("elsif", "else if"),
    ("null", "nil"),
    ("None", "nil"),
    ("undefined", "nil"),
    ("True", "true"),
    ("TRUE", "true"),
    ("False", "false"),
    ("FALSE", "false"),
    ("self", "this"),
    ("raise", "throw"),
    ("except", "catch"),
    ("rescue", "catch"),
    ("foreach", "for"),
    ("echo", "print"),
    ("puts", "print"),
    ("println", "print"),
    ("not", "!"),
];

/// Names of functions and modules of other languages, and what to write here.
pub const GLOBALS: &[(&str, &str)] = &[
    ("println", "print value;"),
    ("printf", "print \"… ${value} …\";"),
    ("puts", "print value;"),
    ("echo", "print value;"),
    ("console", "print value;"),
    ("alert", "print value;"),
    ("display", "print value;"),
    ("System", "print value;"),
    ("length", "len(x)"),
    ("size", "len(x)"),
    ("count", "len(x)"),
    ("sizeof", "len(x)"),
    ("int", "num(text), or math.trunc(number)"),
    ("float", "num(text)"),
    ("parseInt", "num(text)"),
    ("parseFloat", "num(text)"),
    ("Number", "num(text)"),
    ("tonumber", "num(text)"),
    ("string", "str(x)"),
    ("String", "str(x)"),
    ("toString", "str(x)"),
    ("tostring", "str(x)"),
    ("repr", "str(x)"),
    ("typeof", "type(x)"),
    ("ord", "text.code()"),
    ("abs", "math.abs(x)"),
    ("min", "math.min(a, b)"),
    ("max", "math.max(a, b)"),
    ("round", "math.round(x)"),
    ("floor", "math.floor(x)"),
    ("sqrt", "math.sqrt(x)"),
    ("pow", "math.pow(x, y)"),
    ("random", "math.random()"),
    ("Math", "math"),
    ("JSON", "json"),
    ("exit", "os.exit(code)"),
    ("quit", "os.exit(code)"),
    ("fork", "os.fork()"),
    ("sleep", "os.sleep(seconds)"),
    ("readline", "input()"),
    ("gets", "input()"),
    ("list", "[a, b]"),
    ("array", "[a, b]"),
    ("Array", "[a, b]"),
    ("dict", "{\"key\": value}"),
    ("Map", "{\"key\": value}"),
    ("sum", "list.reduce(fun (a, b) { return a + b; }, 0)"),
    ("sorted", "list.sort()"),
    ("Exception", "Error(message)"),
];

/// Members of values of a type in other languages, and what to write here. A name alone is that of the member which does the same.
pub const MEMBERS: &[(&str, &str, &str)] = &[
    ("list", "append", "push"),
    ("list", "add", "push"),
    ("list", "pushBack", "push"),
    ("list", "concat", "extend"),
    ("list", "addAll", "extend"),
    ("list", "shift", "removeAt(0)"),
    ("list", "unshift", "insert(0, x)"),
    ("list", "delete", "removeAt"),
    ("list", "splice", "insert(i, x), or removeAt(i)"),
    ("list", "length", "len(list)"),
    ("list", "size", "len(list)"),
    ("list", "count", "len(list)"),
    ("list", "len", "len(list)"),
    ("list", "isEmpty", "len(list) == 0"),
    ("list", "includes", "contains"),
    ("list", "has", "contains"),
    ("list", "index", "indexOf"),
    ("list", "find", "filter"),
    ("list", "forEach", "each"),
    ("list", "some", "any"),
    ("list", "every", "all"),
    ("list", "fold", "reduce"),
    ("list", "inject", "reduce"),
    ("list", "select", "filter"),
    ("list", "collect", "map"),
    ("list", "clone", "copy"),
    ("list", "first", "list[0]"),
    ("list", "last", "list[-1]"),
    ("list", "get", "list[i]"),
    ("list", "set", "list[i] = x"),
    ("list", "toString", "str(list)"),
    ("map", "length", "len(map)"),
    ("map", "size", "len(map)"),
    ("map", "count", "len(map)"),
    ("map", "len", "len(map)"),
    ("map", "isEmpty", "len(map) == 0"),
    ("map", "items", "entries"),
    ("map", "containsKey", "has"),
    ("map", "hasKey", "has"),
    ("map", "contains", "has"),
    ("map", "put", "map[key] = value"),
    ("map", "set", "map[key] = value"),
    ("map", "delete", "remove"),
    ("map", "pop", "remove"),
    ("map", "merge", "update"),
    ("map", "setdefault", "setDefault"),
    ("map", "forEach", "for (key in map)"),
    ("map", "toString", "str(map)"),
    ("string", "length", "len(text)"),
    ("string", "size", "len(text)"),
    ("string", "len", "len(text)"),
    ("string", "isEmpty", "text == \"\""),
    ("string", "toUpperCase", "upper"),
    ("string", "toLowerCase", "lower"),
    ("string", "uppercase", "upper"),
    ("string", "lowercase", "lower"),
    ("string", "upcase", "upper"),
    ("string", "downcase", "lower"),
    ("string", "strip", "trim"),
    ("string", "includes", "contains"),
    ("string", "startswith", "startsWith"),
    ("string", "endswith", "endsWith"),
    ("string", "find", "indexOf"),
    ("string", "index", "indexOf"),
    ("string", "substring", "slice"),
    ("string", "substr", "slice"),
    ("string", "replaceAll", "replace"),
    ("string", "charAt", "text[i]"),
    ("string", "charCodeAt", "code"),
    ("string", "format", "\"… ${value} …\""),
    ("string", "join", "list.join(separator)"),
    ("string", "concat", "text + other"),
    ("string", "toString", "str(x)"),
    ("number", "toString", "str(number)"),
    ("number", "toFixed", "math.round(number)"),
    ("number", "abs", "math.abs(number)"),
    ("number", "round", "math.round(number)"),
    ("number", "floor", "math.floor(number)"),
];

/// The reserved word that says what this word says elsewhere.
pub fn word(foreign: &str) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| *word == foreign).map(|&(_, own)| own)
}

/// What to write instead of this function or module of other languages.
pub fn global(foreign: &str) -> Option<&'static str> {
    GLOBALS.iter().find(|(name, _)| *name == foreign).map(|&(_, own)| own)
}

/// What to write instead of this member of a value of type `of`.
pub fn member(of: &str, foreign: &str) -> Option<&'static str> {
    MEMBERS.iter().find(|(kind, name, _)| *kind == of && *name == foreign).map(|&(.., own)| own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_is_there_twice() {
        let mut seen = HashSet::new();
        assert!(WORDS.iter().all(|(name, _)| seen.insert(("", "word", *name))));
        assert!(GLOBALS.iter().all(|(name, _)| seen.insert(("", "global", *name))));
        assert!(MEMBERS.iter().all(|(kind, name, _)| seen.insert((kind, "member", *name))));
    }
}
