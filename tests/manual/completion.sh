# shellcheck shell=bash
# tests/manual/completion.sh - what the tests of completions share: source it after tests/lib.sh
#
# The launcher and its completions are installed into this directory, and found there in the usual places. A line is
# typed into a shell at a terminal, and a key inserts all completions (type.py).

make -s -C "$VSOCKIFY_TREE" install DESTDIR="$PWD/root" PREFIX=/usr BUILD="$PWD/build" >/dev/null
export PATH=$PWD/root/usr/bin:$PATH XDG_DATA_DIRS=$PWD/root/usr/share:/usr/share
# nothing of whoever runs the tests, neither read nor written
export HOME=$PWD INPUTRC=/dev/null HISTFILE=/dev/null TERM=xterm LC_ALL=C
cat >rules.conf <<'CONF'
version = 1;
peers = (
  { name = "db"; cid = 7; addresses = [ "10.0.2.15", "fd00::15" ]; },
  { name = "web"; cid = 8; },
  { cid = 9; addresses = [ "10.0.2.19" ]; }
);
connect = ( { to = "10.0.0.1:80"; peer = "db"; } );
listen = ( { on = "127.0.0.1:8080"; } );
CONF
cat >sockets.conf <<'CONF'
version = 1;
peers = (
  { name = "vm1"; cid = 3; socket = "/run/vm1/v.sock"; addresses = [ "10.0.2.15", "fd00::15" ]; },
  { name = "vm2"; socket = "/run/10.0.2.16/v.sock"; }
);
CONF
mkdir vms
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("vms/v.sock")'
touch vms/v.log

# all_completions SETUP SHELL... - type what stands before " -> " in each line of standard input; fail unless what
# stands behind it comes of it, with any spaces at the end
all_completions() {
	cat >wanted
	sed 's/ -> .*//; s/\^$//' wanted | "$VSOCKIFY_TREE/tests/manual/type.py" "$@" | sed 's/ *$//' >got
	sed 's/.* -> //' wanted | diff - got || fail "what was typed gave (>), and not (<)"
	echo "$(wc -l <got) lines"
}

# options - those of --help, as a shell lists them for "--"
options() {
	vsockify --help | sed -nE 's/^ +(-[a-zA-Z], )?(--[a-z-]+) .*/\2/p' | sort | tr '\n' ' ' | sed 's/ $//'
}
