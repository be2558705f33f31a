# tests/tests.mk - what `make check`, `check-all` and its parts, `lint`, `graph`, `bench` and `conformance` need and do;
# part of the Makefile

LINT_PACKAGES = clang-format clang-tidy shellcheck python3 $(BUILD_PACKAGES) libcunit1-dev libevent-dev libuv1-dev
CHECK_PACKAGES = $(BUILD_PACKAGES) libcunit1-dev valgrind strace iproute2 procps systemd python3 musl-tools libcap2-bin \
	apparmor mandoc bash-completion binutils patch socat busybox-static curl microsocks openssl
BENCH_PACKAGES = $(CHECK_PACKAGES) gnuplot-nox proxychains4 libsocket-wrapper redis-server redis-tools iperf3 \
	nginx wrk postgresql-15 microsocks tinyproxy-bin
KVM_PACKAGES = $(BUILD_PACKAGES) iproute2 socat gnuplot-nox
CONFORMANCE_PACKAGES = $(BUILD_PACKAGES) iproute2 python3.11 libpython3.11-testsuite

# The parts of check-all beside what `make check` runs, the longest first, since it makes several at a time. tests/check
# says what is in each, docs/testing.md how long they take. NAME_PACKAGES: what a part needs installed, beside what every
# part does; NAME_GOALS: what has to be made for it.
PARTS = sanitizers examples kernels engines arm64 roots libcs packages interop egress vmms programs processors stress
folder = $(shell sed 's/\#.*//' tests/$(1)/packages)

main_PACKAGES = $(CHECK_PACKAGES)
main_GOALS = $(BUILD)/unit-tests $(BUILD)/next
kernels_PACKAGES = $(CHECK_PACKAGES)
kernels_GOALS = $(BUILD)/next
engines_PACKAGES = $(CHECK_PACKAGES) $(call folder,engines) $(call folder,services)
processors_PACKAGES = $(CHECK_PACKAGES) qemu-user-static squashfs-tools
arm64_PACKAGES = $(CHECK_PACKAGES) squashfs-tools
arm64_GOALS = arm64
libcs_PACKAGES = $(CHECK_PACKAGES)
roots_PACKAGES = $(CHECK_PACKAGES) mmdebstrap debian-archive-keyring git
vmms_PACKAGES = $(CHECK_PACKAGES) $(call folder,muxer)
egress_PACKAGES = $(CHECK_PACKAGES) $(call folder,egress)
programs_PACKAGES = $(call folder,apps)
packages_PACKAGES = $(call folder,packaging) $(DEMO_PACKAGES)
interop_PACKAGES = $(call folder,interop)
examples_PACKAGES = $(call folder,examples) $(DEMO_PACKAGES)
stress_PACKAGES = $(call folder,loops)
stress_GOALS = $(LOOPS)
sanitizers_PACKAGES = $(CHECK_PACKAGES) clang
sanitizers_GOALS = sanitized

# Half an hour for one figure: not part of check-all.
CROWD = env CROWD=100000 ROUNDS=1 CROWD_MEMORY=6G TEST_TIMEOUT=3600

EACH_PART = $(addprefix check-,$(PARTS))
.PHONY: check check-all $(EACH_PART) crowd-100000 helpers asan tsan sanitized memcheck fuzz semantics soak bench bench-quick bench-kvm conformance lint graph

# ---- programs of the tests ----

# pure: parts of the launcher and the shim that unit tests can take as they are
PURE = shim/kernel/elf.c cli/plausible.c cli/kernel.c cli/broker/table.c cli/broker/tree.c cli/broker/preface.c shim/pack.c shim/place.c shim/broker/environment.c \
	shim/broker/message.c shim/broker/names.c shim/route/muxer.c shim/route/socks5.c shim/route/http.c shim/kernel/proctext.c \
	shim/kernel/hosts.c shim/seccomp/dns.c tests/fuzz/dns.c tests/fuzz/mark.c tests/fuzz/message.c tests/fuzz/dialogue.c tests/fuzz/proxy.c tests/fuzz/preface.c

