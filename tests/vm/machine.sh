# Starting one machine and passing out what happens in it; sourced by run, pair and (inside the hypervisor) guest. What
# depends on its processor is in amd64.sh and arm64.sh.
#
# Everything of one run is in a temporary folder. The machine sees its subfolder in/ as /run/vm/in: `settings` and
# `command`. qemu's stdout is the pipe on which the machine reports ("up", "exit STATUS"), so that its end, for
# whatever reason, is noticed at once.
# shellcheck shell=bash disable=SC2154 # variables of options.sh

. "$here/${vm_arch:-amd64}.sh"

fail()
{
    echo "tests/vm: $*" >&2
    [ ! -s "$run/qemu.log" ] || sed 's/^/    qemu: /' "$run/qemu.log" >&2
    [ ! -s "$run/console.log" ] || tail -n 25 "$run/console.log" | tr -d '\r' | sed 's/^/    console: /' >&2
}

# Nothing outlives this script: qemu is also told to end by the kernel (setpriv), should bash itself be killed.
cleanup()
{
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    # KILL ends one that is stopped, too. `device`: a process without which this machine cannot be (tests/muxer).
    # shellcheck disable=SC2086 # any may be empty
    kill -KILL ${qemu:-} ${pump:-} ${device:-} 2>/dev/null || true
    wait 2>/dev/null
    rm -rf "$run"
    exit $status
}

# prepare_machine READY: makes the folder of this run. READY is what tests/vm/prepare printed.
prepare_machine()
{
    ready=$1
    run=$(mktemp -d "${TMPDIR:-/tmp}/vsockify-vm.XXXXXX")
    qemu_command=()
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    mkfifo "$run/out"
    mkdir "$run/in"
    : >"$run/in/shares"
    [ "${vm_arch:-amd64}" != amd64 ] || set_in_machine vm_modules "$(readlink -f "$ready/modules")"
}

# Quotes words for sh.
quote()
{
    local word
    for word; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

set_in_machine() { echo "$1=$(quote "$2")" >>"$run/in/settings"; }

# share FOLDER [NAME [OPTION]]: shares it with the machine, writable, under the same name, or another.
share()
{
    local tag
    tag=share$(wc -l <"$run/in/shares")
    echo "$tag ${2:-$1}" >>"$run/in/shares"
    qemu_command+=(-virtfs "local,path=$1,mount_tag=$tag,security_model=none,multidevs=remap${3:+,$3}")
}

# share_foreign: what a machine with another processor has of this machine, beside that processor's programs
share_foreign()
{
    local tree=${here%/tests/vm}
    share "$(readlink -f "$ready/modules")" /run/vm/modules readonly=on
    set_in_machine vm_modules /run/vm/modules
    share "$tree" /run/vm/tree readonly=on
    set_in_machine vm_tree "$tree"
    set_in_machine vm_build "$tree/build/$vm_arch"
}

# write_command FILE COMMAND [ARG...]: a script that runs the command in this directory and this environment.
write_command()
{
    local file=$1 name
    shift
    {
        while read -r name; do
            case $name in
            VM_* | PWD | OLDPWD | SHLVL | _ | TMPDIR | XDG_RUNTIME_DIR | BASH_*) ;;
            *) echo "export $name=$(quote "${!name}")" ;;
            esac
        done < <(compgen -e)
        echo "PATH=\${PATH:+\$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        echo "cd $(quote "$PWD") || exit 125"
        [ -z "${VM_OUT:-}" ] || echo "export VM_OUT=$(quote "$VM_OUT")"
        echo "export VM_LIB=$(quote "$here/lib.sh")"
        echo "[ ! -e /run/vm/in/environment ] || . /run/vm/in/environment"
        echo "exec $(quote "$@")"
    } >"$file"
}

