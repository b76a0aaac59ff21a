package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"onsen/qemu"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines string
		want  Result
		fails bool
	}{
		{"nothing", "", Result{}, false},
		{"other lines", "Onsen 0.1\nsmp: 1 CPUs online\n", Result{}, false},
		{"results", "bench: switch-to 312 insn/op\nx\nbench: kernel-thread 4100.5 insn/op\nbench: entry-to-init 41000000\n",
			Result{Operations: []Operation{{"switch-to", 312}, {"kernel-thread", 4100.5}}, EntryToInit: 41000000}, false},
		{"name of several words", "bench: timer wake-up 900 insn/op\n",
			Result{Operations: []Operation{{"timer wake-up", 900}}}, false},
		{"unit", "bench: entry-to-init 5 ns\n", Result{EntryToInit: 5}, false},
		{"no number", "bench: switch-to many insn/op\n", Result{}, true},
		{"the kernel's error", "bench kthread: died with status 0x8\n", Result{}, true},
		{"cut", "bench: switch-to 3\n", Result{}, true},
		{"twice", "bench: a 1 insn/op\nbench: a 2 insn/op\n", Result{Operations: []Operation{{"a", 1}}}, true},
		{"too large", "bench: entry-to-init 99999999999999999999\n", Result{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(strings.Split(tt.lines, "\n"))
			if (err != nil) != tt.fails || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, %v; want %+v, error %v", got, err, tt.want, tt.fails)
			}
		})
	}
}

// What parse accepts, it accepts again in its plain form.
func FuzzParse(f *testing.F) {
	f.Add("bench: switch-to 312 insn/op")
	f.Add("bench: entry-to-init 41000000")
	f.Add("bench: a b 00.50 insn/op")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parse([]string{line})
		if err != nil {
			return
		}
		var plain []string
		for _, o := range r.Operations {
			plain = append(plain, fmt.Sprintf("bench: %s %s insn/op", o.Name, strconv.FormatFloat(o.Instructions, 'f', -1, 64)))
		}
		if r.EntryToInit != 0 {
			plain = append(plain, fmt.Sprintf("bench: entry-to-init %d", r.EntryToInit))
		}
		if again, err := parse(plain); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%q is %+v, but %q is %+v, %v", line, r, plain, again, err)
		}
	})
}

func TestMerge(t *testing.T) {
	r := Result{Operations: []Operation{{"a", 1}}, EntryToInit: 10}
	r.merge(Result{Operations: []Operation{{"a", 2}, {"b", 3}}, EntryToInit: 20})
	want := Result{Operations: []Operation{{"a", 1}, {"b", 3}}, EntryToInit: 10}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, want %+v", r, want)
	}
}

func TestTable(t *testing.T) {
	got := table(Results{
		qemu.AMD64: {Operations: []Operation{{"switch-to", 399.6}, {"ipi", 1234567}}, EntryToInit: 61e6, ImageBytes: 3 << 20, SmallestMem: 17},
		qemu.ARM64: {Operations: []Operation{{"switch-to", 401}}, EntryToInit: 41.04e6, ImageBytes: 9 << 20},
	})
	want := `|                                   |     amd64 |   arm64 | target |
| ---                               |       --: |     --: |    --: |
| switch-to, instructions           |       400 | **401** |  ≤ 400 |
| ipi, instructions                 | 1,234,567 |         |        |
| entry to init, ms of virtual time |  **61.0** |    41.0 |   ≤ 60 |
| image, MiB                        |       3.0 | **9.0** |    ≤ 8 |
| smallest memory that boots, MiB   |        17 |         |   ≤ 32 |
`
	if got != want {
		t.Errorf("table is\n%swant\n%s", got, want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 12345.6: "12,346", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%v) = %q, want %q", n, got, want)
		}
	}
}

func TestComparison(t *testing.T) {
	got := comparison(Results{
		qemu.AMD64: {Linux: []Operation{{"null-call", 400}, {"fork", 1000}}, Programs: []Operation{{"fork", 501}, {"null-call", 199}}},
		qemu.ARM64: {Linux: []Operation{{"fork", 2000}}, Programs: []Operation{{"fork", 3000}}},
	})
	want := `|           | amd64: Linux | Onsen |   % | arm64: Linux | Onsen |       % |
| ---       |          --: |   --: | --: |          --: |   --: |     --: |
| null call |          400 |   199 |  50 |              |       |         |
| fork      |        1,000 |   501 | **50** |        2,000 | 3,000 | **150** |
`
	if squeeze(got) != squeeze(want) {
		t.Errorf("table is\n%swant\n%s", got, want)
	}
}

// squeeze leaves out what only aligns.
func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestReplaceTable(t *testing.T) {
	begin, other := tableBegin("a"), tableBegin("b")
	doc := "# Title\n" + other + "kept\n" + tableEnd + begin + "old\n" + tableEnd + "after\n"
	got, err := replaceTable([]byte(doc), "a", "new\n")
	want := "# Title\n" + other + "kept\n" + tableEnd + begin + "new\n" + tableEnd + "after\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", "no markers", begin + "no end", tableEnd + begin, other + tableEnd} {
		if got, err := replaceTable([]byte(bad), "a", "new\n"); err == nil {
			t.Errorf("%q becomes %q without an error", bad, got)
		}
	}
}

func TestBisect(t *testing.T) {
	for smallest := 1; smallest <= 129; smallest++ {
		if got := bisect(1, 128, func(n int) bool { return n >= smallest }); got != smallest {
			t.Errorf("bisect finds %d, want %d", got, smallest)
		}
	}
}
