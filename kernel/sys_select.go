package kernel

import (
	"math/bits"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// sysSelect is select(2).
func sysSelect(t *Task, a *SyscallArgs) (uintptr, error) {
	timeout, err := readTimeout[timeval](a[4])
	if err != nil {
		return 0, err
	}
	n, err := t.selectFds(int(int32(a[0])), [3]uintptr(a[1:4]), timeout.deadline)
	return t.finishSelect(&timeout, n, err)
}

// sysPselect6 is pselect6(2), whose last argument is a struct with the signal
// mask's address and size.
func sysPselect6(t *Task, a *SyscallArgs) (uintptr, error) {
	var mask struct{ addr, size uintptr }
	if a[5] != 0 {
		var err error
		if mask, err = uaccess.Get[struct{ addr, size uintptr }](a[5]); err != nil {
			return 0, err
		}
	}
	timeout, err := readTimeout[timekeeping.Timespec](a[4])
	if err != nil {
		return 0, err
	}
	if err := t.setUserSigmask(mask.addr, mask.size); err != nil {
		return 0, err
	}
	n, err := t.selectFds(int(int32(a[0])), [3]uintptr(a[1:4]), timeout.deadline)
	return t.finishSelect(&timeout, n, err)
}

// The events behind the three sets of select(2).
var selectEvents = [3]fs.PollEvents{
	fs.PollRdNorm | fs.PollRdBand | fs.PollIn | fs.PollHup | fs.PollErr | fs.PollNval,
	fs.PollWrBand | fs.PollWrNorm | fs.PollOut | fs.PollErr | fs.PollNval,
	fs.PollPri | fs.PollNval,
}

// fdSets are the sets that a select asks about and those it answers with: for
// reading, for writing, and exceptions.
type fdSets struct {
	n       int // descriptors
	in, out [3][]uint64
}

// readFdSets reads the sets at user addresses, of which 0 is an empty set.
func readFdSets(n int, addr [3]uintptr) (s fdSets, err error) {
	words := (n + 63) / 64
	all := make([]uint64, 6*words)
	s.n = n
	for i := range s.in {
		s.in[i], s.out[i] = all[:words:words], all[words:2*words:2*words]
		all = all[2*words:]
		if addr[i] == 0 {
			continue
		}
		if err := uaccess.GetSlice(s.in[i], addr[i]); err != nil {
			return s, err
		}
	}
	return s, nil
}

// selectFds does the work of select and pselect6. It returns the number of bits
// it has set; EINVAL, EFAULT, EBADF, ERESTARTNOHAND.
func (t *Task) selectFds(n int, addr [3]uintptr, deadline int64) (int, error) {
	if n < 0 {
		return 0, syscall.EINVAL
	}
	s, err := readFdSets(min(n, t.files.Size()), addr)
	if err != nil {
		return 0, err
	}
	if err := s.checkOpen(t.files); err != nil {
		return 0, err
	}
	count, err := t.waitForEvents(deadline, func(pt *fs.PollTable) int { return s.look(t.files, pt) })
	if err != nil {
		return 0, err
	}
	for i := range s.out {
		if addr[i] == 0 {
			continue
		}
		if err := uaccess.PutSlice(addr[i], s.out[i]); err != nil {
			return 0, err
		}
	}
	return count, nil
}

// each calls f for every descriptor that is in a set, until it returns false.
func (s *fdSets) each(f func(fd int) bool) {
	for w := range s.in[0] {
		for left := s.in[0][w] | s.in[1][w] | s.in[2][w]; left != 0; left &= left - 1 {
			fd := w*64 + bits.TrailingZeros64(left)
			if fd >= s.n || !f(fd) {
				return
			}
		}
	}
}

// checkOpen returns EBADF if a descriptor in a set is not open.
func (s *fdSets) checkOpen(files *fs.Files) (err error) {
	s.each(func(fd int) bool {
		f := files.BorrowRaw(fd)
		if f.File == nil {
			err = syscall.EBADF
			return false
		}
		f.Done()
		return true
	})
	return err
}

// look answers for every descriptor, and returns the number of bits that it has
// set.
func (s *fdSets) look(files *fs.Files, pt *fs.PollTable) (count int) {
	for i := range s.out {
		clear(s.out[i])
	}
	s.each(func(fd int) bool {
		events := fs.PollNval
		if f := files.Borrow(fd); f.File != nil {
			events = f.Ops.Poll(f.File, pt)
			f.Done()
		}
		for i := range s.in {
			if bit := uint64(1) << (fd % 64); s.in[i][fd/64]&bit != 0 && events&selectEvents[i] != 0 {
				s.out[i][fd/64] |= bit
				count++
				pt = nil // there will be no waiting
			}
		}
		return true
	})
	return count
}
