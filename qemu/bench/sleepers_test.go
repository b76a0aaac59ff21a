package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseSleepers(t *testing.T) {
	const good = "soak: alive 1000, 31 KiB each\nsoak: alive, 20 KiB not given back\nsoak: threads 10000, 14 KiB each, 136 MiB in all\nsoak is through"
	want := []Operation{{"sleeping-process,-KiB", 31}, {"sleeping-thread,-KiB", 14}}
	if got, err := parseSleepers(strings.Split(good, "\n")); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{
		"",
		"soak: alive 1000, 31 KiB each",
		"soak: alive 900 FAIL, 31 KiB each\nsoak: threads 10000, 14 KiB each, 136 MiB in all",
		"soak: alive 1000, 31 KiB each\nsoak: threads 10000",
	} {
		if got, err := parseSleepers(strings.Split(bad, "\n")); err == nil {
			t.Errorf("%q is %v, want an error", bad, got)
		}
	}
}
