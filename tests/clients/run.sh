#!/usr/bin/env bash
# Lints the API documents, generates a TypeScript and a Python client from them, runs the life of a policy through both
# against a server, makes a site with a frontend that knows the types of that server, and opens the API reference in a browser.
# Needs node, npm, python3 and chromium.
#
#   tests/clients/run.sh [PROGRAM]      PROGRAM is target/debug/bonafide unless it is named
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${1:-${CARGO_TARGET_DIR:-$root/target}/debug/bonafide}
openapi=$root/openapi
generated=$here/generated
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

if [ $# -eq 0 ]; then
    (cd "$root" && cargo build --quiet --workspace --bin bonafide)
fi
program=$(realpath "$program")
cd "$here"
temp=$(mktemp -d)
server=
finish() {
    local code=$?
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ $code -eq 0 ] || { echo "FAILED; the server's log:" >&2; tail -n 20 "$temp/log" >&2 || true; }
    rm -rf "$temp"
    exit $code
}
trap finish EXIT

echo "== tools"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
if ! cmp --silent requirements.txt venv/installed.txt; then
    rm -rf venv
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
    cp requirements.txt venv/installed.txt
fi

echo "== the documents are those of the program"
for document in public admin; do
    "$program" openapi "$document" | cmp - "$openapi/$document.json" ||
        { echo "openapi/$document.json is out of date; run: cargo xtask openapi" >&2; exit 1; }
done

echo "== linters"
npx --no-install redocly lint --extends recommended-strict "$openapi/public.json" "$openapi/admin.json"
npx --no-install spectral lint --ruleset .spectral.yaml --fail-severity hint "$openapi/public.json" "$openapi/admin.json"

echo "== clients"
rm -rf "$generated" typescript/api
mkdir -p "$generated/python" typescript/api
for document in public admin; do
    npx --no-install openapi-typescript "$openapi/$document.json" --output "typescript/api/$document.ts"
    PATH="$here/venv/bin:$PATH" openapi-python-client generate --config python/generator.yaml --meta none \
        --fail-on-warning --path "$openapi/$document.json" --output-path "$generated/python/$document"
done
npx --no-install tsc --project typescript
venv/bin/python -m compileall -q "$generated/python"

echo "== a server"
export STORY_EMAIL=owner@example.org STORY_PASSWORD="correct-horse-$RANDOM-battery-$RANDOM"
"$program" owner create --data-dir "$temp/data" --email "$STORY_EMAIL" <<<"$STORY_PASSWORD"
"$program" serve --listen 127.0.0.1:0 --data-dir "$temp/data" >"$temp/address" 2>"$temp/log" &
server=$!
for _ in $(seq 100); do
    grep -q '^listening on ' "$temp/address" && break
    kill -0 "$server" || exit 1
    sleep 0.1
done
STORY_URL=$(sed -n 's/^listening on //p' "$temp/address")
export STORY_URL
[ -n "$STORY_URL" ]

echo "== stories"
node "$generated/javascript/story.js"
PYTHONPATH="$generated/python" venv/bin/python python/story.py
node browser/reference.mjs

echo "== a frontend, against the document of a server with types of its own"
"$program" types apply frontend/types --data-dir "$temp/data"
node --input-type=module --eval '
    const types = async () => (await fetch(`${process.env.STORY_URL}/v1/openapi.json`)).json();
    // another process has made the types: the server hears of it within a moment
    let document = await types();
    for (let n = 0; n < 50 && !document.components.schemas.Fields_article; n++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        document = await types();
    }
    process.stdout.write(JSON.stringify(document));
' >"$temp/site.json"
npx --no-install redocly lint --extends recommended-strict "$temp/site.json"
rm -rf frontend/api
mkdir -p frontend/api
npx --no-install openapi-typescript "$temp/site.json" --output frontend/api/site.ts
cp typescript/api/admin.ts frontend/api/
npx --no-install tsc --project frontend
node "$generated/frontend/story.js" write
KNOWN_PATHS=about,secret node "$generated/frontend/site.js" "$STORY_URL" "$temp/site"
node "$generated/frontend/story.js" check "$temp/site"

kill "$server"
wait "$server" || { echo "the server ended with $?" >&2; exit 1; }
server=
echo "== passed in $SECONDS s"
