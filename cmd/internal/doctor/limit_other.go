//go:build !unix

package doctor

func fileLimit() (limit uint64, known bool) { return 0, false }
