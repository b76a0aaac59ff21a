package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/printk"
	"onsen/kernel/random"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// Major numbers of devices (Documentation/admin-guide/devices.txt).
const (
	memMajor    = 1
	ttyMajor    = 4
	ttyAuxMajor = 5
	amaMajor    = 204
)

// memDevices are the devices of major number 1.
var memDevices = []struct {
	minor uint32
	name  string
	mode  uint32
	open  func(*fs.File) error
}{
	{3, "null", 0o666, opens(nullDevice{})},
	{5, "zero", 0o666, opens(&zeroDevice{})},
	{7, "full", 0o666, opens(&fullDevice{})},
	{8, "random", 0o666, opens(randomDevice{})},
	{9, "urandom", 0o666, opens(randomDevice{})},
	{11, "kmsg", 0o644, openKmsg},
}

// opens returns the open function of a device whose files are all alike.
func opens(ops fs.FileOps) func(*fs.File) error {
	return func(f *fs.File) error {
		f.Ops = ops
		return nil
	}
}

// registerMemDevices makes the devices of major number 1 known.
func registerMemDevices() {
	for _, d := range memDevices {
		if err := fs.RegisterChrdevMode(memMajor, d.minor, d.name, d.mode, d.open); err != nil {
			printk.Err("/dev/%s: %v", d.name, err)
		}
	}
}

// memDevice is what the devices have in common: there is no position.
type memDevice struct{ fs.NoOps }

// Seek sets the position to 0, whatever is asked; Linux's null_lseek.
func (memDevice) Seek(f *fs.File, _ int64, _ int) (int64, error) {
	f.SetPos(0)
	return 0, nil
}

// nullDevice is /dev/null.
type nullDevice struct{ memDevice }

// Unpollable says that epoll(7) does not accept the device.
func (nullDevice) Unpollable() {}

// Read is at the end.
func (nullDevice) Read(*fs.File, *uaccess.Iter, *int64) (int, error) { return 0, nil }

// Write takes everything without looking at it.
func (nullDevice) Write(_ *fs.File, from *uaccess.Iter, _ *int64) (int, error) {
	n := from.Len()
	from.Skip(n)
	return n, nil
}

// zeroDevice is /dev/zero.
type zeroDevice struct{ nullDevice }

// Read gives zeros.
func (*zeroDevice) Read(_ *fs.File, to *uaccess.Iter, _ *int64) (n int, err error) {
	const atOnce = 1 << 16
	for to.Len() > 0 {
		m, err := to.Zero(atOnce)
		n += m
		switch {
		case err != nil && n == 0:
			return 0, err
		case err != nil, to.Len() == 0:
			return n, nil
		case sched.SignalPending(sched.Current()):
			return n, nil
		}
		sched.CondResched()
	}
	return n, nil
}

// Mmap gives every mapping zeros of its own.
func (*zeroDevice) Mmap(*fs.File) (vm.Mappable, error) {
	const enough = 1 << 62 // no offset reaches that
	return vm.NewSharedMemory(enough), nil
}

// fullDevice is /dev/full.
type fullDevice struct{ zeroDevice }

// Mmap returns ENODEV.
func (*fullDevice) Mmap(*fs.File) (vm.Mappable, error) { return nil, syscall.ENODEV }

// Write returns ENOSPC.
func (*fullDevice) Write(*fs.File, *uaccess.Iter, *int64) (int, error) { return 0, syscall.ENOSPC }

// randomDevice is /dev/random and /dev/urandom, which are the same.
type randomDevice struct{ memDevice }

// Spliceable says that splice(2) and sendfile(2) work.
func (randomDevice) Spliceable() {}

// Read gives random bytes.
func (randomDevice) Read(_ *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	return readRandom(to)
}

// readRandom fills to with random bytes: "If a read [...] is interrupted by a
// signal [...] reads of up to 256 bytes will return as many bytes as requested".
// - random(4), getrandom(2)
func readRandom(to *uaccess.Iter) (n int, err error) {
	const sure = 256
	var buf [sure]byte
	defer clear(buf[:])
	for to.Len() > 0 {
		part := buf[:min(len(buf), to.Len())]
		random.Read(part)
		m, err := to.CopyOut(part)
		n += m
		switch {
		case err != nil && n == 0:
			return 0, err
		case err != nil:
			return n, nil
		case n%arch4k == 0:
			if sched.SignalPending(sched.Current()) {
				return n, nil
			}
			sched.CondResched()
		}
	}
	return n, nil
}

// arch4k is how often readRandom looks for signals, as Linux: every page.
const arch4k = 4096

// Write mixes what is written into the source.
func (randomDevice) Write(_ *fs.File, from *uaccess.Iter, _ *int64) (n int, err error) {
	var buf [256]byte
	defer clear(buf[:])
	for from.Len() > 0 {
		m, err := from.CopyIn(buf[:])
		random.Mix(buf[:m])
		n += m
		if err != nil {
			if n == 0 {
				return 0, err
			}
			break
		}
		sched.CondResched()
	}
	return n, nil
}

// The ioctls of random(4).
const (
	rndgetentcnt   = 0x80045200
	rndaddtoentcnt = 0x40045201
	rndaddentropy  = 0x40085203
	rndzapentcnt   = 0x5204
	rndclearpool   = 0x5206
	rndreseedcrng  = 0x5207

	// poolBits is what the source is always said to have: it never runs dry.
	poolBits = 256
)

// Ioctl implements fs.FileOps.
func (randomDevice) Ioctl(_ *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	switch cmd {
	case rndgetentcnt:
		return 0, uaccess.Put(arg, int32(poolBits))
	case rndaddtoentcnt, rndaddentropy, rndzapentcnt, rndclearpool, rndreseedcrng:
		if !Capable(cred.CAP_SYS_ADMIN) {
			return 0, syscall.EPERM
		}
		return 0, changeEntropy(cmd, arg)
	}
	return 0, errno.ENOIOCTLCMD
}

// changeEntropy does what the administrator can. The estimate does not change,
// because it is not used.
func changeEntropy(cmd uint32, arg uintptr) error {
	switch cmd {
	case rndaddtoentcnt:
		n, err := uaccess.Get[int32](arg)
		if err == nil && n < 0 {
			err = syscall.EINVAL
		}
		return err
	case rndaddentropy:
		// struct rand_pool_info
		head, err := uaccess.Get[struct{ Bits, Size int32 }](arg)
		if err != nil {
			return err
		}
		if head.Bits < 0 || head.Size < 0 {
			return syscall.EINVAL
		}
		it := uaccess.UserIter(arg+8, uintptr(head.Size))
		n, err := randomDevice{}.Write(nil, &it, nil)
		if err == nil && n < int(head.Size) {
			err = syscall.EFAULT
		}
		return err
	case rndreseedcrng:
		random.Mix(nil)
	}
	return nil
}
