package net

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// Options of SOL_SOCKET that package syscall does not have on both machines
// (include/uapi/asm-generic/socket.h).
const (
	soDebug       = 1
	soReuseAddr   = 2
	soType        = 3
	soError       = 4
	soDontRoute   = 5
	soBroadcast   = 6
	soSndBuf      = 7
	soRcvBuf      = 8
	soKeepalive   = 9
	soOOBInline   = 10
	soNoCheck     = 11
	soPriority    = 12
	soLinger      = 13
	soBSDCompat   = 14
	soReusePort   = 15
	soPassCred    = 16
	soPeerCred    = 17
	soRcvLowat    = 18
	soSndLowat    = 19
	soRcvTimeo    = 20
	soSndTimeo    = 21
	soPeerName    = 28
	soAcceptConn  = 30
	soSndBufForce = 32
	soRcvBufForce = 33
	soPassSec     = 34
	soMark        = 36
	soProtocol    = 38
	soDomain      = 39
	soPeekOff     = 42
	soPeerGroups  = 59
	soRcvTimeoNew = 66
	soSndTimeoNew = 67
)

// switches are the options that are on or off and that no family here looks at, as in
// Linux; each is a bit of Sock.flags.
var switches = map[int]bool{
	soReuseAddr: true, soDontRoute: true, soBroadcast: true, soKeepalive: true, soOOBInline: true,
	soNoCheck: true, soReusePort: true, soPassSec: true, soDebug: true,
}

// tick is the unit of timeouts in ns: Linux counts in jiffies, of which Debian's has
// 250 a second.
const tick = 4_000_000

// Setsockopt does setsockopt(2) for SOL_SOCKET with a value of n bytes at a user
// address: EINVAL, EFAULT; ENOPROTOOPT for an option that there is not or that cannot
// be set. Linux's sock_setsockopt.
func (s *Socket) Setsockopt(opt int, addr uintptr, n int32) error {
	if n < 4 {
		return syscall.EINVAL
	}
	v, err := uaccess.Get[int32](addr)
	if err != nil {
		return err
	}
	k, on := s.Proto.Base(), v != 0
	switch opt {
	case soSndBuf, soRcvBuf:
		k.setBuf(opt == soSndBuf, min(uint32(v), bufMax))
	case soSndBufForce, soRcvBufForce:
		if !capable(cred.CAP_NET_ADMIN) {
			return syscall.EPERM
		}
		k.setBuf(opt == soSndBufForce, uint32(max(v, 0)))
	case soPassCred:
		s.passCred.Store(on)
	case soPriority:
		if (v < 0 || v > 6) && !capable(cred.CAP_NET_RAW) && !capable(cred.CAP_NET_ADMIN) {
			return syscall.EPERM
		}
		k.priority.Store(uint32(v))
	case soMark:
		if !capable(cred.CAP_NET_RAW) && !capable(cred.CAP_NET_ADMIN) {
			return syscall.EPERM
		}
		k.mark.Store(uint32(v))
	case soLinger:
		return k.setLinger(addr, n)
	case soRcvLowat:
		if v < 0 {
			v = 1<<31 - 1
		}
		k.rcvLowat.Store(max(v, 1))
	case soRcvTimeo, soRcvTimeoNew:
		return setTimeo(&k.rcvTimeo, addr, n)
	case soSndTimeo, soSndTimeoNew:
		return setTimeo(&k.sndTimeo, addr, n)
	case soPeekOff:
		return s.Proto.SetPeekOff(v)
	case soBSDCompat: // does nothing, for a long time
	case soReusePort:
		if on {
			return syscall.EOPNOTSUPP // but for sockets of a network
		}
	case soDebug:
		if on && !capable(cred.CAP_NET_ADMIN) {
			return syscall.EACCES
		}
		k.setSwitch(opt, on)
	case soType, soProtocol, soDomain, soError, soAcceptConn, soPeerCred, soPeerName, soPeerGroups, soSndLowat:
		return syscall.ENOPROTOOPT
	default:
		if !switches[opt] {
			return noOption(opt)
		}
		k.setSwitch(opt, on)
	}
	return nil
}

func capable(c int) bool { return Context().Cred.Capable(c) }

// noOptions are the options that a program was told once that they are not there.
var noOptions sync.Map

// noOption answers for an option that there is not, and says so once.
func noOption(opt int) error {
	if _, said := noOptions.LoadOrStore(opt, true); !said && opt >= 0 && opt < 80 {
		printk.Info("net: there is no socket option %d", opt)
	}
	return syscall.ENOPROTOOPT
}

func (s *Sock) setSwitch(opt int, on bool) {
	if on {
		s.flags.Or(1 << opt)
	} else {
		s.flags.And(^uint64(1 << opt))
	}
}

func (s *Sock) getSwitch(opt int) int { return int(s.flags.Load() >> opt & 1) }

// setBuf does SO_SNDBUF and SO_RCVBUF: the kernel doubles the value, "to allow space
// for bookkeeping overhead" - socket(7).
func (s *Sock) setBuf(send bool, n uint32) {
	v := int32(min(n, 1<<30-1)) * 2
	if !send {
		s.RcvBuf.Store(max(v, minRcvBuf))
		return
	}
	s.SndBuf.Store(max(v, minSndBuf))
	s.WriteSpace()
}

