package virtio

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// fakeFunction is the console of fakeDevice as a PCI function with a 64-bit BAR 4,
// as QEMU has it.
type fakeFunction struct {
	config [256]byte
	*fakeDevice
	wrongWidth bool
}

const fakeBar = 0x8_0000_4000

func newFakeFunction() *fakeFunction {
	f := &fakeFunction{fakeDevice: newFake()}
	f.put(pciID, PCIVendor|(pciModernFirst+IDConsole)<<16)
	f.put(pciCommand, pciStatusCapabilities)
	f.put(pciBar0+4*4, fakeBar&0xffff_ffff|pciBarType64|1<<3)
	f.put(pciBar0+4*5, fakeBar>>32)
	f.put(pciCapabilities, 0x40)
	// Another capability, two of virtio's, and one of a type that nobody knows.
	f.put(0x40, 0x11|0x4c<<8)
	f.capability(0x4c, 0x60, pciCapCommon, 0, commonSize)
	f.capability(0x60, 0x80, pciCapNotify, 0x3000, 0x1000)
	f.put(0x60+16, 4)
	f.capability(0x80, 0, 0x77, 0xffff_ffff, 0xffff_ffff)
	return f
}

func (f *fakeFunction) put(at uint32, v uint32) { binary.LittleEndian.PutUint32(f.config[at:], v) }

func (f *fakeFunction) capability(at, next, kind, offset, size uint32) {
	f.put(at, pciCapVendor|next<<8|20<<16|kind<<24)
	f.put(at+4, 4)
	f.put(at+8, offset)
	f.put(at+12, size)
}

// configSpace is f's configuration space.
type configSpace struct{ f *fakeFunction }

func (c configSpace) Read(o uint32) uint32     { return binary.LittleEndian.Uint32(c.f.config[o:]) }
func (c configSpace) Write(o uint32, v uint32) { c.f.put(o, v) }

// fakeWindow is the function's memory from an offset in the BAR on.
type fakeWindow struct {
	f  *fakeFunction
	at uintptr
}

func (f *fakeFunction) mapMemory(pa, size uint64) Window {
	if pa < fakeBar || pa+size > fakeBar+0x4000 {
		return nil
	}
	return fakeWindow{f, uintptr(pa - fakeBar)}
}

// register finds the register of fakeDevice behind a field.
func (w fakeWindow) register(offset uintptr, width int, store bool) uintptr {
	for reg, field := range commonField {
		if field.offset == offset && (store || reg != regQueueNum) && (!store || reg != regQueueNumMax) {
			w.f.wrongWidth = w.f.wrongWidth || field.width != width
			return reg
		}
	}
	w.f.wrongWidth = true
	return regStatus
}

func (w fakeWindow) Load(offset uintptr, width int) uint32 {
	if offset == commonQueueNotifyOff && width == 16 {
		return w.f.regs[regQueueSel/4] // QEMU's is the queue's index, too
	}
	return w.f.Read(w.register(offset, width, false))
}

func (w fakeWindow) Store(offset uintptr, width int, v uint32) {
	if w.at == 0x3000 {
		w.f.wrongWidth = w.f.wrongWidth || width != 16 || offset != 4*uintptr(v)
		w.f.Write(regQueueNotify, v)
		return
	}
	w.f.Write(w.register(offset, width, true), v)
}

func TestConsoleOnPCI(t *testing.T) {
	f := newFakeFunction()
	r, err := OpenPCI(configSpace{f}, f.mapMemory)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenConsole(r, f.memory)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for i := range 50 {
		line := strings.Repeat("x", i) + "\n"
		c.Write([]byte(line))
		want += line
	}
	if f.out.String() != want {
		t.Errorf("the device got %q", f.out.String())
	}
	if f.wrongWidth {
		t.Error("a field was accessed with a wrong width, or is none")
	}
	if got := binary.LittleEndian.Uint32(f.config[pciCommand:]); got != pciCommandMemory|pciCommandMaster|pciCommandIntxDisable {
		t.Errorf("command and status are %#x", got)
	}
}

func TestPCIRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*fakeFunction)
		want  error
	}{
		"another vendor":     {func(f *fakeFunction) { f.put(pciID, 0x8086|0x1043<<16) }, ErrNoDevice},
		"nothing":            {func(f *fakeFunction) { f.put(pciID, 0xffff_ffff) }, ErrNoDevice},
		"no capabilities":    {func(f *fakeFunction) { f.put(pciCommand, 0) }, ErrLegacy},
		"none of virtio's":   {func(f *fakeFunction) { f.put(0x40, 0x11) }, ErrLegacy},
		"no notifications":   {func(f *fakeFunction) { f.put(0x4c, pciCapVendor|pciCapCommon<<24) }, errPCI},
		"too small":          {func(f *fakeFunction) { f.put(0x4c+12, 16) }, errPCI},
		"too large":          {func(f *fakeFunction) { f.put(0x4c+12, 1<<31) }, errPCI},
		"no such BAR":        {func(f *fakeFunction) { f.put(0x4c+4, 6) }, errPCI},
		"half a BAR":         {func(f *fakeFunction) { f.put(0x4c+4, 5); f.put(pciBar0+20, pciBarType64|0x1000) }, errPCI},
		"BAR of ports":       {func(f *fakeFunction) { f.put(pciBar0+16, 0xc001) }, errPCI},
		"BAR not set":        {func(f *fakeFunction) { f.put(pciBar0+16, 0); f.put(pciBar0+20, 0) }, errPCI},
		"cannot be mapped":   {func(f *fakeFunction) { f.put(pciBar0+20, 0xffff_ffff) }, errPCI},
		"beyond the end":     {func(f *fakeFunction) { f.put(0x40, 0x11|0xf8<<8); f.put(0xf8, pciCapVendor|pciCapNotify<<24) }, errPCI},
		"list without end":   {func(f *fakeFunction) { f.put(0x40, 0x11|0x40<<8) }, ErrLegacy},
		"list into the head": {func(f *fakeFunction) { f.put(pciCapabilities, 0x10) }, ErrLegacy},
	} {
		f := newFakeFunction()
		tt.spoil(f)
		if _, err := OpenPCI(configSpace{f}, f.mapMemory); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	f := newFakeFunction()
	f.put(pciID, PCIVendor|0x1003<<16)
	f.put(pciSubsystem, PCIVendor|IDConsole<<16)
	if PCIType(configSpace{f}) != IDConsole {
		t.Error("a transitional console is not known as one")
	}
}

// Any configuration space gives a device or an error.
func FuzzOpenPCI(f *testing.F) {
	f.Add(newFakeFunction().config[:])
	f.Fuzz(func(t *testing.T, config []byte) {
		d := newFakeFunction()
		copy(d.config[:], config)
		binary.LittleEndian.PutUint16(d.config[:], PCIVendor)
		r, err := OpenPCI(configSpace{d}, func(pa, size uint64) Window {
			if size == 0 || pa+size < pa {
				t.Errorf("maps %#x bytes at %#x", size, pa)
			}
			return fakeWindow{d, 0}
		})
		if (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
	})
}
