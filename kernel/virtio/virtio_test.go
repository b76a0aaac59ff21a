package virtio

import (
	"errors"
	"strings"
	"testing"
	"unsafe"
)

// fakeDevice is a console device that reads its queue when it is notified.
type fakeDevice struct {
	regs    [64]uint32
	memory  ConsoleMemory
	taken   uint16
	stalled bool
	out     strings.Builder
	refuse  bool
}

func newFake() *fakeDevice {
	d := &fakeDevice{}
	d.regs[regMagic/4], d.regs[regVersion/4], d.regs[regDeviceID/4], d.regs[regQueueNumMax/4] = magic, versionModern, IDConsole, 64
	q, b := new([4096]byte), new([4096]byte)
	d.memory = ConsoleMemory{unsafe.Pointer(q), unsafe.Pointer(b), 0x1000, 0x2000}
	return d
}

func (d *fakeDevice) Read(o uintptr) uint32 {
	if o == regStatus && d.refuse {
		return 0
	}
	return d.regs[o/4]
}

func (d *fakeDevice) Write(o uintptr, v uint32) {
	d.regs[o/4] = v
	if o == regQueueNotify && v == transmitQueue && !d.stalled {
		d.take()
	}
}

// take does what section 2.7 asks of a device.
func (d *fakeDevice) take() {
	page := d.memory.Queue
	for idx := *(*uint16)(unsafe.Add(page, availStart+2)); d.taken != idx; d.taken++ {
		slot := *(*uint16)(unsafe.Add(page, availRing+2*uintptr(d.taken%queueSize)))
		desc := unsafe.Add(page, uintptr(slot)*descSize)
		pa, n := *(*uint64)(desc), *(*uint32)(unsafe.Add(desc, 8))
		d.out.Write(unsafe.Slice((*byte)(unsafe.Add(d.memory.Buffers, pa-d.memory.BuffersPA)), n))
	}
	*(*uint16)(unsafe.Add(page, usedStart+2)) = d.taken
}

func TestConsole(t *testing.T) {
	d := newFake()
	c, err := OpenConsole(d, d.memory)
	if err != nil {
		t.Fatal(err)
	}
	if d.regs[regStatus/4] != 15 || d.regs[regQueueReady/4] != 1 || d.regs[regQueueDevice/4] != 0x1000+usedStart {
		t.Errorf("the device was not started: %v", d.regs)
	}
	want := ""
	for i := range 100 {
		line := strings.Repeat(string(rune('a'+i%26)), i%40+1) + "\n"
		if n := c.Write([]byte(line)); n != len(line) {
			t.Fatalf("wrote %d of %d", n, len(line))
		}
		want += line
	}
	if d.out.String() != want {
		t.Errorf("the device got %q", d.out.String())
	}
	if n := c.Write(make([]byte, 1000)); n != BufferSize {
		t.Errorf("wrote %d of 1000 at once", n)
	}
}

func TestStalledDevice(t *testing.T) {
	d := newFake()
	c, err := OpenConsole(d, d.memory)
	if err != nil {
		t.Fatal(err)
	}
	d.stalled = true
	for i := range queueSize {
		if c.Write([]byte("x")) != 1 {
			t.Fatalf("no room for buffer %d", i)
		}
	}
	if c.Write([]byte("y")) != 0 {
		t.Error("wrote over a buffer that the device has not read")
	}
	d.stalled = false
	d.take()
	if c.Write([]byte("z")) != 1 || d.out.String() != strings.Repeat("x", queueSize)+"z" {
		t.Errorf("after the stall the device got %q", d.out.String())
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*fakeDevice)
		want  error
	}{
		"nothing there":  {func(d *fakeDevice) { d.regs[regMagic/4] = 0 }, ErrNoDevice},
		"empty slot":     {func(d *fakeDevice) { d.regs[regDeviceID/4] = 0 }, ErrNoDevice},
		"a disk":         {func(d *fakeDevice) { d.regs[regDeviceID/4] = 2 }, ErrNoDevice},
		"legacy":         {func(d *fakeDevice) { d.regs[regVersion/4] = 1 }, ErrLegacy},
		"no features":    {func(d *fakeDevice) { d.refuse = true }, ErrDevice},
		"small queue":    {func(d *fakeDevice) { d.regs[regQueueNumMax/4] = 8 }, ErrDevice},
		"queue is taken": {func(d *fakeDevice) { d.regs[regQueueReady/4] = 1 }, ErrDevice},
	} {
		d := newFake()
		tt.spoil(d)
		if _, err := OpenConsole(d, d.memory); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestParseDevice(t *testing.T) {
	for s, want := range map[string]Device{
		"512@0xfeb00e00:12":  {0xfeb00e00, 512, 12},
		"4K@0x10000000:5:2":  {0x10000000, 4096, 5},
		"0x200@4276092928:0": {4276092928, 512, 0},
	} {
		if got, err := ParseDevice(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "512", "512@", "512@1000", "512@0x1000:", "x@0x1000:1", "16@0x1000:1",
		"512@0x1002:1", "512@0xffffffffffffff00:1", "512@0x1000:-1", "2048K@0x1000:1"} {
		if got, err := ParseDevice(s); err == nil {
			t.Errorf("%q is %+v without an error", s, got)
		}
	}
}

func FuzzParseDevice(f *testing.F) {
	f.Add("512@0xfeb00e00:12")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDevice(s)
		if err == nil && (d.Size == 0 || d.Base+d.Size < d.Base) {
			t.Errorf("%q is %+v", s, d)
		}
	})
}
