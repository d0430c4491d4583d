#!/bin/sh
# Generates src/parser.c from grammar.js, compiles it, and parses every script of the repository that Calf itself parses.
# Needs node, a C compiler, Cargo, and `calf` on the path or in $CALF.
set -eu
cd "$(dirname "$0")"
calf=${CALF:-calf}
build=${TMPDIR:-/tmp}/calf-tree-sitter
export CARGO_TARGET_DIR="$build/target"
cargo build -q --manifest-path check/Cargo.toml
dsl=$(cargo metadata -q --format-version 1 --manifest-path check/Cargo.toml |
  node -e 'const all = JSON.parse(require("fs").readFileSync(0)).packages;
    console.log(require("path").dirname(all.find((found) => found.name === "tree-sitter-generate").manifest_path))')/src/dsl.js
TREE_SITTER_GRAMMAR_PATH="$PWD/grammar.js" node "$dsl" > "$build/grammar.json"
"$CARGO_TARGET_DIR/debug/check" generate "$build/grammar.json" src/parser.c
cc -O1 -shared -fPIC -Isrc -o "$build/calf.so" src/parser.c src/scanner.c
"$CARGO_TARGET_DIR/debug/check" query "$build/calf.so" queries/highlights.scm
find ../../tests/language ../../examples ../../benches -name '*.calf' | while read -r file; do
  # 65: Calf does not compile it.
  code=0
  "$calf" check "$file" > /dev/null 2>&1 || code=$?
  if [ "$code" -ne 65 ]; then echo "$file"; fi
done > "$build/files"
# shellcheck disable=SC2046
"$CARGO_TARGET_DIR/debug/check" parse "$build/calf.so" $(cat "$build/files")
