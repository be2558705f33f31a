# vsockify: unmodified TCP programs over VM sockets. `make help` lists the targets.

VERSION = 0.1.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
SYSCONFDIR ?= /etc
BUILD = build

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS)
DEFINES = -DVSOCKIFY_VERSION='"$(VERSION)"' -DVSOCKIFY_LIBDIR='"$(LIBDIR)"'

# core: rules and addresses, pure, in every program; reader: libconfig, not in the shim
CORE = config/match.c config/address.c config/image.c
READER = $(filter-out $(CORE) config/plugin.c,$(wildcard config/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

all: $(BUILD)/libvsockify.so $(BUILD)/vsockify-config.so $(BUILD)/vsockify

$(BUILD)/libvsockify.so: $(call objects,$(CORE) $(wildcard shim/*.c)) shim/libvsockify.map
	$(CC) -shared -nostartfiles $(CFLAGS) $(LDFLAGS) -Wl,--version-script=shim/libvsockify.map \
		-Wl,--as-needed -Wl,-z,defs -o $@ $(filter %.o,$^)

$(BUILD)/vsockify-config.so: $(call objects,$(CORE) $(READER) config/plugin.c)
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-z,defs -o $@ $^ -lconfig

$(BUILD)/vsockify: $(call objects,$(CORE) $(READER) $(wildcard cli/*.c))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lconfig

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# ---- tests ----

# C programs that tests run: tests/programs/NAME.c -> build/tests/NAME
HELPERS = $(patsubst tests/programs/%.c,$(BUILD)/tests/%,$(wildcard tests/programs/*.c))
HELPER_CFLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS)

helpers: $(HELPERS)

$(BUILD)/tests/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) $(HELPER_CFLAGS) -pthread -o $@ $<

check: all helpers
	tests/vm/run tests/run-tests tests/loopback

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all check clean helpers
