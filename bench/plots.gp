# bench/plots.gp - draws figures.csv of the current folder; gnuplot
set datafile separator ","
set terminal svg size 820,520 font "sans-serif,13" background "white"
set grid ytics lc rgb "#dddddd"
set key outside bottom center horizontal reverse Left
set xlabel offset 0, 0.4
set bmargin 6.5
set border 3
set xtics nomirror
set ytics nomirror
kernel = "6.1"

# pick_of(KERNEL, FIGURE, WAY) - lines "parameter value"; pick(FIGURE, WAY) - of the one kernel
pick_of(kernel, figure, way) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $4 == \"%s\" { print $3 \",\" $5 }' figures.csv", kernel, figure, way)
pick(figure, way) = pick_of(kernel, figure, way)

set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9

# has(FIGURE) - is there any of it?
has(figure) = system(sprintf("grep -c ',%s,' figures.csv || true", figure)) > 0

# of bench/kvm
if (has("machine")) {
    set yrange [0:*]
    do for [direction in "guest-to-host host-to-guest"] {
        from = direction eq "guest-to-host" ? "from the guest to the host" : "from the host to the guest"
        do for [figure in "roundtrip bulk"] {
            set output direction."-".figure.".svg"
            set title (figure eq "bulk" ? "Bulk transfer " : "Round trip ").from.", KVM"
            set xlabel (figure eq "bulk" ? "size of a write (bytes)" : "message size (bytes)")
            set ylabel (figure eq "bulk" ? "throughput (MiB/s)" : "time for a round trip (µs)")
            of = direction."-".figure
            plot pick_of("kvm", of, "tcp") using 2:xtic(1) title "TCP, virtio-net" lc rgb "#8da0cb", \
                 pick_of("kvm", of, "native") using 2 title "native AF\\\_VSOCK" lc rgb "#66c2a5", \
                 pick_of("kvm", of, "shim") using 2 title "TCP program under vsockify" lc rgb "#fc8d62", \
                 pick_of("kvm", of, "muxer") using 2 title "the same past a VMM's Unix socket" lc rgb "#e5c494", \
                 pick_of("kvm", of, "relay") using 2 title "TCP program, a socat at either end" lc rgb "#999999"
        }
    }
    exit
}

set output "roundtrip.svg"
set title "Round trip on one machine, Linux ".kernel." (1 µs = 1,000 instructions)"
set xlabel "message size (bytes)"
set ylabel "time for a round trip (µs)"
set yrange [0:*]
plot pick("roundtrip", "tcp") using 2:xtic(1) title "TCP on loopback" lc rgb "#8da0cb", \
     pick("roundtrip", "native") using 2 title "native AF\\\_VSOCK" lc rgb "#66c2a5", \
     pick("roundtrip", "shim") using 2 title "TCP program under vsockify" lc rgb "#fc8d62", \
     pick("roundtrip", "half-relay") using 2 title "TCP program, one socat" lc rgb "#cccccc", \
     pick("roundtrip", "relay") using 2 title "TCP program, a socat at either end" lc rgb "#999999"

set output "bulk.svg"
set title "Bulk transfer on one machine, Linux ".kernel." (1 µs = 1,000 instructions)"
set xlabel "size of a write (bytes)"
set ylabel "throughput (MiB/s)"
plot pick("bulk", "tcp") using 2:xtic(1) title "TCP on loopback" lc rgb "#8da0cb", \
     pick("bulk", "native") using 2 title "native AF\\\_VSOCK, 256 KiB buffer" lc rgb "#66c2a5", \
     pick("bulk", "native-4M") using 2 title "native AF\\\_VSOCK, 4 MiB buffer" lc rgb "#1b9e77", \
     pick("bulk", "shim") using 2 title "TCP program under vsockify" lc rgb "#fc8d62", \
     pick("bulk", "half-relay") using 2 title "TCP program, one socat" lc rgb "#cccccc", \
     pick("bulk", "relay") using 2 title "TCP program, a socat at either end" lc rgb "#999999"

