#!/usr/bin/env bash
# Installs the wheel in dist/ into a new environment outside the checkout, and uses it there.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
wheel=$(ls -t "$checkout"/dist/genzoo-*.whl | head -n 1)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/environment"
bin="$place/environment/bin"
"$bin/pip" install --quiet -c "$checkout/constraints.txt" "$wheel"
cp -r "$checkout/docs/examples/genzoo-flow" "$place/genzoo-flow"
cd "$place"
export GENZOO_CACHE="$place/cache"
"$bin/genzoo" sample peeps-gan -n 16 -o faces.png
"$bin/genzoo" train convgan peeps --size 32 --width 8 --steps 4 --batch-size 8 -o runs/peeps
"$bin/genzoo" evaluate runs/peeps peeps -n 100 --features pixels -o record.json
"$bin/genzoo" install --yes ./genzoo-flow
"$bin/genzoo" train realnvp-points two-moons --steps 4 --batch-size 8 -o runs/flow
"$bin/genzoo" sample runs/flow -n 4 -o points.npz
echo "$(basename "$wheel") works outside the checkout."
