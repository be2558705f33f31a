# shellcheck shell=bash
# tests/fuzz/fuzz.sh - a target of libFuzzer's, built and run for FUZZ_SECONDS (60). Needs clang. Source it.
#
# Every run starts from other random words, and from what the test has put into the folder seeds. An input that breaks
# the target is printed; `make fuzz FUZZ_SECONDS=3600` looks for longer.

. "$VSOCKIFY_TREE/tests/lib.sh"
mkdir seeds

# fuzz NAME [SOURCE...] - fuzz_NAME() of tests/fuzz/NAME.c, under the name that libFuzzer calls, with sources of the tree,
# each a path from its top; FUZZ_FLAGS: what the compiler is told beside that
fuzz() {
	local name=$1
	shift
	(cd "$VSOCKIFY_TREE" && clang -std=gnu11 -D_GNU_SOURCE "-Dfuzz_$name=LLVMFuzzerTestOneInput" -g -O1 \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined "tests/fuzz/$name.c" "$@" \
		"${FUZZ_FLAGS[@]}" -o "$OLDPWD/$name")
	mkdir corpus
	"./$name" -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 "${FUZZ_LIMITS[@]}" corpus seeds 2>log || {
		tail -n 60 log
		for input in crash-* leak-* timeout-* oom-*; do
			[ ! -e "$input" ] || { echo "$input, in base64:"; base64 "$input"; }
		done
		fail "an input that breaks it"
	}
	grep number_of_executed_units log
}
FUZZ_FLAGS=() FUZZ_LIMITS=(-max_len=320)

# all that reads configurations
# shellcheck disable=SC2034 # used by the tests that source this
mapfile -t reading < <(cd "$VSOCKIFY_TREE" && find config -name '*.c' ! -name reader.c)
