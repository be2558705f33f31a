# tests/vm/arm64.sh - a machine with a 64-bit ARM processor; sourced by machine.sh
# shellcheck shell=bash disable=SC2034 # what machine.sh reads

emulator=(qemu-system-aarch64 -machine "virt,gic-version=3")

# What of the kernel's start can be left out: testing ciphers. A panic ends the machine (with qemu's -no-reboot).
boot_arguments="quiet loglevel=5 console=ttyAMA0 panic=-1 mitigations=off nokaslr trace_clock=local cryptomgr.notests"

# That of many a server. Newer ones sign their pointers, which takes an emulation long.
emulated_cpu=neoverse-n1
