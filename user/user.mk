# What runs on the kernel: the default initramfs, and the programs of tests.

.PHONY: initramfs user-tests user-bench user-tools user-debian debian
.SECONDARY:

initramfs: $(archs:%=$(BUILD)/initramfs-%.cpio) ## build the default initramfs: u-root's core commands [ARCH=]

# The commands have a module of their own: the kernel needs none of what they
# need. u-root runs on the host and builds for the guest. Its shell reads lines
# with package liner (goshliner): the default one loses the end of a line now and
# then if there are several CPUs, under Linux just as well.
$(BUILD)/u-root: user/uroot/go.mod | toolchain
	@echo "  GO      u-root"
	@cd user/uroot && $(GO) build -o $(CURDIR)/$@ github.com/u-root/u-root

$(BUILD)/initramfs-%.cpio: $(BUILD)/u-root user/uroot/go.mod
	@echo "  U-ROOT  $@"
	@cd user/uroot && GOARCH=$* GOOS=linux CGO_ENABLED=0 $(CURDIR)/$(BUILD)/u-root -o $(CURDIR)/$@ \
		-initcmd init -defaultsh gosh -tags goshliner 'github.com/u-root/u-root/cmds/core/*' >$(CURDIR)/$@.log 2>&1 || \
		{ cat $(CURDIR)/$@.log >&2; exit 1; }

user-cc-amd64 := $(if $(filter x86_64,$(shell uname -m)),gcc,x86_64-linux-gnu-gcc)
user-cc-arm64 := $(if $(filter aarch64,$(shell uname -m)),gcc,aarch64-linux-gnu-gcc)
# Tests pass what no sane program would.
user-cflags   := -static -O1 -w

user-tools:
	@$(tools) $(foreach a,$(archs),$(user-cc-$a)) dpkg-deb

user-tests: $(foreach a,$(archs),$(patsubst %,$(BUILD)/user/$a/%.cpio,checks busybox bash soak debian programs jobs storm)) ## build the test programs and fetch what they are compared with [ARCH=]

