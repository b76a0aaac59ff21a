package vm

import (
	"math/rand/v2"
	"testing"
)

// The model of an address space is one small record per page of a window.

const (
	window     = 64                                            // pages
	windowBase = uintptr(0x7f00_0000_0000) - window/2*pageSize // across two tables
)

type modelPage struct {
	mapped   bool
	prot     Flags
	value    byte
	dontCopy bool
	wipe     bool
}

type model [window]modelPage

// world is an address space and its model.
type world struct {
	m     *MM
	model model
}

// script feeds decisions from bytes; after the end it says 0.
type script []byte

func (s *script) next(n int) int {
	if len(*s) == 0 {
		return 0
	}
	v := int((*s)[0])
	*s = (*s)[1:]
	return v % n
}

func (s *script) span() (first, n int) {
	first = s.next(window)
	return first, 1 + s.next(min(20, window-first))
}

func addrOf(page int) uintptr { return windowBase + uintptr(page)*pageSize }

// play runs a script on up to three processes.
func play(t *testing.T, s script) {
	worlds := []*world{{m: newMM(t)}}
	for len(s) > 0 && !t.Failed() {
		w := worlds[s.next(len(worlds))]
		if s.next(12) == 11 {
			if len(worlds) < 3 {
				worlds = append(worlds, w.fork(t))
			} else {
				worlds[2].m.Put()
				worlds = worlds[:2]
			}
			continue
		}
		w.step(t, &s)
		w.m.check(t)
		if s.next(4) == 0 { // looking brings all pages in
			w.compare(t)
		}
	}
	for _, w := range worlds {
		w.compare(t)
		w.m.Put()
	}
}

func (w *world) fork(t *testing.T) *world {
	m, err := w.m.Dup()
	if err != nil {
		t.Fatal(err)
	}
	n := &world{m: m, model: w.model}
	for i := range n.model {
		p := &n.model[i]
		switch {
		case p.dontCopy:
			*p = modelPage{}
		case p.wipe:
			p.value = 0
		}
	}
	return n
}

func (w *world) step(t *testing.T, s *script) {
	op := s.next(10)
	first, n := s.span()
	addr, size := addrOf(first), uintptr(n)*pageSize
	span := w.model[first : first+n]
	switch op {
	case 0, 1:
		prot := s.next(8)
		if _, err := w.m.Mmap(MmapArgs{Addr: addr, Len: size, Prot: prot, Flags: MAP_PRIVATE | MAP_FIXED}); err != nil {
			t.Error(err)
		}
		for i := range span {
			span[i] = modelPage{mapped: true, prot: Flags(prot)}
		}
	case 2:
		if err := w.m.Munmap(addr, size); err != nil {
			t.Error(err)
		}
		clear(span)
	case 3:
		prot := s.next(8)
		err := w.m.Mprotect(addr, size, prot)
		w.each(t, span, err, func(p *modelPage) { p.prot = Flags(prot) }, true)
	case 4:
		w.advise(t, s, addr, span)
	case 5:
		w.move(t, s, first, n)
	default:
		v := byte(1 + s.next(255))
		for i := range span {
			_, err := w.m.WriteRemote(addrOf(first+i), []byte{v})
			if ok := span[i].mapped && span[i].prot&VM_WRITE != 0; ok != (err == nil) {
				t.Errorf("write to page %d of %+v: %v", first+i, span[i], err)
			}
			if err == nil {
				span[i].value = v
			}
		}
	}
}

// each applies f to the pages that are mapped; stop says that the first gap ends
// it. There is an error if and only if there was a gap.
func (w *world) each(t *testing.T, span []modelPage, err error, f func(*modelPage), stop bool) {
	gap := false
	for i := range span {
		if gap = gap || !span[i].mapped; gap && stop {
			break
		}
		if span[i].mapped {
			f(&span[i])
		}
	}
	if gap != (err != nil) {
		t.Errorf("gap %v, error %v", gap, err)
	}
}

func (w *world) advise(t *testing.T, s *script, addr uintptr, span []modelPage) {
	advice := []int{MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_FREE}[s.next(6)]
	err := w.m.Madvise(addr, uintptr(len(span))*pageSize, advice)
	w.each(t, span, err, func(p *modelPage) {
		switch advice {
		case MADV_DONTNEED, MADV_FREE:
			p.value = 0
		case MADV_DONTFORK:
			p.dontCopy = true
		case MADV_DOFORK:
			p.dontCopy = false
		case MADV_WIPEONFORK:
			p.wipe = true
		case MADV_KEEPONFORK:
			p.wipe = false
		}
	}, false)
}

// move does mremap with MREMAP_FIXED between disjoint parts of the window.
func (w *world) move(t *testing.T, s *script, first, n int) {
	addr := addrOf(first)
	to := s.next(window)
	m := min(n, window-to)
	if m <= 0 || first < to+m && to < first+n {
		return
	}
	same := true
	for i := range m { // what is beyond goes first
		same = same && w.model[first+i] == (modelPage{mapped: true, prot: w.model[first].prot,
			value: w.model[first+i].value, dontCopy: w.model[first].dontCopy, wipe: w.model[first].wipe})
	}
	// Areas that look alike need not be one: VM_ACCOUNT stays once it is set.
	if a := w.m.findIn(addr, addr+pageSize); a != nil {
		same = same && a.End >= addr+uintptr(m)*pageSize
	}
	saved := append([]modelPage(nil), w.model[first:first+n]...)
	at, err := w.m.Mremap(addr, uintptr(n)*pageSize, uintptr(m)*pageSize, MREMAP_MAYMOVE|MREMAP_FIXED, addrOf(to))
	if !same {
		if err == nil {
			t.Error("moved several areas at once")
		}
		// Linux, too, has unmapped the destination and the rest by then.
		w.learn()
		return
	}
	if err != nil || at != addrOf(to) {
		t.Errorf("mremap = %#x, %v", at, err)
		return
	}
	copy(w.model[to:to+m], saved)
	clear(w.model[first : first+n])
}

// learn forgets what is not mapped any more.
func (w *world) learn() {
	for i := range w.model {
		if w.m.findIn(addrOf(i), addrOf(i+1)) == nil {
			w.model[i] = modelPage{}
		}
	}
}

func (w *world) compare(t *testing.T) {
	t.Helper()
	w.m.check(t)
	for i, p := range w.model {
		a := w.m.findIn(addrOf(i), addrOf(i+1))
		if (a != nil) != p.mapped || a != nil && a.Flags&vmAccess != p.prot {
			t.Errorf("page %d: model %+v, area %+v", i, p, a)
			return
		}
		if !p.mapped {
			continue
		}
		var b [1]byte
		if _, err := w.m.PeekRemote(addrOf(i), b[:]); err != nil || b[0] != p.value {
			t.Errorf("page %d holds %d, %v; want %d", i, b[0], err, p.value)
			return
		}
	}
}

func TestModel(t *testing.T) {
	for seed := range uint64(40) {
		run(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			s := make(script, 1500)
			for i := range s {
				s[i] = byte(r.Uint32())
			}
			play(t, s)
		})
		if t.Failed() {
			t.Logf("seed %d", seed)
			return
		}
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 10, 3, 0, 0, 6, 0, 5, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		run(t, func(t *testing.T) { play(t, b) })
	})
}
