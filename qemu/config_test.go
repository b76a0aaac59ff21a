package qemu

import (
	"slices"
	"strings"
	"testing"
)

func TestArgs(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Config
		term Terminal
		want []string // each must be a run of arguments, in any place
		not  []string
	}{
		{
			name: "defaults amd64",
			c:    Config{Arch: AMD64},
			want: []string{"-M q35", "-accel tcg", "-cpu max", "-smp 1", "-m 256M", "-no-reboot", "-nodefaults", "-serial mon:stdio"},
			not:  []string{"-kernel", "-initrd", "-append", "-dtb", "-icount", "-gdb", "-S", "-device"},
		},
		{
			name: "defaults arm64",
			c:    Config{Arch: ARM64},
			want: []string{"-M virt", "-accel tcg", "-cpu max"},
		},
		{
			name: "everything",
			c: Config{
				Arch: AMD64, Machine: "microvm", CPU: "qemu64", CPUs: 4, Memory: "16G", Accel: KVM,
				Kernel: "k", Initrd: "i", Append: []string{"console=ttyS0", "quiet"},
				Icount: true, DebugExit: true, StockDevices: true, GDB: "tcp::1234", Freeze: true,
				Extra: []string{"-d", "int"},
			},
			want: []string{
				"-M microvm", "-accel kvm", "-cpu qemu64", "-smp 4", "-m 16G",
				"-kernel k -initrd i -append console=ttyS0 quiet",
				"-icount shift=0,sleep=off", "-seed 1", "clock=vm",
				"-device isa-debug-exit", "-gdb tcp::1234", "-S", "-d int",
			},
			not: []string{"-nodefaults"},
		},
		{
			name: "piped",
			c:    Config{Arch: ARM64, Kernel: "k", DTB: "d"},
			term: Piped,
			want: []string{"stdio,id=serial0", "fd=3", "-dtb d"},
			not:  []string{"mon:stdio"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args, err := tt.c.Args(tt.term)
			if err != nil {
				t.Fatal(err)
			}
			line := " " + strings.Join(args, " ") + " "
			for _, w := range tt.want {
				if !strings.Contains(line, w) {
					t.Errorf("%q is missing in %q", w, line)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(line, " "+n+" ") {
					t.Errorf("%q is in %q", n, line)
				}
			}
		})
	}
}

// The command line of the kernel is one argument, whatever words it holds.
func TestArgsAppendIsOneArgument(t *testing.T) {
	args, err := Config{Arch: AMD64, Kernel: "k", Append: []string{"a=1", "b"}}.Args(Piped)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(args, "-append")
	if i < 0 || args[i+1] != "a=1 b" {
		t.Errorf("-append in %q", args)
	}
}

func TestArgsRefuse(t *testing.T) {
	for name, c := range map[string]Config{
		"no architecture":        {},
		"unknown architecture":   {Arch: "riscv64"},
		"debug exit on arm64":    {Arch: ARM64, DebugExit: true},
		"negative CPUs":          {Arch: AMD64, CPUs: -1},
		"initrd without kernel":  {Arch: AMD64, Initrd: "i"},
		"command line, no image": {Arch: AMD64, Append: []string{"quiet"}},
	} {
		if args, err := c.Args(Piped); err == nil {
			t.Errorf("%s: no error but %q", name, args)
		}
	}
}

func TestQuote(t *testing.T) {
	got := Quote([]string{"qemu", "-append", "a b", "it's", "", "virt,gic-version=3"})
	want := `qemu -append 'a b' 'it'\''s' '' virt,gic-version=3`
	if got != want {
		t.Errorf("Quote = %s, want %s", got, want)
	}
}

func TestParseArch(t *testing.T) {
	for _, a := range Arches {
		if got, err := ParseArch(string(a)); err != nil || got != a {
			t.Errorf("ParseArch(%q) = %q, %v", a, got, err)
		}
	}
	if _, err := ParseArch("x86_64"); err == nil {
		t.Error("ParseArch accepts x86_64")
	}
}
