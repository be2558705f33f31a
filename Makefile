# vsockify: unmodified TCP programs over VM sockets. `make help` lists what can be made.

VERSION = 0.1.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/vsockify
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# what programs preload; /usr/$$LIB/libvsockify.so where several architectures are installed (man/libvsockify.7)
PRELOAD ?= $(LIBDIR)/libvsockify.so
BUILD = build

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS) $(CFLAGS)
DEFINES = -DVSOCKIFY_VERSION='"$(VERSION)"' -DVSOCKIFY_LIBDIR='"$(LIBDIR)"' -DVSOCKIFY_PRELOAD='"$(PRELOAD)"'

# core: rules and addresses, pure, in everything; reader: needs libconfig, not in the shim;
# pure: parts of the launcher that unit tests can take as they are
CORE = config/match.c config/address.c config/image.c
PURE = cli/elf.c cli/plausible.c
READER = $(filter-out $(CORE) config/plugin.c,$(wildcard config/*.c))
comma = ,
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

BUILT = $(BUILD)/libvsockify.so $(BUILD)/vsockify-config.so $(BUILD)/vsockify
HELPERS = $(patsubst tests/programs/%.c,$(BUILD)/tests/%,$(wildcard tests/programs/*.c))

BENCH = $(addprefix $(BUILD)/bench/,stream-tcp stream-vsock match empty.so)

BUILD_PACKAGES = gcc libc6-dev make libconfig-dev
LINT_PACKAGES = clang-format clang-tidy shellcheck $(BUILD_PACKAGES) libcunit1-dev libevent-dev libuv1-dev
CHECK_PACKAGES = $(BUILD_PACKAGES) libcunit1-dev valgrind strace iproute2 systemd python3 musl-tools libcap2-bin \
	mandoc bash-completion
DEB_PACKAGES = $(BUILD_PACKAGES) debhelper dpkg-dev fakeroot
BENCH_PACKAGES = $(CHECK_PACKAGES) socat gnuplot-nox proxychains4 libsocket-wrapper redis-server redis-tools iperf3 nginx wrk
CONFORMANCE_PACKAGES = $(BUILD_PACKAGES) iproute2 python3.11 libpython3.11-testsuite
DEMO_PACKAGES = $(BUILD_PACKAGES) nginx redis-server redis-tools curl python3 iproute2
LONG_PACKAGES = $(shell sed 's/\#.*//' tests/apps/packages tests/loops/packages tests/packaging/packages \
	tests/interop/packages tests/examples/packages) golang-go

.PHONY: all help demo check check-all asan tsan sanitized memcheck helgrind bench bench-quick conformance lint install \
	uninstall dist deb clean helpers FORCE
all: $(BUILT)

help:
	@echo 'make            build/libvsockify.so, build/vsockify-config.so, build/vsockify'
	@echo 'make demo       the main job, across a real virtual-machine boundary'
	@echo 'make check      the tests'
	@echo 'make check-all  the tests, and all that takes long'
	@echo 'make asan       tests with the address and undefined-behaviour sanitizers (build/asan)'
	@echo 'make tsan       tests of threads with the thread sanitizer (build/tsan)'
	@echo 'make memcheck   tests of threads with valgrind; make helgrind'
	@echo 'make bench      figures, beside native AF_VSOCK, TCP and relays; bench-quick in three minutes'
	@echo 'make conformance  the tests of CPython, over TCP and under the shim'
	@echo 'make lint       clang-format, clang-tidy, shellcheck'
	@echo 'make install    into PREFIX=$(PREFIX), below DESTDIR; make uninstall'
	@echo 'make deb        Debian packages, in build/deb; make dist: the sources, in build'
	@echo 'make clean'

$(BUILD)/libvsockify.so: $(call objects,$(CORE) $(wildcard shim/*.c)) shim/libvsockify.map
	$(CC) -shared -nostartfiles $(ALL_CFLAGS) $(LDFLAGS) -Wl,--as-needed -Wl,-z,defs \
		-Wl,--version-script=shim/libvsockify.map -o $@ $(filter %.o,$^)

$(BUILD)/vsockify-config.so: $(call objects,$(CORE) $(READER) config/plugin.c)
	$(CC) -shared $(ALL_CFLAGS) $(LDFLAGS) -Wl,-z,defs -o $@ $^ -lconfig

$(BUILD)/vsockify: $(call objects,$(CORE) $(READER) $(wildcard cli/*.c))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lconfig

$(BUILD)/unit-tests: $(call objects,$(CORE) $(READER) $(PURE) $(wildcard tests/unit/*.c))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lconfig -lcunit

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# what tests run: plain programs, without the project's flags
$(BUILD)/tests/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -pthread -MMD -MP $(LINKED) -o $@ $<

$(BUILD)/tests/static-link: LINKED = -static
$(BUILD)/tests/plugin: LINKED = -shared -fPIC

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

# what is measured: one plain program for both families
$(BUILD)/bench/stream-%: bench/stream.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(if $(filter vsock,$*),-DVSOCK) -o $@ $<

$(BUILD)/bench/match: $(call objects,$(CORE) bench/match.c)
	$(CC) $(ALL_CFLAGS) -o $@ $^

$(BUILD)/bench/empty.so:
	@mkdir -p $(@D)
	echo | $(CC) -shared -fPIC -o $@ -x c -

helpers: $(HELPERS) $(BENCH)

# the launcher knows where the shim will be: it is compiled again when that changes
$(BUILD)/cli/run.o: $(BUILD)/defines
$(BUILD)/defines: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(DEFINES) | cmp -s - $@ || printf '%s\n' $(DEFINES) >$@
FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- running it ----

demo:
	@tests/packages $(DEMO_PACKAGES)
	@$(MAKE) --no-print-directory all
	@echo 'Starting a hypervisor, and in it a guest without a network card. Both are emulated:'
	@echo 'a minute or two pass before the first line.'
	@tests/vm/pair examples/demo/host examples/demo/guest

check:
	@tests/packages $(CHECK_PACKAGES)
	@$(MAKE) --no-print-directory all helpers $(BUILD)/unit-tests
	@tests/check

check-all:
	@tests/packages $(CHECK_PACKAGES) $(DEMO_PACKAGES) $(LONG_PACKAGES) $(LINT_PACKAGES)
	@$(MAKE) --no-print-directory lint all helpers $(LOOPS) $(BUILD)/unit-tests sanitized
	@tests/check --all

# ---- the same under tools that watch memory and threads ----

sanitize = @$(MAKE) --no-print-directory BUILD=build/$(1) \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=$(2) -fno-sanitize-recover=undefined' \
	all build/$(1)/unit-tests

sanitized:
	$(call sanitize,asan,address$(comma)undefined)
	$(call sanitize,tsan,thread)

asan tsan: sanitized
memcheck helgrind: all
asan tsan memcheck helgrind: helpers
	@tests/packages $(CHECK_PACKAGES)
	tests/vm/run --timeout 3600 tests/sanitizers/run $@

bench bench-quick:
	@tests/packages $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory all $(BENCH)
	@bench/run $(if $(filter %-quick,$@),--quick)

conformance:
	@tests/packages $(CONFORMANCE_PACKAGES)
	@$(MAKE) --no-print-directory all
	@tests/cpython/conformance

SOURCES = $(wildcard config/*.[ch] shim/*.[ch] cli/*.[ch] tests/unit/*.[ch] tests/programs/*.[ch] \
	tests/loops/*.[ch] bench/*.c)
SCRIPTS = $(shell git ls-files -co --exclude-standard | xargs grep -lE '^(.!/bin/(ba)?sh|. shellcheck shell=)')

lint:
	@tests/packages $(LINT_PACKAGES)
	clang-format --dry-run -Werror $(SOURCES)
	@$(MAKE) --no-print-directory -j "$$(nproc)" $(addsuffix .tidy,$(filter %.c,$(SOURCES)))
	shellcheck -x $(SCRIPTS)

# one file a call: clang-tidy 14 carries what its va_list check knows from one file to the next
%.c.tidy: %.c
	clang-tidy --quiet $< -- -std=gnu11 -D_GNU_SOURCE $(DEFINES)

# ---- installing it ----

install: all
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/vsockify
	install -D -m 644 -t $(DESTDIR)$(LIBDIR) $(BUILD)/libvsockify.so $(BUILD)/vsockify-config.so
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man1 man/vsockify.1
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 man/vsockify.conf.5
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man7 man/libvsockify.7
	install -D -m 644 completion/vsockify.bash $(DESTDIR)$(BASHDIR)/vsockify
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) completion/_vsockify
	install -d $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)/etc
	sed 's|@PRELOAD@|$(PRELOAD)|' packaging/systemd-vsockify.conf \
		>$(DESTDIR)$(DOCDIR)/examples/systemd-vsockify.conf
	[ -e $(DESTDIR)/etc/vsockify.conf ] || \
		install -m 644 config/vsockify.conf $(DESTDIR)/etc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/vsockify
	rm -f $(DESTDIR)$(LIBDIR)/libvsockify.so $(DESTDIR)$(LIBDIR)/vsockify-config.so
	rm -f $(DESTDIR)$(MANDIR)/man1/vsockify.1 $(DESTDIR)$(MANDIR)/man5/vsockify.conf.5 \
		$(DESTDIR)$(MANDIR)/man7/libvsockify.7
	rm -f $(DESTDIR)$(BASHDIR)/vsockify $(DESTDIR)$(ZSHDIR)/_vsockify
	rm -rf $(DESTDIR)$(DOCDIR)

# ---- giving it away ----

dist:
	packaging/dist $(VERSION) $(BUILD)

deb:
	@tests/packages $(DEB_PACKAGES)
	packaging/deb $(VERSION) $(BUILD)

clean:
	rm -rf $(BUILD)
