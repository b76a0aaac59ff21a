package fdt

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/dt"

	"onsen/arch/bootinfo"
)

var packFile = flag.String("pack", "", "shorten this device tree for testdata, then stop")

func TestMain(m *testing.M) {
	flag.Parse()
	if *packFile == "" {
		os.Exit(m.Run())
	}
	blob, err := os.ReadFile(*packFile)
	if err == nil {
		blob, err = pack(blob)
	}
	if err == nil {
		err = os.WriteFile(*packFile, blob, 0o644)
	}
	if err != nil {
		panic(err)
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	blob, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func irq(number int, trigger bootinfo.Trigger) bootinfo.IRQ {
	return bootinfo.IRQ{Number: number, Trigger: trigger}
}

// virt is what all trees of QEMU's virt machine have in common.
func virt() bootinfo.Info {
	const level = bootinfo.TriggerLevelHigh
	uart := bootinfo.Serial{
		Kind: bootinfo.SerialPL011, Name: "ttyAMA0", Base: 0x9000000, Size: 0x1000,
		RegWidth: 4, IRQ: irq(33, level), ClockHz: 24000000,
	}
	return bootinfo.Info{
		Firmware: "device tree",
		Model:    "linux,dummy-virt",
		Console:  uart,
		Serial:   []bootinfo.Serial{uart},
		Timer: bootinfo.Timer{
			SecurePhysical: irq(29, level), Physical: irq(30, level),
			Virtual: irq(27, level), Hypervisor: irq(26, level),
		},
		Virtio: virtioSlots(),
		RTC: bootinfo.RTC{
			Kind: bootinfo.RTCPL031, Base: bootinfo.RangeOf(0x9010000, 0x1000), IRQ: irq(34, level),
		},
		PSCI: bootinfo.PSCI{
			Conduit: bootinfo.ConduitHVC, CPUOn: 0xc4000003, CPUOff: 0x84000002,
			SystemOff: 0x84000008, SystemReset: 0x84000009, HasVersionCall: true,
		},
		InterruptController: bootinfo.InterruptController{
			Kind: bootinfo.ControllerGICv3,
			GIC: bootinfo.GIC{
				Distributor:    bootinfo.RangeOf(0x8000000, 0x10000),
				Redistributors: []bootinfo.Range{bootinfo.RangeOf(0x80a0000, 0xf60000)},
			},
		},
	}
}

func virtioSlots() (slots []bootinfo.Range) {
	for i := range uint64(32) {
		slots = append(slots, bootinfo.RangeOf(0xa000000+0x200*i, 0x200))
	}
	return slots
}

func cpuList(n int) []bootinfo.CPU {
	var out []bootinfo.CPU
	for i := range n {
		id := uint64(i)%16 | uint64(i)/16<<8 // QEMU: 16 CPUs per cluster with GICv3
		out = append(out, bootinfo.CPU{
			HardwareID: id, FirmwareID: uint32(id), Enabled: true, Boot: i == 0,
			EnableMethod: bootinfo.EnablePSCI,
		})
	}
	return out
}

func TestParseVirt(t *testing.T) {
	const ram = 0x40000000
	for _, c := range []struct {
		file string
		want func(*bootinfo.Info)
	}{
		{"virt-gicv2.dtb", func(info *bootinfo.Info) {
			info.Memory = []bootinfo.Range{bootinfo.RangeOf(ram, 512<<20)}
			info.CPUs = cpuList(4)
			info.CommandLine = "console=ttyAMA0 quiet"
			info.InterruptController = bootinfo.InterruptController{
				Kind: bootinfo.ControllerGICv2,
				GIC: bootinfo.GIC{
					Distributor:  bootinfo.RangeOf(0x8000000, 0x10000),
					CPUInterface: bootinfo.RangeOf(0x8010000, 0x10000),
				},
			}
		}},
		{"virt-gicv3.dtb", func(info *bootinfo.Info) {
			info.Memory = []bootinfo.Range{bootinfo.RangeOf(ram, 512<<20)}
			info.CPUs = cpuList(4)
			info.CommandLine = "console=ttyAMA0 quiet"
		}},
		{"virt-el2.dtb", func(info *bootinfo.Info) {
			info.Memory = []bootinfo.Range{bootinfo.RangeOf(ram, 4<<30)}
			info.CPUs = cpuList(2)
			info.CommandLine = "a b"
			info.PSCI.Conduit = bootinfo.ConduitSMC
			info.Initrd = bootinfo.RangeOf(0x48000000, 64<<10)
			info.Reserve(info.Initrd, "initrd")
		}},
		{"virt-el2-secure.dtb", func(info *bootinfo.Info) {
			// EL3 belongs to firmware that is not there: no PSCI node, though
			// the CPUs ask for it. The secure serial port is not ours.
			info.Memory = []bootinfo.Range{bootinfo.RangeOf(ram, 4<<30)}
			info.CPUs = cpuList(2)
			info.PSCI = bootinfo.PSCI{}
		}},
		{"virt-numa.dtb", func(info *bootinfo.Info) {
			info.Memory = []bootinfo.Range{bootinfo.RangeOf(ram, 1<<30)}
			info.CPUs = cpuList(130)
			info.InterruptController.GIC.Redistributors = append(
				info.InterruptController.GIC.Redistributors, bootinfo.RangeOf(0x4000000000, 0x4000000))
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			info, err := Parse(read(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			want := virt()
			c.want(&want)
			if n := len(info.Seed); n != 32 {
				t.Errorf("seed of %d bytes, want 32", n)
			}
			info.Seed = nil
			compare(t, info, &want)
		})
	}
}

// compare reports the fields in which two Infos differ.
func compare(t *testing.T, got, want *bootinfo.Info) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s:\n got %+v\nwant %+v", g.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
}

// blob writes a tree with the given root.
func blob(t testing.TB, root *dt.Node, reserve ...dt.ReserveEntry) []byte {
	t.Helper()
	tree := dt.FDT{
		Header:         dt.Header{Magic: dt.Magic, Version: 17, LastCompVersion: 16},
		RootNode:       root,
		ReserveEntries: reserve,
	}
	var b bytes.Buffer
	if _, err := tree.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Short names for writing trees in Go.
func n(name string, parts ...any) *dt.Node {
	out := dt.NewNode(name)
	for _, part := range parts {
		switch part := part.(type) {
		case dt.Property:
			out.Properties = append(out.Properties, part)
		case *dt.Node:
			out.Children = append(out.Children, part)
		}
	}
	return out
}

func cells(name string, v ...uint32) dt.Property { return dt.PropertyU32Array(name, v) }

func text(name string, v ...string) dt.Property {
	return dt.PropertyString(name, strings.Join(v, "\x00"))
}

func flagProperty(name string) dt.Property { return dt.Property{Name: name} }

// raspi3b is the tree of a Raspberry Pi 3 as its firmware passes it, cut down
// to what a kernel reads.
func raspi3b() *dt.Node {
	cpu := func(i uint32) *dt.Node {
		return n("cpu@"+string(rune('0'+i)), text("device_type", "cpu"), text("compatible", "arm,cortex-a53"),
			cells("reg", i), text("enable-method", "spin-table"), cells("cpu-release-addr", 0, 0xd8+8*i))
	}
	return n("",
		cells("#address-cells", 1), cells("#size-cells", 1), cells("interrupt-parent", 1),
		text("compatible", "raspberrypi,3-model-b", "brcm,bcm2837"), text("model", "Raspberry Pi 3 Model B Rev 1.2"),
		n("aliases", text("serial0", "/soc/serial@7e215040"), text("serial1", "/soc/serial@7e201000")),
		n("chosen", text("bootargs", "8250.nr_uarts=1 root=/dev/mmcblk0p2"), text("stdout-path", "serial1:115200n8"),
			cells("linux,initrd-start", 0x2000000), cells("linux,initrd-end", 0x2400000)),
		n("memory@0", text("device_type", "memory"), cells("reg", 0, 0x3b400000)),
		n("reserved-memory", cells("#address-cells", 1), cells("#size-cells", 1), flagProperty("ranges"),
			n("linux,cma", cells("size", 0x4000000), text("compatible", "shared-dma-pool")),
			n("nvram@0", cells("reg", 0x3eef0000, 0x1000))),
		n("cpus", cells("#address-cells", 1), cells("#size-cells", 0), cpu(0), cpu(1), cpu(2), cpu(3)),
		n("timer", text("compatible", "arm,armv7-timer"), cells("interrupt-parent", 2),
			cells("interrupts", 0, 4, 1, 4, 3, 4, 2, 4), flagProperty("always-on")),
		n("soc", text("compatible", "simple-bus"), cells("#address-cells", 1), cells("#size-cells", 1),
			cells("ranges", 0x7e000000, 0x3f000000, 0x1000000, 0x40000000, 0x40000000, 0x1000),
			n("interrupt-controller@7e00b200", text("compatible", "brcm,bcm2836-armctrl-ic"),
				cells("reg", 0x7e00b200, 0x200), flagProperty("interrupt-controller"), cells("#interrupt-cells", 2),
				cells("interrupt-parent", 2), cells("interrupts", 8, 4), cells("phandle", 1)),
			n("local_intc@40000000", text("compatible", "brcm,bcm2836-l1-intc"), cells("reg", 0x40000000, 0x100),
				flagProperty("interrupt-controller"), cells("#interrupt-cells", 2), cells("phandle", 2)),
			n("serial@7e201000", text("compatible", "arm,pl011", "arm,primecell"), cells("reg", 0x7e201000, 0x200),
				cells("interrupts", 2, 25), cells("clocks", 7, 19), text("status", "okay")),
			n("serial@7e215040", text("compatible", "brcm,bcm2835-aux-uart"), cells("reg", 0x7e215040, 0x40),
				cells("interrupts", 1, 29), text("status", "okay"))),
	)
}

func TestParseRaspberryPi(t *testing.T) {
	info, err := Parse(blob(t, raspi3b(), dt.ReserveEntry{Address: 0, Size: 0x1000}))
	if err != nil {
		t.Fatal(err)
	}
	pl011 := bootinfo.Serial{
		Kind: bootinfo.SerialPL011, Name: "ttyAMA1", Base: 0x3f201000, Size: 0x200, RegWidth: 4, IRQ: noIRQ,
	}
	mini := bootinfo.Serial{
		Kind: bootinfo.SerialMiniUART, Name: "ttyS0", Base: 0x3f215040, Size: 0x40, RegShift: 2, RegWidth: 4, IRQ: noIRQ,
	}
	want := bootinfo.Info{
		Firmware:    "device tree",
		Model:       "Raspberry Pi 3 Model B Rev 1.2",
		Memory:      []bootinfo.Range{{Start: 0, End: 0x3b400000}},
		CommandLine: "8250.nr_uarts=1 root=/dev/mmcblk0p2",
		Initrd:      bootinfo.Range{Start: 0x2000000, End: 0x2400000},
		Serial:      []bootinfo.Serial{mini, pl011},
		Timer: bootinfo.Timer{
			SecurePhysical: irq(0, 4), Physical: irq(1, 4), Virtual: irq(3, 4), Hypervisor: irq(2, 4),
		},
		InterruptController: bootinfo.InterruptController{
			Kind: bootinfo.ControllerBCM2836, BCMLocal: bootinfo.RangeOf(0x40000000, 0x100),
		},
		Diagnostics: []string{"/reserved-memory/linux,cma: dynamic reservation ignored."},
	}
	pl011.Options = "115200n8"
	want.Console = pl011
	want.Reserve(bootinfo.RangeOf(0, 0x1000), "memreserve")
	want.Reserve(bootinfo.RangeOf(0x3eef0000, 0x1000), "nvram")
	want.Reserve(want.Initrd, "initrd")
	for i := range uint64(4) {
		want.CPUs = append(want.CPUs, bootinfo.CPU{
			HardwareID: i, FirmwareID: uint32(i), Enabled: true, Boot: i == 0,
			EnableMethod: bootinfo.EnableSpinTable, ReleaseAddr: 0xd8 + 8*i,
		})
	}
	compare(t, info, &want)
}

// minimal is a root that Parse accepts, with more nodes and properties.
func minimal(parts ...any) *dt.Node {
	root := n("", cells("#address-cells", 2), cells("#size-cells", 2), cells("interrupt-parent", 1),
		n("memory@40000000", text("device_type", "memory"), cells("reg", 0, 0x40000000, 0, 0x10000000)),
		n("cpus", cells("#address-cells", 1), cells("#size-cells", 0), n("cpu@0", text("device_type", "cpu"), cells("reg", 0))),
		n("intc@8000000", text("compatible", "arm,gic-v3"), flagProperty("interrupt-controller"),
			cells("#interrupt-cells", 3), cells("phandle", 1),
			cells("reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000)),
		n("timer", text("compatible", "arm,armv8-timer"), flagProperty("always-on"),
			cells("interrupts", 1, 13, 0xf08, 1, 14, 0xf08, 1, 11, 0xf08, 1, 10, 0xf08)),
		n("chosen"),
		n("pl011@9000000", text("compatible", "arm,pl011"), cells("reg", 0, 0x9000000, 0, 0x1000), cells("interrupts", 0, 1, 4)),
	)
	extra := n("", parts...)
	root.Properties = append(root.Properties, extra.Properties...)
	for _, c := range extra.Children {
		replaced := false
		for i := range root.Children {
			if root.Children[i].Name == c.Name {
				root.Children[i], replaced = c, true
			}
		}
		if !replaced {
			root.Children = append(root.Children, c)
		}
	}
	return root
}

// TestOddTrees covers what boot loaders and boards do differently.
func TestOddTrees(t *testing.T) {
	pl011 := func(name string, parts ...any) *dt.Node {
		return n(name, append(parts, text("compatible", "arm,pl011"), cells("reg", 0, 0xa000000, 0, 0x1000))...)
	}
	for _, c := range []struct {
		name  string
		parts []any
		check func(*bootinfo.Info) bool
		note  string // must be part of the diagnostics
	}{
		{"plain", nil, func(i *bootinfo.Info) bool {
			return i.Console.Base == 0x9000000 && i.Console.IRQ == irq(33, 4) && i.Timer.Virtual == irq(27, 8) && len(i.Diagnostics) == 0
		}, ""},
		{"several memory nodes and cells", []any{
			n("memory@80000000", text("device_type", "memory"), cells("reg", 0, 0x80000000, 0, 0x1000, 1, 0, 0, 0x2000)),
		}, func(i *bootinfo.Info) bool {
			return reflect.DeepEqual(i.Memory, []bootinfo.Range{
				{Start: 0x40000000, End: 0x50000000}, {Start: 0x80000000, End: 0x80001000}, {Start: 0x100000000, End: 0x100002000},
			})
		}, ""},
		{"disabled memory", []any{n("memory@0", text("device_type", "memory"), text("status", "disabled"), cells("reg", 0, 0, 0, 0x1000))},
			func(i *bootinfo.Info) bool { return len(i.Memory) == 1 }, ""},
		{"usable memory of a crash kernel", []any{
			n("memory@40000000", text("device_type", "memory"), cells("reg", 0, 0x40000000, 0, 0x10000000), cells("linux,usable-memory", 0, 0x41000000, 0, 0x1000)),
		}, func(i *bootinfo.Info) bool { return i.Memory[0] == bootinfo.RangeOf(0x41000000, 0x1000) }, ""},
		{"memory that wraps around", []any{n("memory@1", text("device_type", "memory"), cells("reg", 0xffffffff, 0xfffff000, 0, 0x10000))},
			func(i *bootinfo.Info) bool { return i.Memory[1].End == ^uint64(0) }, ""},
		{"8-byte initrd", []any{n("chosen", cells("linux,initrd-start", 0, 0x41000000), cells("linux,initrd-end", 0, 0x41001000))},
			func(i *bootinfo.Info) bool { return i.Initrd == bootinfo.RangeOf(0x41000000, 0x1000) }, ""},
		{"initrd outside memory", []any{n("chosen", cells("linux,initrd-start", 0x1000), cells("linux,initrd-end", 0x2000))},
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() && len(i.Reserved) == 0 }, "is not in memory"},
		{"initrd without end", []any{n("chosen", cells("linux,initrd-start", 0x41000000))},
			func(i *bootinfo.Info) bool { return i.Initrd.Empty() }, "malformed linux,initrd"},
		{"bootargs without end", []any{n("chosen", dt.Property{Name: "bootargs", Value: []byte("quiet")})},
			func(i *bootinfo.Info) bool { return i.CommandLine == "quiet" }, ""},
		{"bootargs with something behind", []any{n("chosen", text("bootargs", "a", "b"))},
			func(i *bootinfo.Info) bool { return i.CommandLine == "a" }, ""},
		{"stdout by alias and options", []any{
			n("aliases", text("serial3", "/uart@a000000")), n("chosen", text("stdout-path", "serial3:9600n8")), pl011("uart@a000000"),
		}, func(i *bootinfo.Info) bool {
			return i.Console.Name == "ttyAMA3" && i.Console.Options == "9600n8" && i.Serial[0].Name == "ttyAMA0"
		}, ""},
		{"stdout by path without unit address", []any{n("chosen", text("stdout-path", "/uart")), pl011("uart@a000000")},
			func(i *bootinfo.Info) bool { return i.Console.Base == 0xa000000 }, ""},
		{"stdout to nowhere", []any{n("chosen", text("stdout-path", "/nowhere"))},
			func(i *bootinfo.Info) bool { return i.Console.Base == 0x9000000 }, "names no serial port"},
		{"disabled port", []any{pl011("uart@a000000", text("status", "disabled"))},
			func(i *bootinfo.Info) bool { return len(i.Serial) == 1 }, ""},
		{"no port", []any{n("pl011@9000000")},
			func(i *bootinfo.Info) bool { return i.Console.Kind == bootinfo.SerialNone }, "no serial port"},
		{"8250 behind a bus", []any{
			n("soc", cells("#address-cells", 1), cells("#size-cells", 1), cells("ranges", 0, 0, 0xf0000000, 0x1000000),
				n("serial@215000", text("compatible", "snps,dw-apb-uart"), cells("reg", 0x215000, 0x100), cells("reg-shift", 2),
					cells("reg-io-width", 4), cells("clock-frequency", 24000000), cells("interrupts-extended", 1, 0, 9, 4))),
		}, func(i *bootinfo.Info) bool {
			for _, s := range i.Serial {
				if s.Name == "ttyS0" {
					return s.Base == 0xf0215000 && s.RegShift == 2 && s.RegWidth == 4 && s.ClockHz == 24000000 && s.IRQ == irq(41, 4)
				}
			}
			return false
		}, ""},
		{"port on a bus without translation", []any{
			n("i2c", cells("#address-cells", 1), cells("#size-cells", 0), n("serial@1", text("compatible", "ns16550a"), cells("reg", 1))),
		}, func(i *bootinfo.Info) bool { return len(i.Serial) == 1 }, "no translation"},
		{"giant cell counts", []any{
			n("bus", cells("#address-cells", 0xffffffff), cells("#size-cells", 0x40000000), flagProperty("ranges"),
				n("serial@1", text("compatible", "ns16550a"), cells("reg", 1, 2, 3, 4, 5, 6, 7, 8))),
		}, func(i *bootinfo.Info) bool { return len(i.Serial) == 1 }, "cannot read addresses"},
		{"disabled CPU, MPIDR with all fields", []any{
			n("cpus", cells("#address-cells", 2), cells("#size-cells", 0),
				n("cpu-map"),
				n("cpu@0", text("device_type", "cpu"), cells("reg", 0, 0), text("enable-method", "psci")),
				n("cpu@1", text("device_type", "cpu"), cells("reg", 0x12, 0x345678), text("status", "disabled"), text("enable-method", "psci")),
				n("cpu@2", text("device_type", "cpu"), cells("reg", 0, 0)),
				n("cpu@3", text("device_type", "cpu"), cells("reg", 0, 0x80000000)),
				n("cpu@4", text("device_type", "cpu"), cells("reg", 4))),
		}, func(i *bootinfo.Info) bool {
			return len(i.CPUs) == 2 && i.CPUs[1].HardwareID == 0x12_0034_5678 && !i.CPUs[1].Enabled && len(i.Diagnostics) == 3
		}, "is no MPIDR"},
		{"no CPUs", []any{n("cpus")},
			func(i *bootinfo.Info) bool { return len(i.CPUs) == 1 && i.CPUs[0].Boot && i.CPUs[0].Enabled }, "lists no CPU"},
		{"spin-table without mailbox", []any{
			n("cpus", cells("#address-cells", 1), n("cpu@0", cells("reg", 0), text("enable-method", "spin-table"))),
		}, func(i *bootinfo.Info) bool { return i.CPUs[0].EnableMethod == bootinfo.EnableUnknown }, "cpu-release-addr"},
		{"PSCI 0.1", []any{n("psci", text("compatible", "arm,psci"), text("method", "smc"), cells("cpu_on", 0x95c10002))},
			func(i *bootinfo.Info) bool {
				return i.PSCI == bootinfo.PSCI{Conduit: bootinfo.ConduitSMC, CPUOn: 0x95c10002}
			}, ""},
		{"PSCI by smoke signals", []any{n("psci", text("compatible", "arm,psci-1.0"), text("method", "smoke"))},
			func(i *bootinfo.Info) bool { return i.PSCI == bootinfo.PSCI{} }, "unknown method"},
		{"named timer interrupts", []any{
			n("timer", text("compatible", "arm,armv8-timer"), text("interrupt-names", "virt", "phys"),
				cells("interrupts", 1, 11, 4, 1, 14, 4), cells("clock-frequency", 19200000)),
		}, func(i *bootinfo.Info) bool {
			t := i.Timer
			return t.Virtual == irq(27, 4) && t.Physical == irq(30, 4) && !t.Hypervisor.Valid() && t.CounterHz == 19200000 && t.Stops
		}, ""},
		{"no timer", []any{n("timer")},
			func(i *bootinfo.Info) bool { return !i.Timer.Virtual.Valid() }, "no generic timer"},
		{"more redistributor regions than blocks", []any{
			n("intc@8000000", text("compatible", "arm,gic-v3"), flagProperty("interrupt-controller"), cells("phandle", 1),
				cells("#interrupt-cells", 3), cells("#redistributor-regions", 0xffffffff), cells("reg", 0, 1, 0, 1, 0, 2, 0, 2)),
		}, func(i *bootinfo.Info) bool { return i.InterruptController.Kind == bootinfo.ControllerNone }, "redistributor regions"},
		{"redistributor stride", []any{
			n("intc@8000000", text("compatible", "arm,gic-v3"), cells("redistributor-stride", 0, 0x40000), cells("phandle", 1),
				cells("#interrupt-cells", 3), cells("reg", 0, 1, 0, 1, 0, 2, 0, 2)),
		}, func(i *bootinfo.Info) bool { return i.InterruptController.GIC.RedistributorStride == 0x40000 }, ""},
		{"bad redistributor stride", []any{
			n("intc@8000000", text("compatible", "arm,gic-v3"), cells("redistributor-stride", 0, 0x1234), cells("phandle", 1),
				cells("#interrupt-cells", 3), cells("reg", 0, 1, 0, 1, 0, 2, 0, 2)),
		}, func(i *bootinfo.Info) bool { return i.InterruptController.GIC.RedistributorStride == 0 }, "redistributor-stride"},
		{"GICv2 without CPU interface", []any{n("intc@8000000", text("compatible", "arm,gic-400"), cells("reg", 0, 1, 0, 1))},
			func(i *bootinfo.Info) bool { return i.InterruptController.Kind == bootinfo.ControllerNone }, "no CPU interface"},
		{"no interrupt controller", []any{n("intc@8000000")},
			func(i *bootinfo.Info) bool { return !i.Console.IRQ.Valid() }, "no interrupt controller"},
		{"interrupt numbers out of range", []any{
			n("pl011@9000000", text("compatible", "arm,pl011"), cells("reg", 0, 0x9000000, 0, 0x1000), cells("interrupts", 0, 5000, 4)),
		}, func(i *bootinfo.Info) bool { return !i.Console.IRQ.Valid() }, ""},
		{"interrupt lines of odd length", []any{
			n("pl011@9000000", text("compatible", "arm,pl011"), cells("reg", 0, 0x9000000, 0, 0x1000), cells("interrupts", 0, 5)),
		}, func(i *bootinfo.Info) bool { return !i.Console.IRQ.Valid() }, "lines have 3 cells"},
	} {
		t.Run(c.name, func(t *testing.T) {
			info, err := Parse(blob(t, minimal(c.parts...)))
			if err != nil {
				t.Fatal(err)
			}
			diagnostics := strings.Join(info.Diagnostics, "\n")
			if !c.check(info) || !strings.Contains(diagnostics, c.note) {
				t.Errorf("got %+v", info)
			}
			if c.note == "" && diagnostics != "" {
				t.Errorf("unexpected diagnostics:\n%s", diagnostics)
			}
		})
	}
}

func TestNoMemory(t *testing.T) {
	for name, root := range map[string]*dt.Node{
		"no node":        n("", text("model", "x")),
		"empty reg":      n("", n("memory@0", text("device_type", "memory"), cells("reg"))),
		"odd reg":        n("", n("memory@0", text("device_type", "memory"), cells("reg", 1, 2))),
		"size zero":      n("", n("memory@0", text("device_type", "memory"), cells("reg", 0, 0x40000000, 0))),
		"giant counts":   n("", cells("#size-cells", 0x7fffffff), n("memory@0", text("device_type", "memory"), cells("reg", 0, 0, 1))),
		"no size cells?": n("", cells("#size-cells", 0), n("memory@0", text("device_type", "memory"), cells("reg", 0, 0x40000000))),
	} {
		if info, err := Parse(blob(t, root)); err == nil || !strings.Contains(err.Error(), "no memory") {
			t.Errorf("%s: got %v, error %v", name, info, err)
		}
	}
}

// TestTruncated cuts a tree after every byte.
func TestTruncated(t *testing.T) {
	whole := read(t, "virt-gicv2.dtb")
	for length := range whole {
		if _, err := Parse(whole[:length]); err == nil {
			t.Fatalf("tree of %d bytes cut to %d: no error", len(whole), length)
		}
	}
}

// structure writes a tree whose structure block consists of the given words.
func structure(words ...uint32) []byte {
	const strings = "reg\x00"
	out := make([]byte, headerSize+16+4*len(words)+len(strings))
	header := []uint32{
		magic, uint32(len(out)), headerSize + 16, uint32(len(out) - len(strings)), headerSize,
		17, 16, 0, uint32(len(strings)), uint32(4 * len(words)),
	}
	for i, w := range header {
		be.PutUint32(out[4*i:], w)
	}
	for i, w := range words {
		be.PutUint32(out[headerSize+16+4*i:], w)
	}
	copy(out[len(out)-len(strings):], strings)
	return out
}

func TestDamagedStructure(t *testing.T) {
	deep := []uint32{}
	for range maxDepth + 1 {
		deep = append(deep, tokenBeginNode, 0)
	}
	long := []uint32{tokenBeginNode}
	for range 100 {
		long = append(long, 0x61616161)
	}
	many := []uint32{tokenBeginNode, 0}
	for range maxNodes {
		many = append(many, tokenBeginNode, 0, tokenEndNode)
	}
	manyProperties := []uint32{tokenBeginNode, 0}
	for range maxProperties + 1 {
		manyProperties = append(manyProperties, tokenProp, 0, 0)
	}
	for _, c := range []struct {
		want  string
		words []uint32
	}{
		{"no end token", nil},
		{"no end token", []uint32{tokenBeginNode, 0, tokenEndNode}},
		{"early end token", []uint32{tokenEnd}},
		{"early end token", []uint32{tokenBeginNode, 0, tokenEnd}},
		{"did not begin", []uint32{tokenEndNode, tokenEnd}},
		{"second root", []uint32{tokenBeginNode, 0, tokenEndNode, tokenBeginNode, 0, tokenEndNode, tokenEnd}},
		{"outside a node", []uint32{tokenProp, 0, 0, tokenEnd}},
		{"outside a node", []uint32{tokenBeginNode, 0, tokenEndNode, tokenProp, 0, 0, tokenEnd}},
		{"unknown token", []uint32{tokenBeginNode, 0, 77}},
		{"truncated property", []uint32{tokenBeginNode, 0, tokenProp}},
		{"property of 4294967295 bytes", []uint32{tokenBeginNode, 0, tokenProp, 0xffffffff, 0, tokenEndNode, tokenEnd}},
		{"property of 13 bytes", []uint32{tokenBeginNode, 0, tokenProp, 13, 0, 0, tokenEndNode, tokenEnd}},
		{"property name at", []uint32{tokenBeginNode, 0, tokenProp, 0, 4, tokenEndNode, tokenEnd}},
		{"property name at", []uint32{tokenBeginNode, 0, tokenProp, 0, 0xffffffff, tokenEndNode, tokenEnd}},
		{"name without end", []uint32{tokenBeginNode, 0x61616161}},
		{"name without end", long},
		{"nested deeper", deep},
		{"more than 16384 nodes", many},
		{"more than 65536 properties", manyProperties},
	} {
		if _, err := Parse(structure(c.words...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: got %v, want %q", c.words[:min(len(c.words), 8)], err, c.want)
		}
	}
}

func TestDamagedHeader(t *testing.T) {
	good := read(t, "virt-gicv2.dtb")
	for _, c := range []struct {
		name  string
		field int
		value uint32
		want  string
	}{
		{"magic", 0, 0xedfe0dd0, "wrong magic"},
		{"size 0", 1, 0, "implausible size"},
		{"giant size", 1, 0xffffffff, "implausible size"},
		{"size beyond the blob", 1, uint32(len(good) + 1), "truncated"},
		{"structure outside", 2, 0xfffffffc, "structure"},
		{"structure unaligned", 2, 0x39, "not a multiple of 4"},
		{"strings outside", 3, 0xffffffff, "strings"},
		{"reservations outside", 4, 0xfffffff8, "memory reservations"},
		{"reservations unaligned", 4, 0x29, "not a multiple of 8"},
		{"old version", 5, 16, "version"},
		{"incompatible version", 6, 18, "version"},
		{"giant strings", 8, 0xffffffff, "strings"},
		{"giant structure", 9, 0xfffffffc, "structure"},
	} {
		bad := bytes.Clone(good)
		be.PutUint32(bad[4*c.field:], c.value)
		if _, err := Parse(bad); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Size(nil); err != ErrNoTree {
		t.Errorf("Size(nil): %v", err)
	}
	if n, err := Size(good[:HeaderSize]); n != len(good) || err != nil {
		t.Errorf("Size = %d, %v; want %d", n, err, len(good))
	}
}

// TestOrderOfBlocks moves the structure behind the strings, as some boot
// loaders do, and leaves garbage behind the end token.
func TestOrderOfBlocks(t *testing.T) {
	good := read(t, "virt-gicv2.dtb")
	field := func(i int) uint32 { return be.Uint32(good[4*i:]) }
	structure := good[field(2) : field(2)+field(9)]
	moved := append(bytes.Clone(good), make([]byte, -len(good)&3)...)
	offset := len(moved)
	moved = append(moved, structure...)
	moved = append(moved, "garbage!"...)
	be.PutUint32(moved[4:], uint32(len(moved)))
	be.PutUint32(moved[8:], uint32(offset))
	be.PutUint32(moved[36:], field(9)+8)
	want, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(moved)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, want)
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.dtb")
	if err != nil || len(files) == 0 {
		f.Fatal("no test data", err)
	}
	for _, name := range files {
		f.Add(read(f, filepath.Base(name)))
	}
	f.Add(blob(f, raspi3b()))
	f.Add(blob(f, minimal()))
	f.Fuzz(func(t *testing.T, blob []byte) {
		info, err := Parse(blob)
		if err != nil {
			return
		}
		if len(info.Memory) == 0 || len(info.CPUs) == 0 || !info.CPUs[0].Boot {
			t.Errorf("incomplete: %+v", info)
		}
		if !reflect.DeepEqual(info.Memory, bootinfo.Merge(info.Memory)) {
			t.Errorf("memory not in order: %v", info.Memory)
		}
		info.Usable(4096)
	})
}

func BenchmarkParse(b *testing.B) {
	blob := read(b, "virt-gicv3.dtb")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(blob); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNoMap(t *testing.T) {
	info, err := Parse(blob(t, minimal(n("reserved-memory", cells("#address-cells", 2), cells("#size-cells", 2), flagProperty("ranges"),
		n("secure@41000000", cells("reg", 0, 0x41000000, 0, 0x200000), flagProperty("no-map")),
		n("odd@42000800", cells("reg", 0, 0x42000800, 0, 0x900), flagProperty("no-map")),
		n("mapped@43000000", cells("reg", 0, 0x43000000, 0, 0x1000)),
		n("off@44000000", cells("reg", 0, 0x44000000, 0, 0x1000), flagProperty("no-map"), text("status", "disabled"))))))
	if err != nil {
		t.Fatal(err)
	}
	want := []bootinfo.Range{{Start: 0x40000000, End: 0x41000000}, {Start: 0x41200000, End: 0x42000000}, {Start: 0x42002000, End: 0x50000000}}
	if !reflect.DeepEqual(info.Memory, want) {
		t.Errorf("memory %v, want %v", info.Memory, want)
	}
	reserved := map[string]bool{}
	for _, r := range info.Reserved {
		reserved[r.Why] = true
	}
	if !reserved["secure"] || !reserved["odd"] || !reserved["mapped"] || reserved["off"] {
		t.Errorf("reserved %v", info.Reserved)
	}
}
