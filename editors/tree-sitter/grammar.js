/// <reference types="tree-sitter-cli/dsl" />
// The syntax of Calf for editors, after grammar/calf.lalrpop, which is the definition. More lenient than that in one thing: what the
// compiler checks where it builds its tree (what can be assigned to, how many parameters there may be) is not checked here.

const PRECEDENCE = {
  assign: 1,
  conditional: 2,
  or: 3,
  and: 4,
  equality: 5,
  comparison: 6,
  term: 7,
  factor: 8,
  unary: 9,
  postfix: 10,
};

const BINARY = [
  ["or", PRECEDENCE.or],
  ["and", PRECEDENCE.and],
  ["==", PRECEDENCE.equality],
  ["!=", PRECEDENCE.equality],
  ["<", PRECEDENCE.comparison],
  ["<=", PRECEDENCE.comparison],
  [">", PRECEDENCE.comparison],
  [">=", PRECEDENCE.comparison],
  ["in", PRECEDENCE.comparison],
  ["+", PRECEDENCE.term],
  ["-", PRECEDENCE.term],
  ["*", PRECEDENCE.factor],
  ["/", PRECEDENCE.factor],
  ["%", PRECEDENCE.factor],
];

const commas = (rule) => optional(seq(rule, repeat(seq(",", rule))));
const trailingCommas = (rule) => optional(seq(rule, repeat(seq(",", rule)), optional(",")));

