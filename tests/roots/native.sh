# shellcheck shell=bash
# tests/roots/native.sh - sourced by SUITE.test: in a root of that Debian suite, builds and tests (`inside`). Leaves the
# tests' programs, as that suite's compiler makes them, in build/roots/SUITE for `conformance`.
. "${VSOCKIFY_TREE:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/lib.sh"

suite=$(basename "$0" .test)
root=$("$VSOCKIFY_TREE/tests/roots/fetch-root" "$suite")
prebuilt=$("$VSOCKIFY_TREE/tests/roots/prebuilt")
mkdir sources
make -s -C "$VSOCKIFY_TREE" dist BUILD="$PWD" >dist.log
tarball=$(realpath "$(tail -n 1 dist.log)")
tar -xf "$tarball" -C sources --strip-components=1
cp -r "$prebuilt" prebuilt
cp "$tarball" sources.tar.gz
# of that suite, not those under test here
env -u VSOCKIFY -u SHIM -u HELPERS -u VSOCKIFY_TREE "$VSOCKIFY_TREE/tests/roots/enter" "$root" bash -c 'cd sources && tests/roots/inside ../sources.tar.gz "$(realpath ../prebuilt)"' |
	tee report
mkdir -p "$VSOCKIFY_TREE/build/roots/$suite"
rm -rf "$VSOCKIFY_TREE/build/roots/$suite/tests"
cp -r sources/build/tests "$VSOCKIFY_TREE/build/roots/$suite/tests"
cp report "$VSOCKIFY_TREE/build/roots/$suite"
