#!/bin/sh
# Opens a report in a browser without a window. Exit code 77: something that is needed is not there.
set -u
cd "$(dirname "$0")" || exit 1

missing() {
    echo "skipped: $1"
    exit 77
}

command -v node >/dev/null 2>&1 || missing "there is no node"
[ -d node_modules/playwright-core ] && [ -d node_modules/@axe-core/playwright ] ||
    missing "npm install was not run in tests/browser"
browser=${CALF_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
[ -n "$browser" ] || missing "there is no Chromium on the path, and CALF_BROWSER names none"
CALF_BROWSER=$browser exec node report.mjs "$@"
