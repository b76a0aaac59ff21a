package matrix

import (
	"fmt"
	"reflect"
	"testing"
)

var shapes = [][]Axis{
	{},
	{{"a", "b"}},
	{{"pc", "q35", "microvm"}, {"1", "2", "4"}, {"qemu64", "max"}},
	{{"2", "3"}, {"1", "2", "4"}, {"el1", "el2"}, {"a53", "a72", "max"}},
}

func TestProduct(t *testing.T) {
	got := Product(Axis{"a", "b"}, Axis{"1", "2", "3"})
	want := [][]string{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"b", "1"}, {"b", "2"}, {"b", "3"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Product = %v, want %v", got, want)
	}
}

func TestProductSize(t *testing.T) {
	for _, axes := range shapes {
		want := 1
		for _, a := range axes {
			want *= len(a)
		}
		seen := map[string]bool{}
		for _, c := range Product(axes...) {
			seen[fmt.Sprint(c)] = true
		}
		if len(seen) != want {
			t.Errorf("Product(%v) has %d different cases, want %d", axes, len(seen), want)
		}
	}
}

// Every two values of different axes meet.
func TestPairsCover(t *testing.T) {
	for _, axes := range shapes {
		covered := map[pair]bool{}
		cases := Pairs(axes...)
		for _, c := range cases {
			for _, p := range pairsOf(c) {
				covered[p] = true
			}
		}
		for _, c := range Product(axes...) {
			if n := uncovered(c, covered); n != 0 {
				t.Errorf("%v: %d pairs of %v are missing", axes, n, c)
			}
		}
		if len(axes) > 1 && len(cases) >= len(Product(axes...)) {
			t.Errorf("%v: %d cases are no fewer than the product", axes, len(cases))
		}
	}
}

func TestPairsRepeats(t *testing.T) {
	axes := shapes[3]
	if a, b := Pairs(axes...), Pairs(axes...); !reflect.DeepEqual(a, b) {
		t.Errorf("two calls differ: %v and %v", a, b)
	}
}
