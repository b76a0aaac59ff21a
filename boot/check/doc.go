// Package check proves properties of the lowest layer that no compiler checks:
// that hand-encoded instructions are what their comments say (its tests), and
// that code which runs without a stack to grow or a heap never asks for either
// (LowestLayer).
package check
