package oracle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The programs of Linux's kselftest say in several ways how their tests went, and
// say more than that, which depends on chance. Only the outcomes are compared.

// outcomes is how the tests of each program went: "ok", "not ok", "skip", or what
// the program ended with for the test "exit". A test's name is its number.
type outcomes map[string]map[string]string

var (
	tapLine    = regexp.MustCompile(`^(ok|not ok) (\d+)\b(.*# SKIP)?`)
	bracketed  = regexp.MustCompile(`^\[(OK|FAIL|SKIP|WARN)\]|\[(OK|FAIL|SKIP|WARN)\]$`)
	exitStatus = regexp.MustCompile(`^exit \d+$`)
)

// bracketedOutcome is what the words in brackets mean.
var bracketedOutcome = map[string]string{"OK": "ok", "FAIL": "not ok", "SKIP": "skip", "WARN": "warn"}

// readOutcomes reads the facts that user/kselftest/init.sh prints: "check PROGRAM: "
// and a line of the program.
func readOutcomes(facts []string) outcomes {
	o := make(outcomes)
	for _, fact := range facts {
		program, line, ok := strings.Cut(strings.TrimPrefix(fact, "check "), ": ")
		if !ok {
			continue
		}
		tests := o[program]
		if tests == nil {
			tests = make(map[string]string)
			o[program] = tests
		}
		line = strings.TrimSpace(line)
		if m := tapLine.FindStringSubmatch(line); m != nil {
			tests[m[2]] = m[1]
			if m[3] != "" {
				tests[m[2]] = "skip"
			}
		} else if m := bracketed.FindStringSubmatch(line); m != nil {
			tests[strconv.Itoa(len(tests)+1)] = bracketedOutcome[m[1]+m[2]]
		} else if exitStatus.MatchString(line) {
			tests["exit"] = line
		}
	}
	return o
}

// A contrast is a test that goes otherwise here than on Linux, or only on one of them,
// for which the outcome on the other is "".
type contrast struct{ program, test, linux, ours string }

func (c contrast) String() string {
	return fmt.Sprintf("%s %s: %q, on Linux %q", c.program, c.test, c.ours, c.linux)
}

// contrasts compares the programs that ran on Linux.
func contrasts(linux, ours outcomes) []contrast {
	var d []contrast
	for _, program := range slices.Sorted(maps.Keys(linux)) {
		l, o := linux[program], ours[program]
		tests := make(map[string]bool)
		for test := range l {
			tests[test] = true
		}
		for test := range o {
			tests[test] = true
		}
		for _, test := range slices.SortedFunc(maps.Keys(tests), byNumber) {
			if l[test] != o[test] {
				d = append(d, contrast{program, test, l[test], o[test]})
			}
		}
	}
	return d
}

// byNumber orders the names of tests.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// A knownContrast is a line of user/kselftest/differences: tests of a program that
// differ, for a reason.
type knownContrast struct {
	program string
	any     bool            // "*": whatever tests, but some
	test    map[string]bool // otherwise, these
	maybe   bool            // "?": these, or some of them, or none
}

// readKnown reads user/kselftest/differences for one architecture:
//
//	ARCH PROGRAM TESTS REASON
//
// ARCH may be "all". TESTS is a list of numbers, ranges of numbers and "exit" with
// commas between, with "?" in front if they need not differ, or "*". Lines that begin with "#" are comments.
func readKnown(text, arch string) ([]knownContrast, error) {
	var known []knownContrast
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 4 {
			return nil, fmt.Errorf("line %d: no ARCH PROGRAM TESTS REASON", n+1)
		}
		if f[0] != "all" && f[0] != arch {
			continue
		}
		tests, maybe := strings.CutPrefix(f[2], "?")
		k := knownContrast{program: f[1], any: tests == "*", maybe: maybe}
		if !k.any {
			var err error
			if k.test, err = readTests(tests); err != nil {
				return nil, fmt.Errorf("line %d: %v", n+1, err)
			}
		}
		known = append(known, k)
	}
	return known, nil
}

// readTests reads a list of tests.
func readTests(list string) (map[string]bool, error) {
	tests := make(map[string]bool)
	for _, word := range strings.Split(list, ",") {
		if word == "exit" {
			tests[word] = true
			continue
		}
		first, last, isRange := strings.Cut(word, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || from > to {
			return nil, fmt.Errorf("%q are no tests", word)
		}
		for i := from; i <= to; i++ {
			tests[strconv.Itoa(i)] = true
		}
	}
	return tests, nil
}

// unexplained returns what is wrong: contrasts that are not known, and known ones,
// of programs that ran, that are none any more.
func unexplained(found []contrast, known []knownContrast, ran outcomes) []string {
	var wrong []string
	used := make(map[string]bool) // by program and test; "" for any
	for _, c := range found {
		i := slices.IndexFunc(known, func(k knownContrast) bool {
			return k.program == c.program && (k.any || k.test[c.test])
		})
		if i < 0 {
			wrong = append(wrong, c.String())
			continue
		}
		used[c.program+" "+c.test] = true
		used[c.program+" "] = true
	}
	for _, k := range known {
		if ran[k.program] == nil || k.maybe {
			continue
		}
		if k.any && !used[k.program+" "] {
			wrong = append(wrong, k.program+": nothing differs any more")
		}
		for _, test := range slices.SortedFunc(maps.Keys(k.test), byNumber) {
			if !used[k.program+" "+test] {
				wrong = append(wrong, fmt.Sprintf("%s %s: does not differ any more", k.program, test))
			}
		}
	}
	return wrong
}