module.exports = grammar({
  name: "calf",

  word: ($) => $.identifier,

  // A block comment may hold others, and begins nowhere in the text of a string: see src/scanner.c.
  externals: ($) => [$.block_comment, $.string_content],

  extras: ($) => [/[ \t\r\n\f]/, $.line_comment, $.block_comment],

  supertypes: ($) => [$.statement, $.expression],

  rules: {
    program: ($) => seq(optional($.shebang), repeat($.statement)),

    shebang: () => token(seq("#!", /[^\n]*/)),
    line_comment: () => token(seq("//", /[^\n]*/)),

    statement: ($) =>
      choice(
        $.variable_declaration,
        $.function_declaration,
        $.class_declaration,
        $.import_statement,
        $.expression_statement,
        $.print_statement,
        $.return_statement,
        $.throw_statement,
        $.break_statement,
        $.continue_statement,
        $.if_statement,
        $.while_statement,
        $.for_statement,
        $.for_in_statement,
        $.try_statement,
        $.block,
      ),

    variable_declaration: ($) =>
      seq("var", field("name", $.identifier), optional(seq("=", field("value", $.expression))), ";"),
    function_declaration: ($) =>
      seq("fun", field("name", $.identifier), field("parameters", $.parameters), field("body", $.block)),
    class_declaration: ($) =>
      seq(
        "class",
        field("name", $.identifier),
        optional(seq("<", field("superclass", $.identifier))),
        "{",
        repeat($.method),
        "}",
      ),
    method: ($) =>
      seq(field("name", $.identifier), field("parameters", $.parameters), field("body", $.block)),
    import_statement: ($) => seq("import", field("path", $.string), "as", field("name", $.identifier), ";"),

    // At the start of a statement a brace opens a block.
    expression_statement: ($) => prec(-1, seq($.expression, ";")),
    print_statement: ($) => seq("print", $.expression, ";"),
    return_statement: ($) => seq("return", optional($.expression), ";"),
    throw_statement: ($) => seq("throw", $.expression, ";"),
    break_statement: () => seq("break", ";"),
    continue_statement: () => seq("continue", ";"),

    if_statement: ($) =>
      prec.right(
        seq(
          "if",
          $._condition,
          field("consequence", $.statement),
          optional(seq("else", field("alternative", $.statement))),
        ),
      ),
    while_statement: ($) => seq("while", $._condition, field("body", $.statement)),
    _condition: ($) => seq("(", field("condition", $.expression), ")"),
    for_statement: ($) =>
      seq(
        "for",
        "(",
        field("initializer", choice(";", $.variable_declaration, $.expression_statement)),
        field("condition", optional($.expression)),
        ";",
        field("increment", optional($.expression)),
        ")",
        field("body", $.statement),
      ),
    // Here `x in e` is no expression.
    for_in_statement: ($) =>
      prec(
        1,
        seq(
          "for",
          "(",
          optional("var"),
          field("name", $.identifier),
          "in",
          field("iterable", $.expression),
          ")",
          field("body", $.statement),
        ),
      ),
    try_statement: ($) =>
      seq(
        "try",
        field("body", $.block),
        choice(seq($.catch_clause, optional($.finally_clause)), $.finally_clause),
      ),
    catch_clause: ($) =>
      seq("catch", optional(seq("(", field("name", $.identifier), ")")), field("body", $.block)),
    finally_clause: ($) => seq("finally", field("body", $.block)),
    block: ($) => prec(1, seq("{", repeat($.statement), "}")),

    parameters: ($) => seq("(", commas($.identifier), ")"),

    expression: ($) =>
      choice(
        $.identifier,
        $.number,
        $.string,
        $.nil,
        $.true,
        $.false,
        $.this,
        $.super_expression,
        $.list,
        $.map,
        $.function,
        $.parenthesized_expression,
        $.call,
        $.field_expression,
        $.index_expression,
        $.unary_expression,
        $.binary_expression,
        $.conditional_expression,
        $.assignment,
      ),

    nil: () => "nil",
    true: () => "true",
    false: () => "false",
    this: () => "this",
    super_expression: ($) => seq("super", ".", field("method", $.identifier)),
    parenthesized_expression: ($) => seq("(", $.expression, ")"),
    list: ($) => seq("[", trailingCommas($.expression), "]"),
    map: ($) => seq("{", trailingCommas($.entry), "}"),
    entry: ($) => seq(field("key", $.expression), ":", field("value", $.expression)),
    function: ($) => seq("fun", field("parameters", $.parameters), field("body", $.block)),

    call: ($) =>
      prec(PRECEDENCE.postfix, seq(field("function", $.expression), field("arguments", $.arguments))),
    arguments: ($) => seq("(", commas($.expression), ")"),
    field_expression: ($) =>
      prec(PRECEDENCE.postfix, seq(field("object", $.expression), ".", field("name", $.identifier))),
    index_expression: ($) =>
      prec(PRECEDENCE.postfix, seq(field("object", $.expression), "[", field("index", $.expression), "]")),
    unary_expression: ($) =>
      prec(PRECEDENCE.unary, seq(field("operator", choice("!", "-")), field("operand", $.expression))),
    binary_expression: ($) =>
      choice(
        ...BINARY.map(([operator, precedence]) =>
          prec.left(
            precedence,
            seq(field("left", $.expression), field("operator", operator), field("right", $.expression)),
          ),
        ),
      ),
    conditional_expression: ($) =>
      prec.right(
        PRECEDENCE.conditional,
        seq(
          field("condition", $.expression),
          "?",
          field("then", $.expression),
          ":",
          field("otherwise", $.expression),
        ),
      ),
    assignment: ($) =>
      prec.right(
        PRECEDENCE.assign,
        seq(
          field("target", $.expression),
          field("operator", choice("=", "+=", "-=", "*=", "/=", "%=")),
          field("value", $.expression),
        ),
      ),

    string: ($) =>
      seq(
        '"',
        repeat(choice($.string_content, $.escape_sequence, $.interpolation)),
        token.immediate('"'),
      ),
    escape_sequence: () => token.immediate(seq("\\", choice(/u\{[0-9A-Fa-f]*\}/, /[^u]/))),
    interpolation: ($) => seq(token.immediate(prec(2, "${")), $.expression, "}"),

    number: () => token(choice(/[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/, /0[xX][0-9A-Fa-f]+/)),
    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
  },
});
