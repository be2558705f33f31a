# shellcheck shell=bash disable=SC2154 # variables of lib.sh
# tests/muxer/pending.sh - what pending.py prints over TCP, where a SYN gets no answer for a while, to compare with; source
# after tests/muxer/lib.sh. `client CASE PORT` runs a case otherwise.

# over_tcp CASE PORT - each with a server of its own, all at once: the kernel tries again after a second
over_tcp() {
	"$python" "$muxer/pending.py" "$1" 127.0.0.1 "$2" >"$1.tcp" 2>&1
}
cases=(asks connects waits options epolls copies forks executes passes shuts leaves speaks interrupted)
all_over_tcp() {
	local port=7100 clients=() case client
	for case in "${cases[@]}" refused; do
		port=$((port + 1))
		if [ "$case" != refused ]; then
			start "$python" "$muxer/slow_server.py" $port >"$case.server"
			wait_until grep -q listening "$case.server"
		fi
		over_tcp "$case" $port &
		clients+=($!)
	done
	for client in "${clients[@]}"; do
		wait "$client" || fail "over TCP: $(tail -n 3 ./*.tcp)"
	done
}

# same CASE PORT - it prints the same
same() {
	client "$1" "$2" >"$1.muxer" 2>&1 || fail "$1: $(tail -n 5 "$1.muxer")"
	diff "$1.tcp" "$1.muxer" || fail "$1: not the same over TCP (<) and otherwise (>)"
}
