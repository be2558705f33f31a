# shellcheck shell=bash
# tests/egress/lib.sh - a proxy by script, and programs that go through it; source after tests/lib.sh.
#
# The proxy is behind a muxer by script, natively, with all programs kept from AF_VSOCK (tests/muxer/lib.sh); or, with
# EGRESS=vsock, in a loopback machine, at CID 1.
. "$VSOCKIFY_TREE/tests/muxer/lib.sh"

egress=$VSOCKIFY_TREE/tests/egress

# shellcheck disable=SC2034 # peer is for tests
case ${EGRESS:-muxer} in
vsock)
	peer=local
	inside=("$VSOCKIFY")
	at() { echo "vsock:$1"; }
	peers=
	start_way() { :; }
	;;
muxer)
	peer=vm1
	inside=("${on_host[@]}")
	at() { echo "$MUXER"_"$1"; }
	start_way() {
		rm -rf "$TMPDIR/m"
		start_muxer --dialect firecracker
		peers="peers = ( { name = \"vm1\"; socket = \"$MUXER\"; } );"
	}
	;;
esac

# start_proxy PORT[,ANSWER]... [-- OPTION...] - proxy.py there; what it saw is in proxy.log
start_proxy() {
	local places=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		*,*) places+=("$(at "${1%%,*}"),${1#*,}") ;;
		*) places+=("$(at "$1")") ;;
		esac
		shift
	done
	shift || true
	: >proxy.log
	start "$python" "$egress/proxy.py" "$@" "${places[@]}" >proxy.log
	wait_until grep -q ready proxy.log
}

# write_rules FILE RULE... - connect rules; $peer is where the proxy is
write_rules() {
	local file=$1 rules
	shift
	rules=$(printf '\t%s,\n' "$@")
	cat >"$file" <<END
version = 1;
options = { connect_timeout = ${CONNECT_TIMEOUT:-20.0}; };
${peers:-}
connect = (
${rules%,}
);
END
}

# asks FILE OUTCOME HOST:PORT... - all of these come to OUTCOME, whether the program waits in connect() or in its loop
asks() {
	local file=$1 outcome=$2
	shift 2
	"${inside[@]}" -c "$file" "$python" "$egress/client.py" "$@" >outcomes 2>client.log || fail "client: $(tail -n 5 client.log)"
	diff <(printf "%s $outcome $outcome\n" "$@") outcomes || fail "$file: not $outcome"
}
