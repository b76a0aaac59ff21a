package fs

import "syscall"

// Open flags whose numbers package syscall does not have, or which differ from
// it on some architectures.
const (
	// OLargefile is set in every open file's flags, as on all 64-bit Linux. Of
	// the four flags here the architectures have permuted the bits.
	OLargefile = 0x3c000 &^ (syscall.O_DIRECT | syscall.O_DIRECTORY | syscall.O_NOFOLLOW)
	// OPath is O_PATH.
	OPath = 0x200000
	// OTmpfile is O_TMPFILE, which contains O_DIRECTORY.
	OTmpfile = 0x400000 | syscall.O_DIRECTORY

	// oAccMode masks the access mode.
	oAccMode = syscall.O_ACCMODE
	oNoatime = syscall.O_NOATIME
	// oSync2 is what O_SYNC has besides O_DSYNC.
	oSync2 = syscall.O_SYNC &^ syscall.O_DSYNC

	// openFlags are all flags of open(2); Linux's VALID_OPEN_FLAGS.
	openFlags = oAccMode | syscall.O_CREAT | syscall.O_EXCL | syscall.O_NOCTTY | syscall.O_TRUNC |
		syscall.O_APPEND | syscall.O_NONBLOCK | syscall.O_SYNC | syscall.O_DSYNC | syscall.O_ASYNC |
		syscall.O_DIRECT | OLargefile | syscall.O_DIRECTORY | syscall.O_NOFOLLOW |
		syscall.O_NOATIME | syscall.O_CLOEXEC | OPath | OTmpfile

	// setflFlags are what F_SETFL changes, but for O_ASYNC; see File.SetAsync.
	setflFlags = syscall.O_APPEND | syscall.O_NONBLOCK | syscall.O_DIRECT | syscall.O_NOATIME

	// openingFlags mean something while opening only.
	openingFlags = syscall.O_CREAT | syscall.O_EXCL | syscall.O_NOCTTY | syscall.O_TRUNC
)

// The directory descriptor that stands for the working directory, and the flags
// of the calls that take one.
const (
	AtFdcwd           = -100
	AtSymlinkNofollow = 0x100
	AtEaccess         = 0x200
	AtRemovedir       = 0x200
	AtSymlinkFollow   = 0x400
	AtNoAutomount     = 0x800
	AtEmptyPath       = 0x1000
	AtStatxSyncType   = 0x6000
)

// Access to check for; MAY_EXEC and so on.
const (
	MayExec  = 1
	MayWrite = 2
	MayRead  = 4
)

// Capabilities that files ask for (capabilities(7)).
const (
	capChown         = 0
	capDacOverride   = 1
	capDacReadSearch = 2
	capFowner        = 3
	capFsetid        = 4
	capSysChroot     = 18
	capSysAdmin      = 21
	capSysResource   = 24
	capMknod         = 27
)

// NameMax is the length of the longest file name, and PathMax that of the
// longest path with its NUL.
const (
	NameMax = 255
	PathMax = 4096
)

// Dev is a device number in the form in which stat(2) shows it.
type Dev uint32

// MkDev returns the device number of a major and a minor one.
func MkDev(major, minor uint32) Dev {
	return Dev(minor&0xff | major<<8&0xfff00 | minor&^0xff<<12)
}

// Major returns the major number.
func (d Dev) Major() uint32 { return uint32(d) >> 8 & 0xfff }

// Minor returns the minor number.
func (d Dev) Minor() uint32 { return uint32(d)&0xff | uint32(d)>>12&^0xff }

// dirType returns the type that getdents64(2) tells of a file with a mode.
func dirType(mode uint32) uint8 { return uint8(mode >> 12 & 15) }
