# Onsen. "make" builds the kernel, "make help" lists the rest.
# Building needs Go and GNU make, nothing else.

export GO ?= go
BUILD     := build
ARCHS     := amd64 arm64

# ARCH=amd64 or ARCH=arm64 limits the targets that take it to one of them.
archs := $(or $(ARCH),$(ARCHS))

mkkernel := $(BUILD)/mkkernel

.DEFAULT_GOAL := kernel
.PHONY: kernel test host-test boot-test vet lint check overlay-report tidy clean help toolchain FORCE

kernel: $(archs:%=$(BUILD)/onsen-%) ## build the kernel: build/onsen-ARCH and its ELF file for gdb [ARCH=]

# The go command knows what is up to date.
$(BUILD)/onsen-%: $(mkkernel) FORCE
	@$(mkkernel) -arch $* -o $@

$(mkkernel): FORCE | toolchain
	@$(GO) build -o $@ ./boot/mkkernel

test: ## everything that CI checks: vet, lint, check, host tests, boot tests
	@$(MAKE) --no-print-directory vet
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory host-test
	@$(MAKE) --no-print-directory boot-test

host-test: | toolchain ## run the tests that need no machine to boot
	@echo "  TEST    ./..."
	@$(GO) test ./...

# The packages of the kernel for $$a, as far as they are ours.
metal = $$($(mkkernel) -arch $$a $(GO) list -deps -f '{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}' .)

# Start-up and entry code owns the frame pointer: -framepointer=false.
vet: $(mkkernel) ## run go vet on the host code and on the kernel [ARCH=]
	@echo "  VET     ./..."
	@$(GO) vet ./...
	@set -e; for a in $(archs); do \
		echo "  VET     onsen-$$a"; \
		packages="$(metal)"; \
		$(mkkernel) -arch $$a $(GO) vet -framepointer=false $$packages; \
	done

# staticcheck reads the sources of the standard library by itself and fails on
# files that only the overlay has; it gets a GOROOT made of links (-tree). Code
# for one build looks unused (U1000) in the other: for arch and kernel, the build
# of the kernel is what counts.
lint: $(mkkernel) ## run gofmt and staticcheck on the host code and on the kernel [ARCH=]
	@echo "  GOFMT   ."
	@files=$$(find . -path ./$(BUILD) -prune -o -name '*.go' -print | xargs $$($(GO) env GOROOT)/bin/gofmt -l); \
		[ -z "$$files" ] || { echo "not formatted by gofmt:" $$files; exit 1; }
	@$(GO) build -o $(BUILD)/staticcheck honnef.co/go/tools/cmd/staticcheck
	@echo "  LINT    ./..."
	@$(BUILD)/staticcheck -checks inherit,-U1000 ./...
	@$(BUILD)/staticcheck ./boot/... ./qemu/...
	@set -e; for a in $(archs); do \
		echo "  LINT    onsen-$$a"; \
		packages="$(metal)"; \
		$(mkkernel) -arch $$a -tree $(BUILD)/staticcheck -tests=false $$packages; \
	done

check: $(mkkernel) ## prove on the linked kernel that its lowest layer neither allocates nor grows a stack [ARCH=]
	@set -e; for a in $(archs); do $(mkkernel) -arch $$a -check -o $(BUILD)/onsen-$$a; done

overlay-report: $(mkkernel) ## explain every change to Go's standard library [ARCH=]
	@set -e; for a in $(archs); do $(mkkernel) -arch $$a -report; done

# TamaGo's packages import runtime/goos, which only the overlay has.
tidy: $(mkkernel) ## bring go.mod and go.sum up to date
	@$(mkkernel) -arch amd64 -tree $(GO) mod tidy

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

toolchain:
	@$(GO) version 2>/dev/null | grep -Eq 'go1\.(2[1-9]|[3-9][0-9])' || { \
		echo "Onsen needs Go 1.21 or newer as '$(GO)' (see https://go.dev/dl);" \
			"it fetches the version that go.mod names." >&2; exit 1; }

-include qemu/qemu.mk
-include user/user.mk
