; Names of captures are those that Neovim, Helix, Zed and GitHub know.

(line_comment) @comment
(block_comment) @comment
(shebang) @comment

(number) @number
(string) @string
(escape_sequence) @string.escape
(interpolation "${" @punctuation.special "}" @punctuation.special) @embedded

(nil) @constant.builtin
(true) @boolean
(false) @boolean
(this) @variable.builtin
"super" @variable.builtin

[
  "as" "break" "catch" "class" "continue" "else" "finally" "for" "fun" "if" "import" "print" "return" "throw" "try" "var" "while"
] @keyword

["and" "in" "or"] @keyword.operator

["=" "+=" "-=" "*=" "/=" "%=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" "!" "?" ":"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," "." ";"] @punctuation.delimiter

(identifier) @variable
(function_declaration name: (identifier) @function)
(method name: (identifier) @function.method)
(class_declaration name: (identifier) @type)
(class_declaration superclass: (identifier) @type)
(import_statement name: (identifier) @module)
(parameters (identifier) @variable.parameter)
(field_expression name: (identifier) @property)
(super_expression method: (identifier) @function.method)
(call function: (identifier) @function.call)
(call function: (field_expression name: (identifier) @function.method.call))
