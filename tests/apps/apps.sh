# shellcheck shell=bash
# tests/apps/apps.sh - what the tests of real programs share: source it in place of lib.sh. Bash.
#
# Each test runs an unmodified Debian program as server and as client, both under the shim, and compares what was
# carried byte for byte. That it went over vsock is the kernel's word: see over_vsock.
. "$VSOCKIFY_TREE/tests/lib.sh"

# What a person would have in the environment of a daemon, whatever this machine has.
export LC_ALL=C
unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY

# helper NAME - the path of a small client or server beside the tests
helper() {
	echo "$VSOCKIFY_TREE/tests/apps/$1"
}

# tcp_opened - how many TCP connections were begun or accepted in this machine since it started, by the kernel's count
tcp_opened() {
	awk '/^Tcp:/ && $6 != "ActiveOpens" { print $6 + $7 }' /proc/net/snmp
}
tcp_before=$(tcp_opened)

# vsock_connected PORT - is there a vsock connection to this port at this moment?
vsock_connected() {
	ss -H --vsock -n state connected 2>/dev/null | grep -Eq "[:*]$1[[:space:]]*$"
}

# on_vsock PORT... - somebody listens on these vsock ports, and nobody on the TCP ports of that number
on_vsock() {
	local port
	for port; do
		vsock_listens "$port" || fail "nobody listens on vsock port $port"
		! tcp_listens "$port" || fail "somebody listens on TCP port $port"
	done
}

# over_vsock PORT... - the same, and no TCP connection was begun or accepted since the test began
over_vsock() {
	on_vsock "$@"
	expect "TCP connections since the test began" 0 $(($(tcp_opened) - tcp_before))
}

# no_tcp - there is no TCP socket in this machine now, but for those that remember earlier connections
no_tcp() {
	expect "TCP sockets" "" "$(ss -H -t -n state all exclude time-wait)"
}

# payload FILE MIB - a file of random bytes
payload() {
	head -c "$2M" /dev/urandom >"$1"
}

# same FILE FILE - byte for byte
same() {
	cmp "$1" "$2" || fail "$1 and $2 differ"
}

# let_others_in - let programs that run as another user reach this test's directory
let_others_in() {
	chmod a+x "${TMPDIR%/*}" "$TMPDIR"
}
