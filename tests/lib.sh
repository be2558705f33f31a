# shellcheck shell=bash
# tests/lib.sh - what *.test files share: source it first. Bash.
#
# VSOCKIFY and SHIM are the launcher and the preloaded object under test (of the build tree, unless set), HELPERS the
# folder of the C programs built from tests/programs/. A test fails by calling fail, or by any command that fails.
set -euo pipefail

VSOCKIFY_TREE=${VSOCKIFY_TREE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
VSOCKIFY=${VSOCKIFY:-$VSOCKIFY_TREE/build/vsockify}
SHIM=${SHIM:-$VSOCKIFY_TREE/build/libvsockify.so}
HELPERS=${HELPERS:-$VSOCKIFY_TREE/build/tests}
TMPDIR=${TMPDIR:-/tmp}
export VSOCKIFY SHIM HELPERS TMPDIR
unset VSOCKIFY_CONFIG VSOCKIFY_LOG XDG_CONFIG_HOME

background=()
stop_background() {
	local pid
	for pid in "${background[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${background[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	background=()
}
trap stop_background EXIT

# fail WORD... - say why, and end the test
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# machine_only - ends what connects VM sockets anywhere but in a machine of tests/vm: the other end is not ours there
machine_only() {
	[ -e /run/vm/in ] || fail "this runs in a machine of tests/vm only: tests/vm/run $0"
}
case $0 in
*tests/loopback/* | *tests/conformance/* | *tests/apps/* | *tests/loops/*) machine_only ;;
esac

# expect WHAT WANTED GOT - compare two strings
expect() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# expect_line WHAT PATTERN TEXT - a line of TEXT matches the extended regular expression
expect_line() {
	grep -Eq -- "$2" <<<"$3" || fail "$1: no line matches '$2' in: $3"
}

# kernel_is_since VERSION - is the kernel this one, or a later one?
kernel_is_since() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

# start COMMAND... - run in the background, ended with the test; its pid is in $started
start() {
	"$@" &
	started=$!
	background+=("$started")
}

# "${as_postgres[@]}" COMMAND... - as PostgreSQL's own user, since its server refuses to run as root. No function: of
# one in the background, `kill` would end the subshell alone.
# shellcheck disable=SC2034
as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)

# wait_until COMMAND... - try until it succeeds; fail after 30 seconds. Nothing sleeps a fixed time.
wait_until() {
	local deadline=$((SECONDS + ${WAIT_SECONDS:-30}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || fail "gave up waiting for: $*"
		sleep 0.1
	done
}

# vsock_listens PORT - does anything listen on this vsock port? The kernel's word, by vsock_diag.
vsock_listens() {
	ss -H --vsock -n state listening 2>/dev/null | grep -Eq "[:*]$1[[:space:]]"
}

# tcp_listens PORT
tcp_listens() {
	[ -n "$(ss -H -t -l -n "sport = :$1")" ]
}

# wait_vsock PORT, wait_tcp PORT - until somebody listens there
wait_vsock() {
	wait_until vsock_listens "$1"
}
wait_tcp() {
	wait_until tcp_listens "$1"
}

# folded PORT - a port of 32 bits as the shim shows it
folded() {
	echo $(($1 > 65535 ? 32768 + $1 % 32768 : $1))
}

# lowest, middle, highest - one of the numbers on stdin, a line each
lowest() {
	sort -n | sed -n 1p
}
middle() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}
highest() {
	sort -n | sed -n '$p'
}