# not in a quick run
if (has("pause")) {
    set output "connect.svg"
    set title "Connect, one round trip, close on one machine (1 µs = 1,000 instructions)"
    set xlabel "pause of the client before each connection (empty system calls of 0.3 µs)"
    set ylabel "time for a connection, without the pause (µs)"
    set style data linespoints
    plot pick_of("6.1", "pause", "tcp") using 1:2 title "TCP on loopback, Linux 6.1" lc rgb "#8da0cb" pt 7 lw 2, \
         pick_of("6.1", "pause", "native") using 1:2 title "native AF\\\_VSOCK, 6.1" lc rgb "#66c2a5" pt 7 lw 2, \
         pick_of("6.1", "pause", "shim") using 1:2 title "under vsockify, 6.1" lc rgb "#fc8d62" pt 7 lw 2, \
         pick_of("6.12", "pause", "tcp") using 1:2 title "TCP, Linux 6.12" lc rgb "#8da0cb" pt 6 dt 2 lw 2, \
         pick_of("6.12", "pause", "native") using 1:2 title "native AF\\\_VSOCK, 6.12" lc rgb "#66c2a5" pt 6 dt 2 lw 2, \
         pick_of("6.12", "pause", "shim") using 1:2 title "under vsockify, 6.12" lc rgb "#fc8d62" pt 6 dt 2 lw 2
}

# of bench/buffers: beside what the default of 4 MiB gives, and what it costs
if (has("buffer-loopback-stalled")) {
    of_default(kernel, figure) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $4 == \"shim\" { size[++n] = $3; value[n] = $5; if ($3 == 4194304) normal = $5 } END { for (i = 1; i <= n; i++) print size[i] / 1024 \",\" value[i] / normal }' figures.csv", kernel, figure)
    set output "buffers.svg"
    set terminal svg size 820,1100 font "sans-serif,13" background "white"
    set multiplot layout 3,1
    set style data linespoints
    set logscale x 2
    set xrange [12:22000]
    set xtics (16, 64, 256, "1,024" 1024, "4,096" 4096, "16,384" 16384)
    set xlabel "buffer\\_size (KiB)"
    set yrange [0:*]
    set title "Bulk, writes of 64 KiB"
    set ylabel "throughput, of that with 4 MiB"
    plot of_default("6.1", "buffer-loopback-bulk-65536") using 1:2 title "loopback, Linux 6.1" lc rgb "#8da0cb" pt 7 lw 2, \
         of_default("6.12", "buffer-loopback-bulk-65536") using 1:2 title "loopback, 6.12" lc rgb "#8da0cb" pt 6 dt 2 lw 2, \
         of_default("6.1", "buffer-boundary-bulk-65536-high") using 1:2 title "guest to host, virtio, 6.1" lc rgb "#fc8d62" pt 7 lw 2, \
         of_default("6.12", "buffer-boundary-bulk-65536-high") using 1:2 title "guest to host, virtio, 6.12" lc rgb "#fc8d62" pt 6 dt 2 lw 2
    set title "Round trip, 16 KiB"
    set ylabel "time, of that with 4 MiB"
    plot of_default("6.1", "buffer-loopback-roundtrip-16384") using 1:2 title "loopback, Linux 6.1" lc rgb "#8da0cb" pt 7 lw 2, \
         of_default("6.12", "buffer-loopback-roundtrip-16384") using 1:2 title "loopback, 6.12" lc rgb "#8da0cb" pt 6 dt 2 lw 2, \
         of_default("6.1", "buffer-boundary-roundtrip-16384-low") using 1:2 title "guest to host, virtio, 6.1" lc rgb "#fc8d62" pt 7 lw 2, \
         of_default("6.12", "buffer-boundary-roundtrip-16384-low") using 1:2 title "guest to host, virtio, 6.12" lc rgb "#fc8d62" pt 6 dt 2 lw 2
    set title "Memory of a connection that nobody reads"
    set ylabel "KiB"
    set logscale y 10
    set yrange [10:50000]
    plot pick_of("6.1", "buffer-loopback-stalled", "shim") using ($1/1024):2 title "Linux 6.1" lc rgb "#66c2a5" pt 7 lw 2, \
         pick_of("6.12", "buffer-loopback-stalled", "shim") using ($1/1024):2 title "6.12" lc rgb "#66c2a5" pt 6 dt 2 lw 2, \
         x with lines title "buffer\\_size" lc rgb "#999999" dt 3
    unset multiplot
    unset logscale
    set xtics auto
    set terminal svg size 820,520 font "sans-serif,13" background "white"
}

set output "rules.svg"
set title "Looking an address up among rules, none of which matches"
set xlabel "number of rules"
set ylabel "instructions for one look-up"
set logscale xy
set format y "10^{%T}"
set format x "10^{%T}"
set xrange [0.8:1.25e5]
set yrange [*:*]
set style data linespoints
plot pick("match", "exact-none") using 1:2 title "exact addresses" lc rgb "#66c2a5" pt 6 ps 1.4 lw 2, \
     pick("match", "prefix-none") using 1:2 title "prefixes" lc rgb "#fc8d62" pt 7 lw 2, \
     pick("match", "range-none") using 1:2 title "exact addresses, port ranges" lc rgb "#5e77b5" pt 2 lw 2
