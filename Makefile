# vsockify: unmodified TCP programs over VM sockets. `make help` lists what can be made.

VERSION = 0.2.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec
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
DEFINES = -DVSOCKIFY_VERSION='"$(VERSION)"' -DVSOCKIFY_LIBDIR='"$(LIBDIR)"' -DVSOCKIFY_PRELOAD='"$(PRELOAD)"' \
	-DVSOCKIFY_LIBEXECDIR='"$(LIBEXECDIR)"'

# core: rules and addresses, pure, in everything; reader: needs libconfig, not in the shim, which runs a program of
# it. The socket logic is compiled once for each engine; what goes with the data, for the one
# that is on its way.
CORE = config/match.c config/address.c config/host.c config/stand_in.c config/image.c config/carry.c
READING = config/reader.c
LOGIC = $(wildcard $(addprefix shim/,*.c broker/*.c kernel/*.c log/*.c route/*.c transport/*.c))
SHIM = $(LOGIC) $(wildcard shim/preload/*.c)
SUPERVISOR = $(filter-out shim/message.c shim/unconnected.c,$(LOGIC)) $(wildcard shim/seccomp/*.c)
READER = $(filter-out $(CORE) $(READING),$(wildcard config/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

BUILT = $(BUILD)/libvsockify.so $(BUILD)/vsockify-config $(BUILD)/vsockify $(BUILD)/vsockify-supervisor \
	$(BUILD)/vsockify-broker
BUILD_PACKAGES = gcc libc6-dev make libconfig-dev
DEMO_PACKAGES = $(BUILD_PACKAGES) nginx redis-server redis-tools curl python3 iproute2
DEB_PACKAGES = $(BUILD_PACKAGES) build-essential debhelper dpkg-dev fakeroot git

.PHONY: all help demo install uninstall dist dist-static deb release-check clean FORCE
all: $(BUILT)

help:
	@echo 'make            build/libvsockify.so, build/vsockify-config, build/vsockify, build/vsockify-supervisor,'
	@echo '                build/vsockify-broker'
	@echo 'make demo       the main job, across a real virtual-machine boundary'
	@echo 'make check      what every change must pass'
	@echo 'make check-all  that, lint, and these parts, each a goal of its own (docs/testing.md):'
	@echo '                $(EACH_PART)'
	@echo 'make asan       tests with the address and undefined-behaviour sanitizers (build/asan)'
	@echo 'make tsan       tests of threads with the thread sanitizer (build/tsan)'
	@echo 'make memcheck   tests of threads with valgrind'
	@echo 'make fuzz       what others write, fuzzed for FUZZ_SECONDS (60) each'
	@echo 'make semantics  SEQUENCES (10000) of random calls, compared with TCP; make soak: COUNT (1000000) connections'
	@echo 'make bench      figures, beside native AF_VSOCK, TCP and relays; bench-quick in three minutes'
	@echo 'make bench-kvm  across a real boundary, by this machine'\''s own KVM and vhost-vsock, which nothing else here uses'
	@echo 'make conformance  the tests of CPython, over TCP and under the shim'
	@echo 'make lint       clang-format, clang-tidy, shellcheck, unused functions, the order of tests/rooms'
	@echo 'make graph      the last of these; draws which file includes which, build/graph.dot'
	@echo 'make install    into PREFIX=$(PREFIX), below DESTDIR; make uninstall'
	@echo 'make deb        Debian packages, in build/deb; make dist: the sources, in build; make dist-static: programs'
	@echo '                that need no library, for any Linux, in build'
	@echo 'make release-check  all tests, and the files of a release with their sums, in build/release'
	@echo 'make clean'

# The preloaded object is one for every libc: it needs no library and no version of a symbol, and what it is not sure to
# find it looks up itself (shim/preload/real.c). What -D_FORTIFY_SOURCE calls, glibc alone has.
# What GCC's own library asks before each atomic operation, on 64-bit ARM, musl does not have.
$(call objects,$(CORE) $(SHIM)): ALL_CFLAGS += -U_FORTIFY_SOURCE \
	$(if $(filter aarch64%,$(shell $(CC) -dumpmachine)),-mno-outline-atomics)
$(BUILD)/libvsockify.so: $(call objects,$(CORE) $(SHIM)) shim/preload/libvsockify.map
	$(CC) -shared -nostdlib $(ALL_CFLAGS) $(LDFLAGS) \
		-Wl,--version-script=shim/preload/libvsockify.map -o $@ $(filter %.o,$^) -lgcc

$(BUILD)/vsockify-config: $(call objects,$(CORE) $(READER) $(READING))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(PROGRAM_LDFLAGS) -o $@ $^ -lconfig

$(BUILD)/vsockify: $(call objects,$(CORE) $(READER) $(wildcard cli/*.c)) $(BUILD)/logic.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(PROGRAM_LDFLAGS) -o $@ $^ -lconfig

$(BUILD)/vsockify-supervisor: $(patsubst %.c,$(BUILD)/seccomp/%.o,$(CORE) $(SUPERVISOR))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(PROGRAM_LDFLAGS) -o $@ $^

$(BUILD)/seccomp/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(DEFINES) -DENGINE_SECCOMP -MMD -MP -c -o $@ $<

# what of the socket logic asks no engine is the broker's too, and the launcher's
$(BUILD)/logic.a: $(call objects,$(LOGIC))
	@rm -f $@
	$(AR) -rcs $@ $^

$(BUILD)/vsockify-broker: $(call objects,$(wildcard cli/broker/*.c) $(CORE) config/password.c) $(BUILD)/logic.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(PROGRAM_LDFLAGS) -Wl,--as-needed -o $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CPPFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# the launcher knows where the shim will be: it is compiled again when that changes
$(call objects,$(wildcard cli/*.c cli/broker/*.c)): $(BUILD)/defines
$(BUILD)/defines: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(DEFINES) | cmp -s - $@ || printf '%s\n' $(DEFINES) >$@
FORCE:

include tests/tests.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- running it ----

demo:
	@tests/packages $(DEMO_PACKAGES)
	@$(MAKE) --no-print-directory all
	@echo 'Starting a hypervisor, and in it a guest without a network card. Both are emulated:'
	@echo 'a minute or two pass before the first line.'
	@tests/vm/pair examples/demo/host examples/demo/guest

# ---- installing it ----

install: all
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/vsockify
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR) $(BUILD)/vsockify-supervisor $(BUILD)/vsockify-broker
	install -D -m 644 -t $(DESTDIR)$(LIBDIR) $(BUILD)/libvsockify.so
	install -D -m 755 -t $(DESTDIR)$(LIBDIR) $(BUILD)/vsockify-config
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man1 man/vsockify.1
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 man/vsockify.conf.5
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man7 man/libvsockify.7 man/vsockify-messages.7
	install -D -m 644 completion/vsockify.bash $(DESTDIR)$(BASHDIR)/vsockify
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) completion/_vsockify
	install -d $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)/etc
	sed 's|@PRELOAD@|$(PRELOAD)|' packaging/systemd-vsockify.conf \
		>$(DESTDIR)$(DOCDIR)/examples/systemd-vsockify.conf
	install -m 644 packaging/apparmor-vsockify $(DESTDIR)$(DOCDIR)/examples
	[ -e $(DESTDIR)/etc/vsockify.conf ] || \
		install -m 644 config/vsockify.conf $(DESTDIR)/etc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/vsockify $(DESTDIR)$(LIBEXECDIR)/vsockify-supervisor \
		$(DESTDIR)$(LIBEXECDIR)/vsockify-broker
	rm -f $(DESTDIR)$(LIBDIR)/libvsockify.so $(DESTDIR)$(LIBDIR)/vsockify-config
	rm -f $(DESTDIR)$(MANDIR)/man1/vsockify.1 $(DESTDIR)$(MANDIR)/man5/vsockify.conf.5 \
		$(DESTDIR)$(MANDIR)/man7/libvsockify.7 $(DESTDIR)$(MANDIR)/man7/vsockify-messages.7
	rm -f $(DESTDIR)$(BASHDIR)/vsockify $(DESTDIR)$(ZSHDIR)/_vsockify
	rm -rf $(DESTDIR)$(DOCDIR)

# ---- giving it away ----

dist:
	packaging/dist $(VERSION) $(BUILD)

dist-static:
	@tests/packages $(BUILD_PACKAGES)
	packaging/dist-static $(VERSION) $(BUILD)

deb:
	@tests/packages $(DEB_PACKAGES)
	packaging/deb $(VERSION) $(BUILD)

release-check:
	@tests/packages $(DEB_PACKAGES)
	packaging/release-check $(VERSION) $(BUILD)

clean:
	rm -rf $(BUILD)
