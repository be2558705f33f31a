# tests/vm/amd64.sh - a machine with an x86-64 processor; sourced by machine.sh
# shellcheck shell=bash disable=SC2034 # what machine.sh reads

emulator=(qemu-system-x86_64)

# What of the kernel's start can be left out: searching all PCI buses for an AGP bridge by port I/O (pci=noearly), PCI
# interrupt routing by ACPI, where MSI is used anyway (noacpi), testing ciphers, measuring the speed of delay loops.
# The TSC is taken to be good (tsc=reliable): an emulated one is the same on all processors, and without it every
# clock_gettime is a system call and an access to the HPET. A panic ends the machine (with qemu's -no-reboot).
boot_arguments="quiet loglevel=5 console=ttyS0 panic=-1 mitigations=off nokaslr trace_clock=local \
pci=noearly,noacpi cryptomgr.notests lpj=10000000 tsc=reliable"

# SVM makes the machine a possible hypervisor. Without `erms` the guest copies and clears memory eight bytes at a time
# (rep movsq); with it byte by byte (rep movsb), which a processor does well and its emulation does not.
emulated_cpu="max,+svm,-erms,-fsrm,-la57"
