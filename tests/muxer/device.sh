# tests/muxer/device.sh - a machine's vsock is a Unix socket here, $folder/v.sock: sourced after tests/vm/machine.sh, by
# whoever calls add_device before boot_machine. It ends with the machine.
# shellcheck shell=bash

mapfile -t program < <("${BASH_SOURCE[0]%/*}/fetch-device")
[ ${#program[@]} -gt 0 ] || exit 125

# One device serves one life of qemu.
# shellcheck disable=SC2317 # called by start_machine
start_device()
{
    local tries=0

    [ -z "${device:-}" ] || kill -KILL "$device" 2>/dev/null || true
    # shellcheck disable=SC2154 # of whoever sources this
    rm -f "$folder"/{v,vhost}.sock
    setpriv --pdeathsig KILL setsid "${program[@]}" --guest-cid 3 --socket "$folder/vhost.sock" \
        --uds-path "$folder/v.sock" </dev/null >"$folder/device.log" 2>&1 &
    device=$!
    echo "$device" >"$folder/device.pid"
    until [ -S "$folder/vhost.sock" ]; do
        tries=$((tries + 1))
        if [ "$tries" = 100 ] || ! kill -0 "$device" 2>/dev/null; then
            cat "$folder/device.log" >&2
            fail "the device has not started"
            exit 125
        fi
        sleep 0.1
    done
}

# add_device: to the machine that is to be started
add_device()
{
    local type=''

    # shellcheck disable=SC2034 # for start_machine
    before_start=start_device
    [ "${vm_arch:-}" != amd64 ] || type=pc, # of others, the processor's file says it
    # The device sees the guest's memory as a file in common.
    # shellcheck disable=SC2054,SC2154 # qemu's own commas; options.sh
    qemu_command+=(-object "memory-backend-memfd,id=memory,size=$vm_memory,share=on"
        -machine "${type}memory-backend=memory" -chardev "socket,id=muxer,path=$folder/vhost.sock"
        -device vhost-user-vsock-pci,chardev=muxer)
}
