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

# private_apt FOLDER [ARCHITECTURE] - reads the lists of the suites named on stdin, lines of a sources.list; leaves the
# options for apt in the array `apt`. amd64, unless told.
private_apt() {
    local architecture=${2:-amd64}
    mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial"
    cat >"$1/apt/sources.list"
    apt=(-q -o "Dir::Etc::SourceList=$1/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$1/apt/lists" -o "Dir::Cache=$1/apt" -o Acquire::Languages=none
        -o Acquire::Retries=3 -o "APT::Sandbox::User=$(id -un)" -o "APT::Architecture=$architecture"
        -o "APT::Architectures::=$architecture")
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

# unpack_root FOLDER PACKAGE... - the packages and all that they need, in FOLDER/root, as if nothing were installed. Their
# scripts are not run. Below /usr is all, as Debian has it since 12, whatever a package says.
unpack_root() {
    local folder=$1 name package
    shift
    : >"$folder/nothing"
    mkdir -p "$folder"/root/usr/{bin,sbin,lib}
    for name in bin sbin lib; do ln -s "usr/$name" "$folder/root/$name"; done
    quietly apt-get "${apt[@]}" -o "Dir::State::Status=$folder/nothing" -o Debug::NoLocking=1 \
        -y --no-install-recommends --download-only install "$@" || return
    for package in "$folder"/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder/root" || return
    done
}
