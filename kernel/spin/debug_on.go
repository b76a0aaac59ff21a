//go:build metal && onsendebug

package spin

const debug = true
