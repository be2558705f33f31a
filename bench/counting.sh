# shellcheck shell=bash
# bench/counting.sh - what the scripts share that measure in a machine whose clock counts instructions; sourced after
# tests/lib.sh
machine_only
export WAIT_SECONDS=600 # this clock runs ahead while a program is read from the disk
# shellcheck disable=SC2034 # these are for whoever sources this
programs=$VSOCKIFY_TREE/build/bench kernel=$(uname -r | cut -d. -f1,2)
# shellcheck disable=SC2034
fixed=(chrt --fifo 1) # a fixed priority: see bench/connecting

# write_unenlarged PORTS - unenlarged.conf, for servers at these: accept() has no larger buffer to tell of (shim/buffer.h)
write_unenlarged() {
	echo "version = 1; listen = ( { on = \"*:$1\"; } ); options = { buffer_size = 4096; };" >unenlarged.conf
}
