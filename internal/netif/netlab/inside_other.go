//go:build !linux

package netlab

// Inside is never reached: New skips the test where there are no namespaces.
func (h *Host) Inside(func()) {
	h.t.Helper()
	h.t.Skip("needs network namespaces (Linux)")
}
