//go:build metal && !onsendebug

package spin

const debug = false
