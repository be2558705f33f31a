# shellcheck shell=bash
# tests/faults/faults.sh - runs build/tests/faults-* under their rules; source tests/lib.sh first

# faults connect|listen|use core|all [SCENARIO]
faults() {
	local program=$1
	shift
	machine_only
	ip addr replace fd00::5/128 dev lo
	cat >rules.conf <<-END
		version = 1;
		connect = (
		  { to = "127.0.0.5:*"; cid = 1; },
		  { to = "[fd00::5]:*"; cid = 1; },
		  { to = "127.0.0.6:*"; action = "deny"; }
		);
		listen = (
		  { on = "*:7000-7099"; },
		  { on = "*:7100"; accept_from = [ 7 ]; },
		  { on = "*:7200"; action = "deny"; },
		  { on = "127.0.0.5:*"; },
		  { on = "127.0.0.8:*"; action = "pass"; },
		  { on = "0.0.0.0:*"; action = "deny"; }
		);
	END
	"$VSOCKIFY" -c rules.conf "$HELPERS/faults-$program" "$@"
}
