# shellcheck shell=bash
# tests/config/ways.sh - the ways in which a configuration reaches a program, and a count of what came of it
# Sourced after tests/lib.sh.
#
# launcher: vsockify -c FILE PROGRAM; variable: VSOCKIFY_CONFIG=FILE vsockify PROGRAM;
# preload: the shim preloaded, without the launcher; check: vsockify -c FILE --check
passed=0
failed=0

# try WAY FILE - let a program start with the configuration FILE; sets $status, $out and $err
try() {
	local program=(/bin/echo STARTED)
	status=0
	case $1 in
	launcher) "$VSOCKIFY" -c "$2" "${program[@]}" >out 2>err || status=$? ;;
	variable) VSOCKIFY_CONFIG=$2 "$VSOCKIFY" "${program[@]}" >out 2>err || status=$? ;;
	preload) VSOCKIFY_CONFIG=$2 LD_PRELOAD=$SHIM "${program[@]}" >out 2>err || status=$? ;;
	check) "$VSOCKIFY" -c "$2" --check >out 2>err || status=$? ;;
	*) fail "unknown way: $1" ;;
	esac
	out=$(cat out)
	err=$(cat err)
}

# count NAME COMMAND... - run a check and count it; it says itself what is wrong
count() {
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name: exit status $status"
		printf '  stdout: %s\n  stderr: %s\n' "${out:0:500}" "${err:0:500}"
	fi
}

# refused START REASON - was the program not started, with status 78 and a message that starts with START and
# contains REASON?
refused() {
	local line
	[ "$status" -eq 78 ] || return 1
	[ -z "$out" ] || return 1
	while IFS= read -r line; do
		[[ $line == "$1"*"$2"* ]] && return 0
	done <<<"$err"
	echo "  wanted: $1...$2"
	return 1
}

# accepted - was the program started, or the table printed, without a word on stderr?
accepted() {
	[ "$status" -eq 0 ] && [ -n "$out" ] && [ -z "$err" ]
}

# finish - print the count; fails if anything failed, or nothing was tried
finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
