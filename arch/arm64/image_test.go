package arm64

import "testing"

// fakeImage is an image as the linker lays it out, with writable memory of the
// given size behind 3 MiB of code and constants.
func fakeImage(data uintptr) (s imageSections, area uintptr) {
	s.text = ImageBase + headerSize
	s.etext = ImageBase + 0x17_8a20
	s.rodata = ImageBase + 0x18_0000
	s.noptrdata = ImageBase + 0x30_05c0
	s.bss = ImageBase + 0x31_ada0
	s.noptrbss = ImageBase + 0x34_1900
	s.end = ImageBase + 0x30_0000 + data
	s.enableMMU = ImageBase + 0x12_3ffc
	return s, ImageBase + 0x37_0000
}

// rights says what may be done with a page.
func (tr translation) rights() string {
	r := "r"
	if tr.attr&descReadOnly == 0 {
		r += "w"
	}
	if tr.attr&descPXN == 0 {
		r += "x"
	}
	return r
}

func TestMapImage(t *testing.T) {
	for _, load := range []uintptr{0x4000_0000, 0x4020_0000, 0x8_0000, 0x7f_1000, 0x3fff_f000, 0x88_0123_4000} {
		s, area := fakeImage(bootAreaSize + 0x12_3456)
		offset := ImageBase - load
		tree := newTables(t, bootTableLimit/pageSize)
		if !mapImage(tree, &s, area-offset, offset) {
			t.Fatalf("loaded at %#x: out of tables", load)
		}
		erodata := s.noptrdata &^ (segmentAlign - 1)
		end := (s.end + pageMask) &^ pageMask
		for va := ImageBase; va < end; va += pageSize {
			want, alias := "rw", "rw"
			switch off := va - area; {
			case va < (s.etext+pageMask)&^pageMask:
				want, alias = "rx", "r"
			case va < s.rodata:
				want, alias = "", "r"
			case va < erodata:
				want, alias = "r", "r"
			case off == guards[0] || off == guards[1] || off == guards[2]:
				want = ""
			}
			check := func(va uintptr, want string) {
				tr, ok := tree.walk(va)
				if !ok && want != "" || ok && tr.rights() != want {
					t.Errorf("loaded at %#x: %#x has rights %q, want %q", load, va, tr.rights(), want)
				}
			}
			check(va, want)
			pa := va - offset
			check(DirectMapBase+pa, alias)
			if tr, ok := tree.walk(va); ok && tr.pa != pa {
				t.Fatalf("loaded at %#x: %#x is at %#x, want %#x", load, va, tr.pa, pa)
			}
			if tr, ok := tree.walk(DirectMapBase + pa); !ok || tr.pa != pa {
				t.Fatalf("loaded at %#x: the direct map shows %#x at %#x", load, tr.pa, pa)
			}
		}
		for _, va := range []uintptr{ImageBase - 1, end, DirectMapBase + load - 1, DirectMapBase + load + end - ImageBase} {
			if _, ok := tree.walk(va); ok {
				t.Errorf("loaded at %#x: %#x is mapped, too", load, va)
			}
		}
	}
}

// The tables that are set aside are enough for the size their comment gives, at
// the worst load address, with the identity map.
func TestBootTableLimit(t *testing.T) {
	for _, test := range []struct {
		data uintptr
		ok   bool
	}{
		{5 << 20, true},
		{(56 - 3) << 20, true},
		{120 << 20, false},
	} {
		s, area := fakeImage(test.data)
		// Three pages of the pool are no tables, or roots; the tree of the
		// test has its own root.
		tree := newTables(t, bootTableLimit/pageSize-3)
		const load = 0x3e12_3000 // a gigabyte boundary in the middle
		ok := mapIdentity(tree, &s, ImageBase-load) && mapImage(tree, &s, area-(ImageBase-load), ImageBase-load)
		if ok != test.ok {
			t.Errorf("%d MiB: %v, %d tables", test.data>>20, ok, tree.used())
		}
	}
}

func TestMapIdentity(t *testing.T) {
	s, _ := fakeImage(1 << 20)
	tree := newTables(t, 8)
	const load = 0x4567_8000
	if !mapIdentity(tree, &s, ImageBase-load) {
		t.Fatal("out of tables")
	}
	for off := uintptr(0); off < 256; off += 4 {
		pa := load + s.enableMMU - ImageBase + off
		if tr, ok := tree.walk(pa); !ok || tr.pa != pa || tr.rights() != "rx" {
			t.Fatalf("%#x: %#x, %v", pa, tr, ok)
		}
	}
}

func TestLayout(t *testing.T) {
	const root = uintptr(1) << 39 // what one entry of the root covers
	regions := []struct {
		name       string
		start, end uintptr
	}{
		{"direct map", DirectMapBase, directMapEnd},
		{"devices", deviceBase, deviceEnd},
		{"heap", HeapBase, HeapEnd},
		{"vm", VMBase, VMEnd},
		{"vmemmap", VmemmapBase, VmemmapEnd},
		{"vmalloc", VmallocBase, VmallocEnd},
		{"stacks", stackBase, stackBase + root},
		{"image", ImageBase &^ (root - 1), 0},
	}
	for i, r := range regions {
		if r.start%root != 0 || r.end%pageSize != 0 || r.start < 0xffff_0000_0000_0000 {
			t.Errorf("%s: %#x to %#x", r.name, r.start, r.end)
		}
		if i > 0 && r.start < regions[i-1].end {
			t.Errorf("%s overlaps %s", r.name, regions[i-1].name)
		}
	}
	if VmemmapEnd-VmemmapBase != (directMapEnd-DirectMapBase)/pageSize*16 {
		t.Error("the page array, of 16 bytes a page, does not end with the direct map")
	}
	if emergencyStackTop > stackSlot {
		t.Errorf("stacks of %#x bytes in a slot of %#x", emergencyStackTop, stackSlot)
	}
	if bootPool%pageSize != 0 || bootIdleTop%pageSize != 0 || bootThreadTop%pageSize != 0 {
		t.Error("the boot area is not made of pages")
	}
}
