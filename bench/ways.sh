# shellcheck shell=bash
# bench/ways.sh - the ways from a client to a server across a boundary, and either side's part of each; sourced after
# tests/lib.sh by bench/boundary and bench/kvm, on both sides
#
#   tcp     over a network card, virtio-net
#   native  the program built for AF_VSOCK
#   shim    the TCP program under vsockify
#   relay   the TCP program with a socat at either end
#   muxer   the TCP program under vsockify, where the guest's VM sockets are a Unix socket on the host, $MUXER
#
# $VM_CID is this side's CID (2), $guest_cid the guest's. Ports, on either side: 5000 TCP, 6000 native, 7000 the shim, 8000
# and 9000 a relay's two ends; + 0 echo, 1 sink.
programs=$VSOCKIFY_TREE/build/bench
VM_CID=${VM_CID:-2} guest_cid=${guest_cid:-3}
if [ "$VM_CID" = 2 ]; then
	peer_cid=$guest_cid peer_address=10.9.3.2
else
	# shellcheck disable=SC2034 # for whoever sources this
	peer_cid=2 peer_address=10.9.3.1
fi

# On the host a way past a muxer needs a file; the guest knows nothing of one.
if [ "$VM_CID" = 2 ]; then
	through_muxer=("$VSOCKIFY" -c muxer.conf)
else
	through_muxer=("$VSOCKIFY" --connect "10.0.2.2:*=2" --listen 7000-7001=7000)
fi
# write_muxer FILE - that file
write_muxer() {
	cat >"$1" <<END
version = 1;
peers = ( { name = "vm"; socket = "$MUXER"; } );
connect = ( { to = "10.0.2.2:*"; peer = "vm"; } );
listen = ( { on = "*:7000-7001"; peer = "vm"; } );
END
}

# unix_listens PATH
unix_listens() {
	ss -H -x -l -n | grep -Fq " $1 "
}

# serve_way WAY - an echo and a sink, which listen when this returns
serve_way() {
	local i kinds=(echo sink)
	for i in 0 1; do
		case $1 in
		tcp)
			start "$programs/stream-tcp" serve "${kinds[i]}" $((5000 + i))
			wait_tcp $((5000 + i))
			;;
		native)
			start "$programs/stream-vsock" serve "${kinds[i]}" $((6000 + i))
			wait_vsock $((6000 + i))
			;;
		shim)
			start "$VSOCKIFY" --listen 7000-7001=7000 "$programs/stream-tcp" serve "${kinds[i]}" $((7000 + i))
			wait_vsock $((7000 + i))
			;;
		relay)
			start socat "VSOCK-LISTEN:$((8000 + i)),fork,backlog=1024" "TCP:127.0.0.1:$((5000 + i)),nodelay"
			wait_vsock $((8000 + i))
			;;
		muxer)
			start "${through_muxer[@]}" "$programs/stream-tcp" serve "${kinds[i]}" $((7000 + i))
			if [ "$VM_CID" = 2 ]; then
				wait_until unix_listens "${MUXER}_$((7000 + i))"
			else
				wait_vsock $((7000 + i))
			fi
			;;
		esac
	done
}

# lead_relay - the near ends of the peer's relays
lead_relay() {
	local i
	for i in 0 1; do
		start socat "TCP-LISTEN:$((9000 + i)),fork,reuseaddr,nodelay,backlog=1024" \
			"VSOCK-CONNECT:$peer_cid:$((8000 + i))"
		wait_tcp $((9000 + i))
	done
}

# stream WAY WHAT SERVER ARGUMENT... - a client of the peer's, see bench/stream.c; SERVER: 0 echo, 1 sink
stream() {
	local way=$1 what=$2 server=$3
	shift 3
	case $way in
	tcp) "$programs/stream-tcp" "$what" $peer_address $((5000 + server)) "$@" ;;
	native) "$programs/stream-vsock" "$what" "$peer_cid" $((6000 + server)) "$@" ;;
	shim) "$VSOCKIFY" --connect "10.0.2.2:*=$peer_cid" "$programs/stream-tcp" "$what" 10.0.2.2 $((7000 + server)) "$@" ;;
	relay) "$programs/stream-tcp" "$what" 127.0.0.1 $((9000 + server)) "$@" ;;
	muxer) "${through_muxer[@]}" "$programs/stream-tcp" "$what" 10.0.2.2 $((7000 + server)) "$@" ;;
	esac
}

# middles KERNEL - from lines "FIGURE PARAMETER WAY VALUE" of all rounds to those of bench/measure: the middle one, and as
# FIGURE-low and FIGURE-high the other ends
middles() {
	sort -k1,1 -k2,2V -k3,3 -k4,4n | awk -v kernel="$1" '
		function flush(   unit) {
			unit = key ~ /bulk/ ? "MiB/s" : key ~ /stalled|written/ ? "KiB" : "us"
			if (n) {
				print kernel "," figure "," parameter "," way "," value[int((n + 1) / 2)] "," unit
				print kernel "," figure "-low," parameter "," way "," value[1] "," unit
				print kernel "," figure "-high," parameter "," way "," value[n] "," unit
			}
			n = 0
		}
		$1 " " $2 " " $3 != key { flush(); key = $1 " " $2 " " $3; figure = $1; parameter = $2; way = $3 }
		{ value[++n] = $4 }
		END { flush() }'
}
