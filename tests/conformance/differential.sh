# shellcheck shell=bash
# tests/conformance/differential.sh - a program must print the same over TCP and over VM sockets. Source after lib.sh.
#
# Where the kernel makes that impossible, the file `differences` beside this one names the line of either run and the
# reason. Each of its entries must be needed: one that no longer applies fails the test. Beside it, ENGINE_DIFFERENCES
# names a file of the same form for what differs under an engine (tests/engines).
#
# A test of another transport changes, once it has sourced this, what is below: the table, the rules if none are named,
# what carries (tests/programs/carried.h), a command before both runs, and a filter of what the second run prints.

differences=$VSOCKIFY_TREE/tests/conformance/differences
carrier=1
behind=()
as_if_over_tcp=(cat)
everything=(--connect '127.0.0.0/8:*=1' --connect '[::1]:*=1' --listen '*:*')

# expected_over_vsock NAME - turn the lines of a TCP run (stdin) into those that are expected over VM sockets
expected_over_vsock() {
	# shellcheck disable=SC2094 # the table has another path
	cat "$differences" "${ENGINE_DIFFERENCES:-/dev/null}" >differences
	awk -v name="$1" -v table=differences -v release="$(uname -r)" '
		# is it a kernel whose release begins with one of the words?
		function is_meant(words,    word, i, count) {
			count = split(words, word, " ")
			for (i = 1; i <= count; i++)
				if (index(release, word[i]) == 1) return 1
			return count == 0
		}
		BEGIN {
			while ((getline line <table) > 0) {
				if (line ~ /^\[.*\]$/) {
					part = substr(line, 2, length(line) - 2)
					kernel = ""
				}
				if (part != name) continue
				if (line ~ /^why: /) kernel = ""
				if (line ~ /^kernel: /) kernel = substr(line, 9)
				if (!is_meant(kernel)) continue
				if (line ~ /^tcp: /) tcp = substr(line, 6)
				if (line ~ /^vsock: /) other[tcp] = substr(line, 8)
			}
		}
		$0 in other { used[$0]; print other[$0]; next }
		{ print }
		END {
			for (tcp in other)
				if (!(tcp in used)) print "the table of differences has a line that TCP does not print: " tcp
		}'
}

# same_over_vsock [--rules RULE-OPTION... --] NAME [ARG...] - run the helper NAME both ways
same_over_vsock() {
	local rules=("${everything[@]}")
	if [ "$1" = --rules ]; then
		rules=()
		shift
		while [ "$1" != -- ]; do
			rules+=("$1")
			shift
		done
		shift
	fi
	local name=$1
	shift
	"${behind[@]}" "$HELPERS/$name" "$@" >tcp.out 2>&1 || fail "$name over TCP: status $?: $(grep WRONG tcp.out || tail -n 20 tcp.out)"
	OVER_VSOCK=$carrier "${behind[@]}" "$VSOCKIFY" "${rules[@]}" "$HELPERS/$name" "$@" >carried.out 2>&1 ||
		fail "$name over vsock: status $?: $(grep WRONG carried.out || tail -n 20 carried.out)"
	"${as_if_over_tcp[@]}" <carried.out >vsock.out
	expected_over_vsock "$name" <tcp.out >expected.out
	diff -u -U 1000 expected.out vsock.out >diff.out || {
		# each line that differs, with the headings of its section
		grep -E '^[-+ ]\[|^[-+]' diff.out | awk '/^ \[/ { heading = $0; next } heading { print heading; heading = "" } { print }'
		fail "$name $*: not the same over TCP (-) and over VM sockets (+)"
	}
	echo "$name $*: $(wc -l <vsock.out) lines the same"
}
