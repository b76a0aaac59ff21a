package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// kselftestPrograms is how many programs run at least.
const kselftestPrograms = 60

// Linux's own tests go as they do on Linux, but for those that
// user/kselftest/differences tells of. make kselftest has KSELFTEST say which run.
func TestKselftest(t *testing.T) {
	qemutest.Need(t)
	words := strings.Fields(os.Getenv("KSELFTEST"))
	if len(words) == 0 {
		words = []string{"quick"}
	}
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			compareKselftest(t, arch, words)
		})
	}
}

func compareKselftest(t *testing.T, arch qemu.Arch, words []string) {
	text, err := os.ReadFile(filepath.Join(qemutest.Root(t), "user", "kselftest", "differences"))
	if err != nil {
		t.Fatal(err)
	}
	known, err := readKnown(string(text), string(arch))
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, m qemu.Config) outcomes {
		m.Append = append(append(m.Append, "--"), words...)
		return readOutcomes(checks(t, m, "kselftest"))
	}
	var want outcomes
	t.Run("linux", func(t *testing.T) { want = run(t, qemutest.Linux(t, arch)) })
	if len(want) < kselftestPrograms && os.Getenv("KSELFTEST") == "" {
		t.Fatalf("%d programs run on Linux", len(want))
	}
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("onsen,%d", cpus), func(t *testing.T) {
			m := qemutest.Kernel(t, arch)
			m.CPUs = cpus
			if wrong := unexplained(contrasts(want, run(t, m)), known, want); len(wrong) > 0 {
				t.Errorf("%d tests:\n%s", len(wrong), strings.Join(wrong, "\n"))
			}
		})
	}
}

func TestReadOutcomes(t *testing.T) {
	got := readOutcomes([]string{
		"check a/tap: TAP version 13", "check a/tap: ok 1 [17] as it should be", "check a/tap: not ok 2 # error it: is not",
		"check a/tap: ok 3 # SKIP no such thing", "check a/tap: # ok 4 is none", "check a/tap: exit 1",
		"check b/words: [RUN]\tsomething", "check b/words: [OK]\tgood", "check b/words: 7 getpid = 31     [FAIL]",
		"check b/words: exit 0", "check b/none", "check c/kill: Killed", "check c/kill: exit 137",
	})
	want := outcomes{
		"a/tap":   {"1": "ok", "2": "not ok", "3": "skip", "exit": "exit 1"},
		"b/words": {"1": "ok", "2": "not ok", "exit": "exit 0"},
		"c/kill":  {"exit": "exit 137"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestUnexplained(t *testing.T) {
	linux := outcomes{"p": {"1": "ok", "2": "ok", "10": "ok", "exit": "exit 0"}, "q": {"exit": "exit 0"}}
	bad := outcomes{"p": {"1": "ok", "2": "not ok", "exit": "exit 1"}, "q": {"exit": "exit 0"}}
	for name, tt := range map[string]struct {
		ours  outcomes
		known string
		want  []string
	}{
		"same":               {linux, "", nil},
		"another program":    {linux, "all r 1 reason", nil},
		"another machine":    {linux, "arm64 p 1 reason", nil},
		"not known":          {bad, "", []string{`p 2: "not ok", on Linux "ok"`, `p 10: "", on Linux "ok"`, `p exit: "exit 1", on Linux "exit 0"`}},
		"known":              {bad, "# comment\nall p 2,9-10,exit reason", []string{"p 9: does not differ any more"}},
		"known, all of them": {bad, "amd64 p * reason", nil},
		"not any more":       {linux, "all p 1,exit reason\nall q * reason", []string{"p 1: does not differ any more", "p exit: does not differ any more", "q: nothing differs any more"}},
		"perhaps":            {bad, "all p ?1-10,exit reason\nall q ?exit reason", nil},
		"did not run":        {outcomes{"p": linux["p"]}, "", []string{`q exit: "", on Linux "exit 0"`}},
	} {
		known, err := readKnown(tt.known, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		if got := unexplained(contrasts(linux, tt.ours), known, linux); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestReadKnownErrors(t *testing.T) {
	for _, text := range []string{"all p 1", "all p 1, reason", "all p 3-2 reason", "all p x reason", "all p 1- reason", "all p ? reason"} {
		if known, err := readKnown(text, "amd64"); err == nil {
			t.Errorf("%q: %v", text, known)
		}
	}
}
