# shellcheck shell=bash
# tests/muxer/same.sh - a program of tests/conformance must print the same over TCP and through a muxer, which leads each
# connection back to a socket of the program's own. Source after tests/lib.sh and lib.sh.
#
# What cannot be the same, and what cannot be compared at all, is in the file `differences` beside this one, as in
# tests/conformance/differences. All of it runs in a network namespace, where all ports are free, and behind `forbid`.

# in_own_network - runs the test again in a namespace of its own
in_own_network() {
	[ -n "${OWN_NETWORK:-}" ] || OWN_NETWORK=1 exec unshare -rn "$0"
	ip link set lo up
	ip address replace 10.0.0.5/32 dev lo
	ip address replace fd00::5/128 dev lo nodad
}
in_own_network
. "$VSOCKIFY_TREE/tests/conformance/differential.sh"
# shellcheck disable=SC2034
differences=$VSOCKIFY_TREE/tests/muxer/differences
# shellcheck disable=SC2034
carrier=unix behind=("${forbidden[@]}") everything=(-c rules.conf)

# A server learns of its caller that it is the guest, and of itself, if it is bound to no address, that it is the guest's
# host; who calls from which port, no VMM tells. Here the guest is loopback.
# shellcheck disable=SC2034
as_if_over_tcp=(sed -E
	-e 's/(^|[^0-9.])10\.9\.0\.3:unknown/\1127.0.0.1:client/g'
	-e 's/\[(::ffff:)10\.9\.0\.3\]:unknown/[\1127.0.0.1]:client/g'
	-e 's/\[fd00::3\]:unknown/[::1]:client/g'
	-e 's/sees port unknown/sees port client/'
	-e 's/240\.0\.0\.2:/127.0.0.1:/g' -e 's/\[::ffff:240\.0\.0\.2\]:/[::ffff:127.0.0.1]:/g'
	-e 's/\[fd76:736f:636b::2\]:/[::1]:/g')

start_muxer --dialect cloud-hypervisor

# rules_of WORD ADDRESS:PORTS... - a list of rules that lead to the guest, or name it
rules_of() {
	local word=$1 separator=''
	shift
	for address; do
		printf '%s{ %s = "%s"; peer = "vm1"; }' "$separator" "$word" "$address"
		separator=', '
	done
}

# write_rules_for FILE "ADDRESS:PORTS..." "ADDRESS:PORTS..." - what a connect to leads to the guest, and a bind lets it in
write_rules_for() {
	local to on
	read -ra to <<<"$2"
	read -ra on <<<"$3"
	cat >"$1" <<END
version = 1;
options = { connect_timeout = 20.0; };
peers = ( { name = "vm1"; socket = "$MUXER"; addresses = [ "10.9.0.3", "fd00::3" ]; } );
connect = ( $(rules_of to "${to[@]}") );
listen = ( $(rules_of on "${on[@]}") );
END
}

# One rule for nearly every port, so that two listeners of one port can be one; a rule for every port would mean loopback.
write_rules_for rules.conf '127.0.0.0/8:* [::1]:*' '*:1-65535 127.0.0.0/8:* [::1]:* *:*'
