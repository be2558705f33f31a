# tests/vm/debian.sh - packages of other Debian suites, unpacked but not installed; sourced by whoever needs them.
#
# An apt configuration of its own (sources, lists, cache, all in one folder) makes this work without root, on any
# release, and leaves the machine's apt as it is.
# shellcheck shell=bash disable=SC2034 # mirror and key are for who sources this

mirror=${VM_MIRROR:-http://deb.debian.org}
key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'

say() { echo "tests/vm: $*" >&2; }

# quietly COMMAND... - shows what a command printed only if it failed
quietly() {
    local said
    said=$("$@" 2>&1) || { echo "$said" >&2; return 1; }
}

# private_apt FOLDER - reads the lists of the suites named on stdin, lines of a sources.list; leaves the options for
# apt in the array `apt`
private_apt() {
    mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial"
    cat >"$1/apt/sources.list"
    apt=(-q -o "Dir::Etc::SourceList=$1/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$1/apt/lists" -o "Dir::Cache=$1/apt" -o Acquire::Languages=none
        -o Acquire::Retries=3 -o "APT::Sandbox::User=$(id -un)" -o APT::Architecture=amd64 -o APT::Architectures::=amd64)
    quietly apt-get "${apt[@]}" update
}

# unpack_package FOLDER PACKAGE... - the packages' files, in FOLDER/root
unpack_package() {
    local folder=$1 package
    shift
    mkdir -p "$folder/packages"
    (cd "$folder/packages" && quietly apt-get "${apt[@]}" download "$@") || return
    for package in "$folder"/packages/*.deb; do
        dpkg -x "$package" "$folder/root" || return
    done
    rm -r "$folder/packages"
}
