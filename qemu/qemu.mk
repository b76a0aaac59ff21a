# Running the kernel: on the terminal, under gdb, in tests and for figures.
#
# The targets read these, from the command line of make or the environment:
#   ARCH=amd64|arm64  CPUS=4  MEM=256M  MACHINE=q35  CPU=max  ACCEL=kvm
#   EVENTS=file to which the kernel writes what processes do
#   APPEND="words for the kernel"  INITRD=file  QEMU_ARGS="words for QEMU"

qemu-arch     := $(or $(ARCH),amd64)
qemu-programs := $(if $(filter arm64,$(qemu-arch)),qemu-system-aarch64,qemu-system-x86_64)
tools         := ./qemu/tools.sh

# What "run" and "soak" are told about the machine.
qemu-flags = -arch $(qemu-arch) \
	$(if $(MACHINE),-machine '$(MACHINE)') $(if $(CPU),-cpu '$(CPU)') \
	$(if $(CPUS),-cpus '$(CPUS)') $(if $(MEM),-mem '$(MEM)') \
	$(if $(APPEND),-append '$(APPEND)')
run-flags = $(qemu-flags) $(if $(INITRD),-initrd '$(INITRD)') \
	$(if $(EVENTS),-events '$(EVENTS)') $(if $(ACCEL),-accel '$(ACCEL)') $(if $(QEMU_ARGS),-extra '$(QEMU_ARGS)')

.PHONY: qemu proctree qemu-gdb gdb boot-test kselftest bench soak-boot soak soak-signals tools qemu-tools gdb-tools
.PHONY: $(BUILD)/qemu-run $(BUILD)/qemu-soak $(BUILD)/qemu-bench $(BUILD)/qemu-proctree

# Without INITRD= it is u-root's; INITRD=none boots without one.
INITRD ?= $(BUILD)/initramfs-$(qemu-arch).cpio
qemu-initrd = $(filter $(BUILD)/initramfs-%,$(INITRD))

qemu: qemu-tools $(BUILD)/onsen-$(qemu-arch) $(qemu-initrd) $(BUILD)/qemu-run ## boot on this terminal, Ctrl-A X ends [ARCH= CPUS= MEM= APPEND= INITRD= MACHINE= EVENTS=file GDB=1]
	@$(BUILD)/qemu-run $(run-flags) $(if $(GDB),-port 1234)

qemu-gdb: qemu-tools gdb-tools $(BUILD)/onsen-$(qemu-arch) $(BUILD)/qemu-run ## boot under gdb, stopped before the first instruction [as make qemu]
	@$(BUILD)/qemu-run $(run-flags) -debug

gdb: gdb-tools $(BUILD)/qemu-run ## gdb for a running "make qemu GDB=1" [ARCH=]
	@$(BUILD)/qemu-run $(run-flags) -attach

proctree: $(BUILD)/qemu-proctree ## show the processes of a guest as they come and go [EVENTS=file, as given to make qemu]
	@$(BUILD)/qemu-proctree $(EVENTS)

boot-test: tools kernel user-tests kselftests initramfs ## boot the kernel on many machines and check what it says [FULL=1 RUN=regexp]
	@echo "  TEST    ./qemu/..."
	@ONSEN_BOOT_TESTS=1 $(if $(FULL),ONSEN_BOOT_MATRIX=full) \
		$(GO) test -count=1 -p 1 -parallel 2 -timeout 40m $(if $(RUN),-run '$(RUN)' -v) ./qemu/...

KSELFTEST ?= quick slow
kselftest: tools kernel kselftests ## run Linux's own tests on Linux and here, also those that take time [KSELFTEST="quick slow PATTERN ..."]
	@ONSEN_BOOT_TESTS=1 KSELFTEST='$(KSELFTEST)' $(GO) test -count=1 -parallel 2 -timeout 60m -run TestKselftest -v ./qemu/oracle

bench: tools kernel user-bench $(BUILD)/qemu-bench ## count instructions and fill the table in docs/performance.md [ARCH= BENCH_MEM=1]
	@$(BUILD)/qemu-bench $(if $(ARCH),-arch $(ARCH)) $(if $(BENCH_MEM),-mem)

soak-boot: qemu-tools $(BUILD)/onsen-$(qemu-arch) $(BUILD)/qemu-soak ## boot N times in a row with all self tests [N=100 JOBS=1, as make qemu]
	@$(BUILD)/qemu-soak $(qemu-flags) $(if $(N),-n $(N)) $(if $(JOBS),-jobs $(JOBS))

SOAK ?= forks=100000 alive=10000 fill=85 threads=5000 bomb=500 exec=100000 killall=200
soak: qemu-tools $(BUILD)/onsen-$(qemu-arch) $(BUILD)/user/$(qemu-arch)/soak.cpio $(BUILD)/qemu-run ## torture processes for some minutes [ARCH= CPUS= SOAK="forks=N exec=N ..."]
	@$(BUILD)/qemu-run -arch $(qemu-arch) -cpus $(or $(CPUS),1) -mem $(or $(MEM),1024M) \
		-initrd $(BUILD)/user/$(qemu-arch)/soak.cpio -append 'panic=-1 quiet -- $(SOAK)' | tee $(BUILD)/soak.log
	@grep -q '^soak is through' $(BUILD)/soak.log && ! grep FAIL $(BUILD)/soak.log

soak-signals: qemu-tools $(BUILD)/onsen-$(qemu-arch) $(BUILD)/user/$(qemu-arch)/storm.cpio $(BUILD)/qemu-run ## a minute of 10,000 signals a second [ARCH= CPUS=4 STORM="seconds=N rate=N"]
	@$(BUILD)/qemu-run -arch $(qemu-arch) -cpus $(or $(CPUS),4) -mem $(or $(MEM),512M) \
		-initrd $(BUILD)/user/$(qemu-arch)/storm.cpio -append 'panic=-1 quiet -- $(STORM)' | tee $(BUILD)/storm.log
	@grep -q '^storm is through' $(BUILD)/storm.log && ! grep FAIL $(BUILD)/storm.log

tools: ## install the programs that running and testing need: QEMU, gdb
	@$(tools) qemu-system-x86_64 qemu-system-aarch64 gdb-multiarch

qemu-tools:
	@$(tools) $(qemu-programs)

# Any gdb will do for amd64; arm64 needs one that knows it.
gdb-tools:
	@$(tools) $(if $(filter arm64,$(qemu-arch)),gdb-multiarch,'gdb-multiarch|gdb')

# The go command knows what is up to date.
$(BUILD)/qemu-run $(BUILD)/qemu-soak $(BUILD)/qemu-bench $(BUILD)/qemu-proctree: $(BUILD)/qemu-%: | toolchain
	@$(GO) build -o $@ ./qemu/$*
