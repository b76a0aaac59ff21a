//go:build onsendebug

package spin

const debug = true