// setLinger does SO_LINGER, which no family here has use for. The time is kept while
// it is off.
func (s *Sock) setLinger(addr uintptr, n int32) error {
	if n < 8 {
		return syscall.EINVAL
	}
	v, err := uaccess.Get[[2]int32](addr)
	if err != nil {
		return err
	}
	if v[0] != 0 {
		s.linger.Store(v[1])
	}
	s.setSwitch(soLinger, v[0] != 0)
	return nil
}

// setTimeo does SO_RCVTIMEO and SO_SNDTIMEO with a timeval: EINVAL, EFAULT, EDOM. No
// time is for ever, and a negative one none. Linux's sock_set_timeout.
func setTimeo(at *atomic.Int64, addr uintptr, n int32) error {
	if n < 16 {
		return syscall.EINVAL
	}
	v, err := uaccess.Get[[2]int64](addr)
	if err != nil {
		return err
	}
	sec, usec := v[0], v[1]
	const perSec = 1_000_000_000 / tick
	switch {
	case usec < 0 || usec >= 1e6:
		return syscall.EDOM
	case sec < 0:
		at.Store(0)
	case sec == 0 && usec == 0 || sec >= sched.Forever/perSec-1:
		at.Store(sched.Forever)
	default:
		at.Store(sec*perSec + (usec*1e3+tick-1)/tick)
	}
	return nil
}

// Getsockopt does getsockopt(2) for SOL_SOCKET: it stores the value at a user address
// and its length at another, which says how much room there is. EINVAL, EFAULT;
// ENOPROTOOPT for an option that there is not; what single options say. Linux's
// sock_getsockopt.
func (s *Socket) Getsockopt(opt int, addr, lenAddr uintptr) error {
	room, err := uaccess.Get[int32](lenAddr)
	switch {
	case err != nil:
		return err
	case room < 0:
		return syscall.EINVAL
	case opt == soPeerGroups:
		return s.getPeerGroups(addr, lenAddr, room)
	}
	v, err := s.option(opt, int(room))
	if err != nil {
		return err
	}
	v = v[:min(len(v), int(room))]
	if _, err := uaccess.CopyToUser(addr, v); err != nil {
		return err
	}
	return uaccess.Put(lenAddr, int32(len(v)))
}

// option returns the value of an option, for which there is room.
func (s *Socket) option(opt, room int) ([]byte, error) {
	k := s.Proto.Base()
	switch opt {
	case soLinger:
		return ints(k.getSwitch(soLinger), int(k.linger.Load())), nil
	case soRcvTimeo, soRcvTimeoNew:
		return timeoBytes(k.rcvTimeo.Load()), nil
	case soSndTimeo, soSndTimeoNew:
		return timeoBytes(k.sndTimeo.Load()), nil
	case soPeerCred:
		p := k.Peer.Load()
		if p == nil {
			return ints(0, -1, -1), nil
		}
		return ints(int(p.Pid), int(p.Cred.EUID), int(p.Cred.EGID)), nil
	case soPeerName:
		name, err := s.Proto.Name(true)
		switch {
		case err != nil:
			return nil, syscall.ENOTCONN
		case len(name) < room:
			return nil, syscall.EINVAL
		}
		return name, nil
	}
	v, ok := s.intOption(k, opt)
	if !ok {
		return nil, noOption(opt)
	}
	return ints(v), nil
}

// intOption returns the value of an option that is an int.
func (s *Socket) intOption(k *Sock, opt int) (v int, ok bool) {
	switch opt {
	case soType:
		return k.Type, true
	case soProtocol:
		return k.Protocol, true
	case soDomain:
		return k.Family, true
	case soError:
		return int(k.Err.Swap(0)), true
	case soAcceptConn:
		return oneIf(k.State.Load() == Listening), true
	case soSndBuf:
		return int(k.SndBuf.Load()), true
	case soRcvBuf:
		return int(k.RcvBuf.Load()), true
	case soPassCred:
		return oneIf(s.PassCred()), true
	case soPriority:
		return int(k.priority.Load()), true
	case soMark:
		return int(k.mark.Load()), true
	case soRcvLowat:
		return int(k.rcvLowat.Load()), true
	case soSndLowat:
		return 1, true
	case soPeekOff:
		return int(k.PeekOff.Load()), true
	case soBSDCompat:
		return 0, true
	}
	if !switches[opt] {
		return 0, false
	}
	return k.getSwitch(opt), true
}

// getPeerGroups does SO_PEERGROUPS: ENODATA without a peer; ERANGE, and how much
// room it takes, if there is too little.
func (s *Socket) getPeerGroups(addr, lenAddr uintptr, room int32) error {
	p := s.Proto.Base().Peer.Load()
	if p == nil {
		return syscall.ENODATA
	}
	n := int32(4 * len(p.Cred.Groups))
	if err := uaccess.Put(lenAddr, n); err != nil {
		return err
	}
	if room < n {
		return syscall.ERANGE
	}
	return uaccess.PutSlice(addr, p.Cred.Groups)
}

func timeoBytes(ticks int64) []byte {
	var v [16]byte
	if ticks != sched.Forever {
		const perSec = 1_000_000_000 / tick
		binary.NativeEndian.PutUint64(v[:], uint64(ticks/perSec))
		binary.NativeEndian.PutUint64(v[8:], uint64(ticks%perSec*tick/1e3))
	}
	return v[:]
}

func ints(v ...int) []byte {
	b := make([]byte, 0, 16)
	for _, n := range v {
		b = binary.NativeEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
