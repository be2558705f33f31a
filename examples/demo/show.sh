# Shared by both sides of the demo: shows each command as a person would type it, then runs it. In its virtual
# machine each side has a file system of its own, so both may write into this folder.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
PATH=$(cd ../../build && pwd):$PATH
# shellcheck source=/dev/null
. "$VM_LIB"

# run COMMAND-LINE - show it behind a prompt, and run it
run() {
	# shellcheck disable=SC2154 # set by whoever sources this
	printf '\n%s# %s\n' "$side" "$1"
	eval "$1"
}

# say WORD... - a remark
say() {
	printf '\n# %s\n' "$*"
}

# until_there COMMAND... - wait for a server, at most a minute
until_there() {
	local tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { echo "gave up waiting for: $*" >&2; return 1; }
		sleep 0.2
	done
}

# vsock_listens PORT - is there a listener on this vsock port?
vsock_listens() {
	ss -H --vsock -l -n | grep -q ":$1 "
}
