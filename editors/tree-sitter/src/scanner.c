// Block comments nest, which no regular expression can follow; and the text of a string has no comments.

#include "tree_sitter/parser.h"

// In the order of `externals` in grammar.js.
enum TokenType { BLOCK_COMMENT, STRING_CONTENT };

void *tree_sitter_calf_external_scanner_create(void) { return NULL; }
void tree_sitter_calf_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_calf_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_calf_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

static bool is_space(int32_t character) {
  return character == ' ' || character == '\t' || character == '\r' || character == '\n' || character == '\f';
}

// Text up to a quote, an escape or `${`; a `$` that opens nothing is text.
static bool scan_string_content(TSLexer *lexer) {
  bool found = false;
  lexer->result_symbol = STRING_CONTENT;
  while (!lexer->eof(lexer) && lexer->lookahead != '"' && lexer->lookahead != '\\') {
    bool is_dollar = lexer->lookahead == '$';
    if (is_dollar) {
      lexer->mark_end(lexer);
      lexer->advance(lexer, false);
      if (lexer->lookahead == '{') return found;
    } else {
      lexer->advance(lexer, false);
    }
    found = true;
    lexer->mark_end(lexer);
  }
  return found;
}

bool tree_sitter_calf_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  if (valid_symbols[STRING_CONTENT]) return scan_string_content(lexer);
  if (!valid_symbols[BLOCK_COMMENT]) return false;
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead != '/') return false;
  lexer->advance(lexer, false);
  if (lexer->lookahead != '*') return false;
  lexer->advance(lexer, false);
  unsigned depth = 1;
  while (depth > 0) {
    if (lexer->eof(lexer)) return false;
    int32_t character = lexer->lookahead;
    lexer->advance(lexer, false);
    if (character == '/' && lexer->lookahead == '*') {
      lexer->advance(lexer, false);
      depth++;
    } else if (character == '*' && lexer->lookahead == '/') {
      lexer->advance(lexer, false);
      depth--;
    }
  }
  lexer->result_symbol = BLOCK_COMMENT;
  return true;
}
