# The options that run and pair have in common; sourced by both with their own arguments. Leaves what is not an option
# in the array `command`.
# shellcheck shell=bash disable=SC2034 # used by whoever sources this

usage()
{
    cat >&2 <<END
usage: $1
  --kernel 5.10|6.1|6.12|newest   of Debian 11, 12, backports, sid              (VM_KERNEL; 6.1)
  --arch amd64|arm64  the machine's processor (run only)                        (VM_ARCH; amd64)
  --smp N             processors                                                (VM_SMP; 2)
  --memory M          in MiB, or with a suffix                                  (VM_MEMORY; 2G, pair 3G)
  --timeout SECONDS   for the whole run                                         (VM_TIMEOUT; 600)
  --icount            time counts instructions: figures repeat; one processor   (VM_ICOUNT=1)
  --kvm               use this machine's KVM instead of emulation               (VM_KVM=1)
  --loopback, --no-loopback   load vsock_loopback or not (run does, pair does not)
  --plain             pair only: no host| and guest| before the lines
  --guests N          pair only: this many guests, CID 3 and up                 (1)
  --guest-memory M    pair only: of each guest                                  (512M)
  --network           pair only: the guests have a network card (virtio-net with vhost) beside vsock
A directory named in VM_OUT is shared with the machine, writable, under the same name.
END
    exit 2
}

vm_kernel=${VM_KERNEL:-6.1}
vm_arch=${VM_ARCH:-amd64}
vm_smp=${VM_SMP:-}
vm_memory=${VM_MEMORY:-$vm_memory}
vm_timeout=${VM_TIMEOUT:-600}
vm_icount=${VM_ICOUNT:-0}
vm_kvm=${VM_KVM:-0}
vm_guests=1
vm_guest_memory=512M
vm_plain=0
vm_network=0

while [ $# -gt 0 ]; do
    case $1 in
    --kernel) vm_kernel=${2-} ;;
    --arch) vm_arch=${2-} ;;
    --smp) vm_smp=${2-} ;;
    --memory) vm_memory=${2-} ;;
    --timeout) vm_timeout=${2-} ;;
    --guests) vm_guests=${2-} ;;
    --guest-memory) vm_guest_memory=${2-} ;;
    --icount) vm_icount=1; shift; continue ;;
    --kvm) vm_kvm=1; shift; continue ;;
    --loopback) vm_loopback=1; shift; continue ;;
    --no-loopback) vm_loopback=0; shift; continue ;;
    --plain) vm_plain=1; shift; continue ;;
    --network) vm_network=1; shift; continue ;;
    --) shift; break ;;
    -*) usage "${0##*/}: unknown option $1" ;;
    *) break ;;
    esac
    [ -n "${2-}" ] || usage "${0##*/}: $1 needs a value"
    shift 2
done
command=("$@")
