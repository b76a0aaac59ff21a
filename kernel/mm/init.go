package mm

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"onsen/arch/bootinfo"
)

// Config is what Init needs to know about the machine. The ranges may come in
// any order, overlap, be unaligned, empty or inverted.
type Config struct {
	// Memory is the usable RAM.
	Memory []Range

	// Reserved lists what must not be allocated: kernel image, initrd, device
	// tree, firmware tables. The early pool is known already.
	Reserved []Range

	// Limit is the value of mem=: how many bytes of Memory are used, counted
	// from the lowest address. 0 means all.
	Limit uint64

	// Poison fills free pages with a pattern and checks it when they are
	// allocated (page_poison=1).
	Poison bool
}

const (
	// MinFree is how much free memory must be left for Init to succeed, bytes.
	MinFree = 4 << 20

	// Of the memory one part in reserveShare is kept for the Go heap, within
	// these bounds, in bytes.
	reserveShare = 16
	reserveMin   = 1 << 20
	reserveMax   = 32 << 20

	// initStep is how much memory Init adds at a time: the page tables of one
	// step come out of the pages of the one before.
	initStep = 1 << 30

	// maxAddress is where the page array ends, or the 32 bits of a page frame
	// number, less one block so that counts fit in 32 bits, too.
	maxAddress = min(uint64(vmemmapLimit/pageStructSize)<<pageShift, 1<<(32+pageShift)) - maxBlock*PageSize
)

var errNoTables = errors.New("mm: no memory for the page array's own pages")

// held are the reservations that Release may still give up, and all memory.
var held struct {
	sync.Mutex
	memory   []Range
	reserved []Range
}

// Init ends the early days: it finds out which memory is free, maps the direct
// map and the page array, and gives all free pages to the allocator. It is
// called once, by the boot CPU, before any other CPU runs; other threads on
// this CPU may allocate and free meanwhile.
//
// It fails, with the sizes in the message, if there is too little memory. The
// early pool still works then, so the error can be reported.
func Init(c Config) error {
	pool := earlyRange()
	m := newMemblock(c.Memory, c.Reserved, c.Limit, maxAddress, pool)
	if err := m.check(); err != nil {
		return err
	}
	if c.Poison {
		poisoning = 1
	}
	for i, b := range m.banks {
		if err := m.addBank(i, b); err != nil {
			return err
		}
	}
	for _, r := range bootinfo.Subtract(m.direct, m.banks) {
		hwMapDirect(uintptr(r.Start), uintptr(r.End))
	}
	retireEarly()
	total := uint64(atomic.LoadUint32(&managedPages))
	atomic.StoreUint32(&reserve, uint32(min(max(total/reserveShare, reserveMin>>pageShift), reserveMax>>pageShift)))

	held.Lock()
	held.memory, held.reserved = m.memory, append(slices.Clone(c.Reserved), pool)
	held.Unlock()
	return nil
}

// check returns an error if too little memory is free.
func (m *memblock) check() error {
	need := size(m.banks)/PageSize*uint64(pageStructSize) + MinFree
	if free := size(m.free); free < need {
		return fmt.Errorf("mm: too little memory: %d KiB of %d KiB are free, need %d KiB",
			free>>10, size(m.memory)>>10, need>>10)
	}
	return nil
}

// addBank gives the pages of a bank to the allocator, step by step.
func (m *memblock) addBank(i int, b Range) error {
	atomic.StoreUint32(&banks[i].start, uint32(b.Start>>pageShift))
	atomic.StoreUint32(&nbanks, uint32(i+1))
	for start := b.Start; start < b.End; {
		step := []Range{{Start: start, End: min(b.End, (start+initStep)&^(initStep-1))}}
		for _, r := range intersect(m.direct, step) {
			hwMapDirect(uintptr(r.Start), uintptr(r.End))
		}
		if err := m.mapPageArray(step[0]); err != nil {
			return err
		}
		atomic.AddUint32(&banks[i].size, uint32(step[0].Size()>>pageShift))
		for _, r := range intersect(m.free, step) {
			giveRange(r)
		}
		m.free = bootinfo.Subtract(m.free, step)
		atomic.StoreUint32(&ready, 1)
		start = step[0].End
	}
	return nil
}

// mapPageArray maps the entries of the pages in r.
func (m *memblock) mapPageArray(r Range) error {
	const span = uint64(pagesPerMapPage * PageSize) // memory described by one page
	for ; !r.Empty(); r.Start += span {
		pa := m.takeLast()
		if pa == 0 {
			pa = AllocPage()
		}
		va := vmemmapBase + uintptr(r.Start>>pageShift)*pageStructSize
		if pa == 0 || !hwMapPage(va, pa) {
			return errNoTables
		}
		hwZeroPage(va)
	}
	return nil
}

// takeLast takes the last free page, 0 if there is none.
func (m *memblock) takeLast() uintptr {
	n := len(m.free)
	if n == 0 {
		return 0
	}
	last := &m.free[n-1]
	last.End -= PageSize
	pa := uintptr(last.End)
	if last.Empty() {
		m.free = m.free[:n-1]
	}
	return pa
}

// giveRange gives the pages of r to the zones in the largest possible blocks.
func giveRange(r Range) {
	pfn, end := uint32(r.Start>>pageShift), uint32(r.End>>pageShift)
	atomic.AddUint32(&managedPages, end-pfn)
	for pfn < end {
		order := uint32(MaxOrder)
		for pfn%(1<<order) != 0 || end-pfn < 1<<order {
			order--
		}
		if poisoning != 0 {
			poison(pfn, order)
		}
		giveBlock(pfn, order)
		pfn += 1 << order
	}
}

// Release gives up one of the reservations given to Init, such as the initrd
// when it is unpacked, and frees its pages except those that others hold, too.
func Release(r Range) error {
	held.Lock()
	defer held.Unlock()
	i := slices.Index(held.reserved, r)
	if i < 0 || r.Empty() {
		return fmt.Errorf("mm: %v is not reserved", r)
	}
	held.reserved = slices.Delete(held.reserved, i, i+1)
	addressable := []Range{{Start: PageSize, End: maxAddress}}
	pages := intersect(coverPages(intersect([]Range{r}, addressable)), held.memory)
	for _, p := range bootinfo.Subtract(pages, coverPages(intersect(held.reserved, addressable))) {
		giveRange(p)
	}
	return nil
}
