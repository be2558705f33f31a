# shellcheck shell=bash
# tests/broker/lib.sh - a muxer by script, servers behind it, and programs that speak to the broker themselves; source
# after tests/lib.sh.
#
# Everything is native: the other side are Unix sockets, and nobody can open AF_VSOCK.
. "$VSOCKIFY_TREE/tests/muxer/lib.sh"

tests=$VSOCKIFY_TREE/tests/broker

# under_broker COMMAND... - with a broker, and without the shim
# "${without_shim[@]}" - the same, for what runs in the background
without_shim=("${on_host[@]}" -c rules.conf env -u LD_PRELOAD)
under_broker() {
	"${without_shim[@]}" "$@"
}

# cases FILE CASE... - the functions of a file of cases, each with a broker of its own
cases() {
	local file=$1 case
	shift
	for case; do
		PYTHONPATH=$tests under_broker "$python" "$tests/$file.py" "$case" || fail "$case"
		echo "$case: as it should be"
	done
}

# start_rig [OPTION...] - the muxer, with these options; 10.9.0.3 is the guest behind it, where port 5000 sends "banner"
# and then what comes, and 5001 and 5002 the same, late; 10.9.0.4 has no VMM
start_rig() {
	start_muxer --answer 5001=late:0.3 --answer 5002=late:1.5 --answer 5003=never --answer 5004=garbage --answer 5005=http \
		--answer 5006=reset --answer 5007=pieces:0.02 --answer 5008=together --answer 5009=endless "$@"
	start "$python" "$tests/server.py" "$MUXER" 5000 5001 5002 5007 5008 >server.log
	wait_until grep -q ready server.log
	cat >rules.conf <<END
version = 1;
options = { connect_timeout = 1.0; };
peers = (
	{ name = "vm1"; socket = "$MUXER"; addresses = [ "10.9.0.3" ]; },
	{ name = "vm2"; socket = "$TMPDIR/nowhere"; addresses = [ "10.9.0.4" ]; }
);
connect = (
	{ to = "10.9.0.3:9999"; action = "deny"; }
);
END
}

# brokers - pids of keepers and workers of this test
brokers() {
	pgrep -f "^vsockify-broker: (keeper|worker) for [0-9]+ " | while read -r pid; do
		if [ "$(readlink "/proc/$pid/exe")" = "$VSOCKIFY_TREE/build/vsockify-broker" ]; then
			echo "$pid"
		fi
	done
}