$(BUILD)/user/%/checks: $(wildcard user/tests/*.[ch]) | user-tools
	@echo "  CC      $@"
	@mkdir -p $(@D)
	@$(user-cc-$*) $(user-cflags) -o $@ $(filter %.c,$^)

$(BUILD)/user/%/checks.cpio: $(BUILD)/user/%/checks $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$<

# Shell scripts under Debian's static shells.
$(BUILD)/user/%/busybox.cpio: user/torture/busybox.sh user/torture/common.sh $(BUILD)/debian/%/version $(BUILD)/mkinitramfs
	@mkdir -p $(@D)
	@$(BUILD)/mkinitramfs -o $@ init=$< torture.sh=user/torture/common.sh bin/busybox=$(BUILD)/debian/$*/busybox dev/ tmp/

$(BUILD)/user/%/bash.cpio: user/torture/bash.sh user/torture/common.sh $(BUILD)/debian/%/version $(BUILD)/mkinitramfs
	@mkdir -p $(@D)
	@$(BUILD)/mkinitramfs -o $@ init=$< torture.sh=user/torture/common.sh \
		bin/busybox=$(BUILD)/debian/$*/busybox bin/bash=$(BUILD)/debian/$*/bash dev/ tmp/

# Debian's own dynamically linked programs, with an interactive bash.
debian-packages := libc6 bash dash coreutils findutils grep sed procps mount util-linux perl-base ncurses-base \
	bsdutils less vim-tiny strace gdb-minimal tmux libc-bin

user-debian: $(archs:%=$(BUILD)/user/%/debian.cpio) ## build an initramfs of Debian's programs [ARCH=]

$(BUILD)/debian/%/root.items: user/debian-root.sh user/user.mk $(BUILD)/debian/%/version
	@sh user/debian-root.sh $* $(BUILD)/debian/$* $(debian-packages)

$(BUILD)/user/%/debian.cpio: user/debian-init.sh $(BUILD)/debian/%/root.items $(BUILD)/mkinitramfs
	@mkdir -p $(@D)
	@$(BUILD)/mkinitramfs -o $@ init=$< usr/bin/busybox=$(BUILD)/debian/$*/busybox \
		$$(cat $(BUILD)/debian/$*/root.items)

# Programs that debug others, at work.
$(BUILD)/user/%/debuggee: user/programs/debuggee.c | user-tools
	@echo "  CC      $@"
	@mkdir -p $(@D)
	@$(user-cc-$*) -g -O0 -o $@ $<

$(BUILD)/user/%/programs.cpio: user/programs/programs.sh $(BUILD)/user/%/debuggee $(BUILD)/debian/%/root.items $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< usr/bin/debuggee=$(@D)/debuggee usr/bin/busybox=$(BUILD)/debian/$*/busybox \
		tmp/debuggee@/usr/bin/debuggee tmp/debuggee.c=user/programs/debuggee.c $$(cat $(BUILD)/debian/$*/root.items)

$(BUILD)/user/%/onpty $(BUILD)/user/%/job: user/torture/onpty.c user/torture/job.c | user-tools
	@echo "  CC      $(@D)/onpty $(@D)/job"
	@mkdir -p $(@D)
	@$(user-cc-$*) $(user-cflags) -o $(@D)/onpty user/torture/onpty.c
	@$(user-cc-$*) $(user-cflags) -o $(@D)/job user/torture/job.c

# An interactive bash, on the serial port and on a pseudo terminal.
$(BUILD)/user/%/jobs.cpio: user/torture/jobs.sh $(BUILD)/user/%/job $(BUILD)/user/%/onpty $(BUILD)/debian/%/version $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< bin/onpty=$(@D)/onpty bin/job=$(@D)/job bin/busybox=$(BUILD)/debian/$*/busybox bin/bash=$(BUILD)/debian/$*/bash dev/

user-bench: $(archs:%=$(BUILD)/user/%/bench.cpio) $(archs:%=$(BUILD)/user/%/soak.cpio) debian

$(BUILD)/user/%/bench: user/bench/bench.c | user-tools
	@echo "  CC      $@"
	@mkdir -p $(@D)
	@$(user-cc-$*) $(user-cflags) -o $@ $<

$(BUILD)/user/%/tiny: user/bench/tiny.c | user-tools
	@mkdir -p $(@D)
	@$(user-cc-$*) -static -nostdlib -Os -o $@ $<

$(BUILD)/user/%/bench.cpio: $(BUILD)/user/%/bench $(BUILD)/user/%/tiny $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< tiny=$(@D)/tiny dev/

$(BUILD)/mkinitramfs: user/mkinitramfs/main.go | toolchain
	@$(GO) build -o $@ ./user/mkinitramfs

debian: $(archs:%=$(BUILD)/debian/%/version)

$(BUILD)/debian/%/version: user/debian.sh | user-tools
	@sh user/debian.sh $* $(BUILD)/debian/$*

$(BUILD)/user/%/soak: user/soak/soak.c | user-tools
	@echo "  CC      $@"
	@mkdir -p $(@D)
	@$(user-cc-$*) $(user-cflags) -o $@ $< -lpthread

$(BUILD)/user/%/soak.cpio: $(BUILD)/user/%/soak $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< dev/

$(BUILD)/user/%/storm: user/soak/storm.c | user-tools
	@echo "  CC      $@"
	@mkdir -p $(@D)
	@$(user-cc-$*) $(user-cflags) -o $@ $< -lpthread

$(BUILD)/user/%/storm.cpio: $(BUILD)/user/%/storm $(BUILD)/mkinitramfs
	@$(BUILD)/mkinitramfs -o $@ init=$< dev/
include user/kselftest/kselftest.mk
