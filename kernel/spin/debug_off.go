//go:build !onsendebug

package spin

const debug = false
