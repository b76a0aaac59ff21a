package params

import (
	"errors"
	"math"
	"strings"

	"onsen/arch/spec"
)

// Console log levels that have a word of their own (include/linux/printk.h).
const (
	logLevelQuiet   = 4
	logLevelDefault = 7
	logLevelDebug   = 10
	logLevelMax     = 15
)

// Params holds this kernel's parameters. docs/boot-options.md describes them.
type Params struct {
	Result

	// Console has the values of console= in their order. The last one
	// becomes /dev/console.
	Console []string
	// Virtio has the values of virtio_mmio.device=, which say where virtio
	// devices are; package virtio reads them.
	Virtio []string

	// EarlyCon asks for the early console, with the options of earlycon=.
	EarlyCon        bool
	EarlyConOptions string

	// Init is the program of init=, empty for the usual search. RdInit is
	// the one to run from the initramfs. Root is the root file system.
	Init, RdInit, Root string

	// LogLevel is the console log level: messages below it are shown.
	LogLevel int

	// Panic is the number of seconds from a panic to the restart; 0 means
	// never, a negative number at once.
	Panic int

	// MaxCPUs is how many CPUs start, where 0 means no more than 1 does; NrCPUs
	// how many there may be at all.
	MaxCPUs, NrCPUs int

	// Mem is how many bytes of RAM are used, counted from the lowest address.
	Mem uint64

	IsolCPUs IsolCPUs
	Reboot   Reboot

	// SelfTest and Bench select in-kernel tests and measurements.
	SelfTest, Bench Selection

	// Echo is how many bytes the console test reads, 0 for no test.
	Echo uint64

	// DebugExit is the I/O port of QEMU's isa-debug-exit, to end by; 0 is none.
	// The architecture reads the word itself, before anything else works.
	DebugExit uint16

	// Idle is how many seconds the kernel idles before it powers off, -1 for
	// no such test.
	Idle int
}

// A Selection is a list of things to run by name.
type Selection struct {
	// On is set when the word was given. Without Names it means all.
	On    bool
	Names []string
}

// Has tells whether name is selected.
func (s Selection) Has(name string) bool {
	if !s.On {
		return false
	}
	for _, n := range s.Names {
		if sameName(n, name) {
			return true
		}
	}
	return len(s.Names) == 0
}

// Default returns the parameters of an empty command line.
func Default() *Params {
	return &Params{
		RdInit:   "/init",
		LogLevel: logLevelDefault,
		MaxCPUs:  spec.MaxCPUs,
		NrCPUs:   spec.MaxCPUs,
		Mem:      math.MaxUint64,
		Idle:     -1,
	}
}

// ParseCommandLine reads this kernel's command line. Further tables add
// parameters of the caller's.
func ParseCommandLine(line string, more ...[]Setup) *Params {
	p := Default()
	p.Result = Parse(line, append([][]Setup{p.table()}, more...)...)
	return p
}

// table is the list of this kernel's parameters.
func (p *Params) table() []Setup {
	return []Setup{
		{Name: "console=", Parse: p.addConsole},
		{Name: "earlycon", Parse: p.setEarlyCon},
		{Name: "virtio_mmio.device=", Parse: p.addVirtio},

		dropsInitArgs(String("init=", &p.Init)),
		dropsInitArgs(String("rdinit=", &p.RdInit)),
		String("root=", &p.Root),

		Word("quiet", func() { p.LogLevel = logLevelQuiet }),
		Word("debug", func() { p.LogLevel = logLevelDebug }),
		Int("loglevel", &p.LogLevel, 0, logLevelMax),
		Int("panic", &p.Panic, math.MinInt32, math.MaxInt32),
		Value("reboot=", &p.Reboot, ParseReboot),

		Int("maxcpus", &p.MaxCPUs, 0, spec.MaxCPUs),
		Word("nosmp", func() { p.MaxCPUs = 0 }),
		Int("nr_cpus", &p.NrCPUs, 1, spec.MaxCPUs),
		Value("isolcpus=", &p.IsolCPUs, ParseIsolCPUs),
		Size("mem", &p.Mem),

		selection("onsen.selftest", &p.SelfTest),
		selection("onsen.bench", &p.Bench),
		Size("onsen.echo", &p.Echo),
		Int("onsen.idle", &p.Idle, 0, math.MaxInt32),
		debugExit("onsen.debugexit", &p.DebugExit),
	}
}

// debugExitPort is where QEMU's documentation puts isa-debug-exit.
const debugExitPort = 0xf4

// debugExit is a parameter that may have a port as its value.
func debugExit(name string, p *uint16) Setup {
	return Setup{Name: name, Parse: func(value string, hasValue bool) error {
		port := debugExitPort
		if hasValue {
			n, err := ParseInt(value)
			if err != nil {
				return err
			}
			if n <= 0 || n > math.MaxUint16 {
				return errors.New("not an I/O port")
			}
			port = n
		}
		*p = uint16(port)
		return nil
	}}
}

func (p *Params) addConsole(value string, _ bool) error {
	p.Console = append(p.Console, value)
	return nil
}

func (p *Params) addVirtio(value string, _ bool) error {
	p.Virtio = append(p.Virtio, value)
	return nil
}

func (p *Params) setEarlyCon(value string, _ bool) error {
	p.EarlyCon, p.EarlyConOptions = true, value
	return nil
}

func dropsInitArgs(s Setup) Setup {
	s.DropsInitArgs = true
	return s
}

// selection is a bare word for everything, or a comma separated list of names.
func selection(name string, p *Selection) Setup {
	return Setup{Name: name, Parse: func(value string, hasValue bool) error {
		s := Selection{On: true}
		if hasValue {
			if value == "" {
				return errNeedsValue
			}
			s.Names = strings.Split(value, ",")
		}
		*p = s
		return nil
	}}
}
