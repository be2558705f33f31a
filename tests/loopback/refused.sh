# shellcheck shell=bash
# tests/loopback/refused.sh - what tests of refused connections share; source it after lib.sh
# shellcheck disable=SC2154 # $started is set by start
#
# A server listens on port 9000, for CID 1 only. Guests with the CIDs 5 to 8 (programs/guest.c) knock there.
modprobe vhost_vsock
# Other tests are about a machine that has no guests. What is still being closed holds the module for some seconds.
trap 'stop_background; wait_until modprobe -r vhost_vsock' EXIT
cat >refused.conf <<'END'
version = 1;
connect = ( { to = "*:9000"; cid = 1; } );
listen = ( { on = "*:9000"; accept_from = [ 1 ]; } );
END

# call - is a client served that is let in? Replaced by tests of servers with another protocol.
call() {
	"$VSOCKIFY" -c refused.conf "$HELPERS/refused" call 9000
}

# behind - is a client connected that is let in, or that will be?
behind() {
	ss -H --vsock -n state connected | grep -Eq '[[:space:]]1:9000[[:space:]]*$'
}

# of_nobody WHAT COUNT FILE - the guest in FILE was connected as often, saw each connection end, and heard nothing
of_nobody() {
	expect "$1" "connected $2, refused 0, ended $2, heard 0 bytes" "$(tail -n 1 "$3")"
}

# queue_up COUNT WAITING - that many refused connections from each of four guests wait in a stopped server's queue, and
# others come when they are gone, until there were COUNT in all
queue_up() {
	start "$HELPERS/guest" flood 9000 "$1" "$2" 5 6 7 8 >guest.out
	guest=$started
	wait_until grep -qx answered guest.out
}

# survives NAME SERVER... - run it under the rules, and do everything to it
survives() {
	local server mode client
	start "$VSOCKIFY" -c refused.conf "${@:2}" >server.out 2>&1
	server=$started
	wait_vsock 9000
	for mode in knock leave knock; do
		"$HELPERS/guest" $mode 9000 3 5 >guest.out || fail "$1: $(cat guest.out server.out)"
		of_nobody "$1, $mode" 3 guest.out
	done
	call >call.out || fail "$1 does not serve: $(cat call.out server.out)"

	kill -STOP "$server"
	queue_up 40 10
	start call >call.out
	client=$started
	wait_until behind
	kill -CONT "$server"
	wait "$client" || fail "$1 does not serve who stood behind: $(cat call.out server.out)"
	wait "$guest" || fail "$1 lets them wait: $(cat guest.out)"
	of_nobody "$1, forty at once" 40 guest.out
	kill -0 "$server" || fail "$1 has ended: $(cat server.out)"
	echo "$1 survives"
	stop_background
}
