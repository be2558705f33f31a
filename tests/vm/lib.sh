# For the scripts that pair runs: `. "$VM_LIB"`. Signals between the sides are files in $VM_SHARED.
# shellcheck shell=sh

# signal NAME [TEXT]: lets await NAME return, on every side.
signal()
{
    echo "${2-}" >"$VM_SHARED/.new-$VM_CID-$1"
    mv "$VM_SHARED/.new-$VM_CID-$1" "$VM_SHARED/$1"
}

# await NAME [SECONDS]: waits for a signal, at most 60 seconds unless told, and prints its text if it has one. Fails,
# saying so, when the time is up or when another side has ended without giving it.
await()
{
    _left=$((${2:-60} * 5))
    while [ ! -e "$VM_SHARED/$1" ]; do
        for _ended in "$VM_SHARED"/.ended-*; do
            if [ -e "$_ended" ] && [ ! -e "$VM_SHARED/$1" ]; then
                echo "await: no signal '$1', and ${_ended##*-} has ended" >&2
                return 1
            fi
        done
        if [ $_left -le 0 ]; then
            echo "await: no signal '$1' within ${2:-60} seconds" >&2
            return 1
        fi
        _left=$((_left - 1))
        sleep 0.2
    done
    grep . "$VM_SHARED/$1" || true
}