$(BUILD)/unit-tests: $(call objects,$(CORE) $(READER) $(PURE) $(wildcard tests/unit/*.c))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lconfig -lcunit

HELPERS = $(patsubst tests/programs/%.c,$(BUILD)/tests/%,$(wildcard tests/programs/*.c))

BENCH = $(addprefix $(BUILD)/bench/,stream-tcp stream-vsock stream-unix dial match empty.so)

# what tests run: plain programs, without the project's flags
$(BUILD)/tests/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -pthread -MMD -MP $(LINKED) -o $@ $< $(LDLIBS)

$(BUILD)/tests/static-link: LINKED = -static

# the same, into which nothing can be preloaded; not every linker can be told to say nothing about names in them
LD_QUIET = $(if $(shell $(LD) --help | grep -oe --no-warnings),-Wl$(comma)--no-warnings)
STATIC = $(addprefix $(BUILD)/static/,names echo resolver) $(addprefix $(BUILD)/static-musl/,echo resolver)
$(BUILD)/static/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -pthread -static $(LD_QUIET) -MMD -MP -o $@ $<

$(BUILD)/static-musl/%: tests/programs/%.c
	@mkdir -p $(@D)
	musl-gcc -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch) -std=gnu11 -D_GNU_SOURCE \
		-O1 -g $(WARNINGS) -pthread -static -MMD -MP -o $@ $<

$(BUILD)/tests/plugin: LINKED = -shared -fPIC
$(BUILD)/tests/loader $(BUILD)/tests/processes: LDLIBS = -ldl # in libc since 2.34

# the same server and client on several libraries' event loops
LOOPS = $(addprefix $(BUILD)/loops/,ready libevent libuv asio)
$(BUILD)/loops/libevent: LDLIBS = -levent
$(BUILD)/loops/libuv: LDLIBS = -luv

$(BUILD)/loops/%: tests/loops/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -MMD -MP -o $@ $< $(LDLIBS)

$(BUILD)/loops/%: tests/loops/%.cpp
	@mkdir -p $(@D)
	$(CXX) -O1 -g -Wall -Wextra -pthread -MMD -MP -o $@ $<

# what is measured: one plain program for all families
$(BUILD)/bench/stream-%: bench/stream.c $(wildcard bench/stream/*)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(if $(filter vsock,$*),-DVSOCK) $(if $(filter unix,$*),-DUNIX) -o $@ \
		$(filter %.c,$^)

$(BUILD)/bench/dial: bench/dial.c bench/stream/serve.c bench/stream/socket.c $(wildcard bench/stream/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARNINGS) -DVSOCK -o $@ $(filter %.c,$^)

$(BUILD)/bench/match: $(call objects,$(CORE) bench/match.c)
	$(CC) $(ALL_CFLAGS) -o $@ $^

$(BUILD)/bench/empty.so:
	@mkdir -p $(@D)
	echo | $(CC) -shared -fPIC -o $@ -x c -

# this tree as it would be with the next number of everything that versions tell each other by
.PHONY: $(BUILD)/next
$(BUILD)/next:
	@$(MAKE) --no-print-directory BUILD=$@ CPPFLAGS='-DRULESET_VERSION=99u -DA_MAGIC=6ull' all

helpers: $(HELPERS) $(STATIC) $(BENCH)

# what tests in a machine with another processor need, which is built here
.PHONY: foreign arm64
foreign: all $(BUILD)/unit-tests $(HELPERS) $(addprefix $(BUILD)/static/,names echo)
arm64:
	+@tests/cross/make arm64 -s foreign

# ---- running them ----

check: PART = main
$(EACH_PART): PART = $(@:check-%=%)

check $(EACH_PART):
	@tests/packages $(BUILD_PACKAGES) iproute2 $($(PART)_PACKAGES)
	@$(MAKE) --no-print-directory all helpers $($(PART)_GOALS)
	@tests/check $(PART)

check-all:
	@tests/packages $(BUILD_PACKAGES) iproute2 git $(LINT_PACKAGES) $(foreach part,main $(PARTS),$($(part)_PACKAGES))
	@tests/all $(EACH_PART) check lint

crowd-100000:
	@tests/packages $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory all helpers
	$(CROWD) tests/run-tests tests/crowds

# hours, if need be; VM_KERNEL: on which kernel
LONG = tests/vm/run --timeout 20000 env TEST_TIMEOUT=19000
semantics:
	@tests/packages $(BUILD_PACKAGES) python3
	@$(MAKE) --no-print-directory all
	$(LONG) SEQUENCES=$(or $(SEQUENCES),10000) FIRST=$(or $(FIRST),0) tests/run-tests tests/semantics

soak:
	@tests/packages $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory all helpers
	$(LONG) COUNT=$(or $(COUNT),1000000) tests/run-tests tests/soak

# ---- the same under tools that watch memory and threads ----

comma = ,
sanitize = @$(MAKE) --no-print-directory BUILD=build/$(1) \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=$(2) -fno-sanitize-recover=undefined' \
	all build/$(1)/unit-tests

sanitized:
	$(call sanitize,asan,address$(comma)undefined)
	$(call sanitize,tsan,thread)

asan tsan: sanitized
memcheck: all
asan tsan memcheck: helpers
	@tests/packages $(CHECK_PACKAGES)
	tests/vm/run --timeout 3600 tests/sanitizers/run $@

# each target of tests/fuzz, a minute if nothing else is said
fuzz:
	@tests/packages $(BUILD_PACKAGES) clang
	@$(MAKE) --no-print-directory all
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) TEST_TIMEOUT=$$(($(or $(FUZZ_SECONDS),60) + 300)) tests/run-tests tests/fuzz

bench bench-quick:
	@tests/packages $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory all $(BENCH)
	@bench/run $(if $(filter %-quick,$@),--quick)

# the one goal that uses this machine's own KVM and vhost-vsock; no test does
bench-kvm:
	@tests/packages $(KVM_PACKAGES)
	@$(MAKE) --no-print-directory all $(BENCH)
	@bench/kvm

conformance:
	@tests/packages $(CONFORMANCE_PACKAGES)
	@$(MAKE) --no-print-directory all
	@tests/cpython/conformance

SOURCES = $(shell git ls-files -co --exclude-standard '*.[ch]')
SCRIPTS = $(shell git ls-files -co --exclude-standard | xargs grep -lE '^(.!/bin/(ba)?sh|. shellcheck shell=)')

lint: graph
	@tests/packages $(LINT_PACKAGES)
	clang-format --dry-run -Werror $(SOURCES)
	@$(MAKE) --no-print-directory -j "$$(nproc)" $(addsuffix .tidy,$(filter %.c,$(SOURCES)))
	shellcheck -x $(SCRIPTS)
	tests/unused

# one file a call: clang-tidy 14 carries what its va_list check knows from one file to the next
%.c.tidy: %.c
	clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE $(DEFINES)

# which file includes which; fails where the order of tests/rooms is not kept
graph:
	@tests/packages python3
	@mkdir -p $(BUILD)
	tests/graph >$(BUILD)/graph.dot
	@! command -v dot >/dev/null || dot -Tsvg -o $(BUILD)/graph.svg $(BUILD)/graph.dot
