// Package oracle compares the kernel with Linux: a test runs the same program
// as PID 1 under both, on the same machine, and every line in which they differ
// is a failure. See user/tests for the programs.
package oracle

import "strings"

// facts returns the lines of a console that a test program printed, those that
// begin with "check ".
func facts(lines []string) []string {
	var f []string
	for _, l := range lines {
		if strings.HasPrefix(l, "check ") {
			f = append(f, l)
		}
	}
	return f
}

// difference compares what Linux and the kernel say, and returns the lines that
// only one of them has, marked with "-" for Linux's and "+" for ours. Lines keep
// their order; it looks ahead at most window lines to find where both go on.
func difference(linux, ours []string) []string {
	const window = 40
	var d []string
	for len(linux) > 0 || len(ours) > 0 {
		if len(linux) > 0 && len(ours) > 0 && linux[0] == ours[0] {
			linux, ours = linux[1:], ours[1:]
			continue
		}
		skipL, skipO := resume(linux, ours, window)
		for _, l := range linux[:skipL] {
			d = append(d, "- "+l)
		}
		for _, l := range ours[:skipO] {
			d = append(d, "+ "+l)
		}
		linux, ours = linux[skipL:], ours[skipO:]
	}
	return d
}

// resume returns how many lines of each to skip until they are the same again.
func resume(a, b []string, window int) (skipA, skipB int) {
	for sum := 1; sum <= window; sum++ {
		for i := 0; i <= sum; i++ {
			j := sum - i
			if i < len(a) && j < len(b) && a[i] == b[j] {
				return i, j
			}
		}
	}
	return min(len(a), window), min(len(b), window)
}
