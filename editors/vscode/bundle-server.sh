#!/bin/sh
# Puts the server, as a wheel, and the versions of what it needs into server/, for the extension to install.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# From a copy: setuptools would put what earlier builds have left into the wheel.
cp -r "$root/pyproject.toml" "$root/README.md" "$root/LICENSE" "$root/recoder_lsp" "$work"
rm -rf server && mkdir server
"${PYTHON:-python3}" -m pip wheel --quiet --no-deps --wheel-dir server "$work"
cp "$root/constraints.txt" server/
