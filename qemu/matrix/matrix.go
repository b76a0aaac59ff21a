// Package matrix builds lists of test cases from independent axes: all
// combinations, or few of them in which still every two values meet.
package matrix

// Axis is one property of a case and the values it can have.
type Axis []string

// Product returns every combination of one value of each axis. The last axis
// varies fastest.
func Product(axes ...Axis) [][]string {
	cases := [][]string{nil}
	for _, axis := range axes {
		var longer [][]string
		for _, c := range cases {
			for _, v := range axis {
				longer = append(longer, append(c[:len(c):len(c)], v))
			}
		}
		cases = longer
	}
	return cases
}

// Pairs returns cases in which any two values of different axes occur together
// at least once. Most defects that need a combination need only two values, so
// this finds nearly what the product finds, with far fewer cases. The result
// depends only on the arguments.
func Pairs(axes ...Axis) [][]string {
	if len(axes) < 2 {
		return Product(axes...)
	}
	candidates := Product(axes...)
	covered := make(map[pair]bool)
	var cases [][]string
	for {
		best, gain := -1, 0
		for i, c := range candidates {
			if g := uncovered(c, covered); g > gain {
				best, gain = i, g
			}
		}
		if gain == 0 {
			return cases
		}
		for _, p := range pairsOf(candidates[best]) {
			covered[p] = true
		}
		cases = append(cases, candidates[best])
	}
}

// pair is two values, each with its axis.
type pair struct {
	axis1, axis2   int
	value1, value2 string
}

func pairsOf(c []string) []pair {
	var ps []pair
	for i := range c {
		for j := i + 1; j < len(c); j++ {
			ps = append(ps, pair{i, j, c[i], c[j]})
		}
	}
	return ps
}

func uncovered(c []string, covered map[pair]bool) int {
	n := 0
	for _, p := range pairsOf(c) {
		if !covered[p] {
			n++
		}
	}
	return n
}
