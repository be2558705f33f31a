# shellcheck shell=bash
# tests/muxer/lib.sh - a guest behind a muxer, and a muxer by script; source after tests/lib.sh.
#
# All of this runs natively: the host's side are Unix sockets. Whatever runs on this side under the shim runs behind
# `forbid`, so that it cannot open AF_VSOCK, whose other end is not ours here: "${on_host[@]}" PROGRAM...

muxer=$VSOCKIFY_TREE/tests/muxer
guest=$TMPDIR/guest
MUXER=$guest/v.sock
# AF_VSOCK: EAFNOSUPPORT (97)
forbidden=("$HELPERS/forbid" 97)
# shellcheck disable=SC2034
on_host=("${forbidden[@]}" "$VSOCKIFY")
python=/usr/bin/python3

# dial PORT - stdin and stdout on the guest's port, by a plain client of the muxer
dial() {
	"${forbidden[@]}" "$python" "$muxer/dial.py" "$MUXER" "$1"
}

# start_guest - $guest is a folder in common, $MUXER the muxer's socket, `guest_pid` its process; the kernel is VM_KERNEL
start_guest() {
	mkdir -p "$guest"
	start "$muxer/guest" "$guest"
	guest_pid=${started:?}
	await_guest
}

guest_is_up_or_gone() {
	[ -e "$guest/up" ] || ! kill -0 "$guest_pid"
}
await_guest() {
	WAIT_SECONDS=240 wait_until guest_is_up_or_gone
	[ -e "$guest/up" ] || fail "no guest"
}

# in_guest SCRIPT - runs it in the guest, in the folder in common, with bash; its output and status are passed on. The
# shim there is that of this tree: $VSOCKIFY, $HELPERS.
in_guest() {
	"${forbidden[@]}" "$python" "$muxer/dial.py" "$MUXER" 9999 "$1"
}

# start_in_guest SCRIPT - in the background, until it ends or the guest does; its output is in $guest/NAME.log with
# NAME=... before
start_in_guest() {
	in_guest "{ $1
	} >${NAME:-started}.log 2>&1 &"
}

# guest_listens PORT - does anything in the guest?
guest_listens() {
	in_guest "ss -H --vsock -l -n | grep -Eq '[:*]$1[[:space:]]'"
}

# pause_guest, continue_guest - the whole machine, as by a hypervisor's pause
pause_guest() {
	kill -STOP "$(cat "$guest/qemu.pid")"
}
continue_guest() {
	kill -CONT "$(cat "$guest/qemu.pid")"
}

# reboot_guest - returns when it is up again. Nobody may dial meanwhile: it ends vhost-device-vsock's thread.
reboot_guest() {
	rm "$guest/up"
	in_guest '(sleep 0.3; exec /run/vm/bin/reboot -f) >/dev/null 2>&1 &'
	await_guest
}

# kill_guest - the VMM goes without a word, and its muxer soon after; what is left of it is its socket's path
kill_guest() {
	kill -KILL "$(cat "$guest/qemu.pid")"
}

# end_guest - and its device
end_guest() {
	kill "$guest_pid" 2>/dev/null || true
	wait "$guest_pid" || true
}

# start_muxer [OPTION...] - scripted.py at $TMPDIR/m/v.sock, which is $MUXER then; what it saw is in muxer.log
start_muxer() {
	mkdir -p "$TMPDIR/m"
	MUXER=$TMPDIR/m/v.sock
	rm -f "$MUXER"
	start "${forbidden[@]}" "$python" "$muxer/scripted.py" "$@" "$MUXER" >"$TMPDIR/muxer.log"
	wait_until unix_listens "$MUXER"
}

# unix_listens PATH - somebody listens there: the path is there a little earlier
unix_listens() {
	ss -H -x -l -n | grep -Fq " $1 "
}

# no_wrong_clients - the muxer has seen none so far
no_wrong_clients() {
	! grep WRONG "$TMPDIR/muxer.log" || fail "the muxer found fault with a client"
}

# write_rules FILE [TEXT] - rules under which 10.9.0.3 is the guest behind $MUXER, whose calls to port 7000 are accepted
write_rules() {
	cat >"$1" <<END
version = 1;
options = { connect_timeout = 2.0; };
peers = ( { name = "vm1"; cid = 3; socket = "$MUXER"; addresses = [ "10.9.0.3" ]; } );
connect = ( { to = "10.9.0.3:*"; peer = "vm1"; } );
listen = ( { on = "*:7000"; peer = "vm1"; } );
${2:-}
END
}

# client CASE PORT [ARGUMENT...] - client.py on the host, under the shim and rules.conf, to the guest
client() {
	local case=$1 port=$2
	shift 2
	"${on_host[@]}" -c rules.conf "$python" "$muxer/client.py" "$case" 10.9.0.3 "$port" "$@"
}

# serve_in_guest NAME PORT SCRIPT - a server in the guest; returns when it listens
serve_in_guest() {
	NAME=$1 start_in_guest "$3"
	wait_until guest_listens "$2"
}
