package params

import (
	"math"
	"reflect"
	"testing"
)

func TestParseCommandLine(t *testing.T) {
	tests := []struct {
		line       string
		set        func(p *Params)
		complaints int
	}{
		{"", func(*Params) {}, 0},
		{"console=ttyS0,115200n8 console=tty0", func(p *Params) { p.Console = []string{"ttyS0,115200n8", "tty0"} }, 0},
		{"earlycon", func(p *Params) { p.EarlyCon = true }, 0},
		{"earlycon=pl011,0x9000000", func(p *Params) { p.EarlyCon, p.EarlyConOptions = true, "pl011,0x9000000" }, 0},
		{"init=/bin/sh rdinit=/sbin/early root=/dev/vda1", func(p *Params) {
			p.Init, p.RdInit, p.Root = "/bin/sh", "/sbin/early", "/dev/vda1"
		}, 0},
		{"rdinit=", func(*Params) {}, 1},
		{"quiet", func(p *Params) { p.LogLevel = 4 }, 0},
		{"debug", func(p *Params) { p.LogLevel = 10 }, 0},
		{"quiet loglevel=6", func(p *Params) { p.LogLevel = 6 }, 0},
		{"loglevel=6 quiet", func(p *Params) { p.LogLevel = 4 }, 0},
		{"loglevel=high", func(*Params) {}, 1},
		{"loglevel", func(*Params) {}, 1},
		{"quiet=1", func(*Params) {}, 1},
		{"panic=-1", func(p *Params) { p.Panic = -1 }, 0},
		{"panic=10s", func(*Params) {}, 1},
		{"maxcpus=2 nr-cpus=4", func(p *Params) { p.MaxCPUs, p.NrCPUs = 2, 4 }, 0},
		{"maxcpus=0", func(p *Params) { p.MaxCPUs = 0 }, 0},
		{"nosmp", func(p *Params) { p.MaxCPUs = 0 }, 0},
		{"maxcpus=-1 nr_cpus=0", func(*Params) {}, 2},
		{"mem=512M", func(p *Params) { p.Mem = 512 << 20 }, 0},
		{"mem=0", func(*Params) {}, 1},
		{"mem=lots", func(*Params) {}, 1},
		{"isolcpus=nohz,2-3", func(p *Params) { p.IsolCPUs = IsolCPUs{CPUs: 0xc, NoHZ: true} }, 0},
		{"isolcpus=3-2", func(*Params) {}, 1},
		{"reboot=warm,acpi", func(p *Params) { p.Reboot = Reboot{Mode: RebootWarm, Method: 'a'} }, 0},
		{"reboot=now", func(*Params) {}, 1},
		{"onsen.selftest", func(p *Params) { p.SelfTest.On = true }, 0},
		{"onsen.selftest=timer,switch", func(p *Params) { p.SelfTest = Selection{true, []string{"timer", "switch"}} }, 0},
		{"onsen.selftest=", func(*Params) {}, 1},
		{"onsen.bench=switch", func(p *Params) { p.Bench = Selection{true, []string{"switch"}} }, 0},
		{"onsen.echo=64K", func(p *Params) { p.Echo = 64 << 10 }, 0},
		{"onsen.idle=5", func(p *Params) { p.Idle = 5 }, 0},
		{"onsen.idle=-5", func(*Params) {}, 1},
		{"onsen.debugexit", func(p *Params) { p.DebugExit = 0xf4 }, 0},
		{"onsen.debugexit=0x501", func(p *Params) { p.DebugExit = 0x501 }, 0},
		{"onsen.debugexit=70000", func(*Params) {}, 1},
		{"onsen.unknown=1", func(*Params) {}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			got := ParseCommandLine(tt.line)
			if c := complaints(got.Result); len(c) != tt.complaints {
				t.Errorf("complaints %q, want %d", c, tt.complaints)
			}
			if args := got.InitArgs; len(args) > 0 || len(got.InitEnv) > 2 {
				t.Errorf("init gets %q, %q", args, got.InitEnv)
			}
			got.Result = Result{}
			want := Default()
			tt.set(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestParseCommandLineMore(t *testing.T) {
	var dhcp bool
	p := ParseCommandLine("ip=dhcp quiet my-flag=n", []Setup{
		Bool("my_flag", &dhcp),
		Word("quiet", func() { dhcp = true }),
	})
	if p.LogLevel != 4 || dhcp {
		t.Errorf("LogLevel %d, flag %v", p.LogLevel, dhcp)
	}
}

func TestSelection(t *testing.T) {
	if (Selection{}).Has("x") {
		t.Error("nothing selects x")
	}
	if !(Selection{On: true}).Has("x") {
		t.Error("everything does not select x")
	}
	if s := (Selection{On: true, Names: []string{"wait-queue"}}); !s.Has("wait_queue") || s.Has("x") {
		t.Error("names are compared wrongly")
	}
}

func TestDefaultMem(t *testing.T) {
	if Default().Mem != math.MaxUint64 {
		t.Error("RAM is limited by default")
	}
}