# The machine on this machine; guest has its own.
outer_machine()
{
    prepare_machine "$("$here/prepare" "$vm_kernel" "$vm_arch" || echo /nonexistent)"
    [ -d "$ready" ] || { fail "no machine could be made ready"; exit 125; }
    [ "$vm_arch" = amd64 ] || share_foreign
    vm_programs=$ready/programs
    qemu_command+=(-m "$vm_memory")
    if [ "$vm_icount" = 1 ]; then
        qemu_command+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -smp 1 -cpu "$emulated_cpu")
    elif [ "$vm_kvm" = 1 ]; then
        qemu_command+=(-accel kvm -cpu host -smp "${vm_smp:-2}")
    else
        qemu_command+=(-accel "tcg,thread=multi" -cpu "$emulated_cpu" -smp "${vm_smp:-2}")
    fi
    if [ -n "${VM_OUT:-}" ]; then
        VM_OUT=$(cd "$VM_OUT" && pwd -P) || exit 125
        share "$VM_OUT"
    fi
}

# start_machine SECONDS: starts qemu and waits until the machine is up. What it reports can be read from descriptor 5,
# which ends when qemu does; `started` is when that was. Returns 0, or as `read` does: 1 if qemu ended, more if the time
# was up.
start_machine()
{
    local line=''

    started=$SECONDS
    [ -z "${before_start:-}" ] || "$before_start"
    cat "$run/out" &
    pump=$!
    exec 5< <(exec setpriv --pdeathsig KILL setsid "${qemu_command[@]}" </dev/null 2>"$run/qemu.log")
    qemu=$!
    read -r -t "$1" -u 5 line || return
    [ "$line" = up ]
}

# stop_machine: ends a machine that start_machine has started.
stop_machine()
{
    kill -KILL "$qemu" "$pump" 2>/dev/null || true
    wait "$qemu" "$pump" 2>/dev/null || true
    exec 5<&-
}

# boot_machine [KERNEL_ARGUMENT...]: runs the machine to its end and exits with the command's status.
boot_machine()
{
    local programs=''
    if [ -e "$vm_programs" ]; then
        programs=vm_programs=1
        qemu_command+=(-drive "if=none,id=programs,format=raw,readonly=on,file.locking=off,file=$vm_programs"
            -device "virtio-blk-pci,drive=programs")
    fi
    local line='' result=0 left boot=${VM_BOOT_TIMEOUT:-120}

    # shellcheck disable=SC2054 # QEMU's own commas
    qemu_command=("${emulator[@]}" -nodefaults -no-user-config -no-reboot -display none -vga none -nic none
        -kernel "$ready/vmlinux" -initrd "$ready/initramfs.cpio"
        -append "$boot_arguments $programs $* ${VM_APPEND:-}"
        -serial "file:$run/console.log"
        -device virtio-serial -chardev "file,id=out,path=$run/out" -device virtserialport,nr=1,chardev=out
        -chardev "file,id=report,path=/dev/stdout" -device virtserialport,nr=2,chardev=report
        -virtfs "local,path=$(readlink -f "$ready/root"),mount_tag=root,security_model=none,readonly=on,multidevs=remap"
        -virtfs "local,path=$run/in,mount_tag=in,security_model=none,readonly=on" "${qemu_command[@]}")

    [ "$boot" -le "$vm_timeout" ] || boot=$vm_timeout
    start_machine "$boot" || result=$?
    # About one in a hundred emulated kernels hangs before its first program, or panics there (it writes over its own
    # code while the other processor runs it). Nothing of the command has run by then.
    if [ $result -gt 1 ] || { [ $result = 1 ] && grep -q 'Kernel panic' "$run/console.log"; }; then
        fail "the machine has not started within $boot seconds; once more"
        stop_machine
        result=0
        start_machine "$boot" || result=$?
    fi
    if [ $result != 0 ]; then
        fail "the machine did not start"
        exit 125
    fi
    [ -z "${when_up:-}" ] || "$when_up"

    # One that reboots reports once more that it is up.
    line=up
    while [ $result = 0 ] && [ "$line" = up ]; do
        left=$((started + vm_timeout - SECONDS))
        [ $left -gt 0 ] || left=1
        read -r -t $left -u 5 line || result=$?
    done
    case $result:$line in
    "0:exit "*)
        wait $pump || true
        pump=''
        exit "${line#exit }"
        ;;
    1:*)
        wait "$qemu" && result=0 || result=$?
        fail "the machine ended before the command did (qemu's status $result)"
        exit 125
        ;;
    *)
        fail "still running after $vm_timeout seconds"
        exit 124
        ;;
    esac
}
