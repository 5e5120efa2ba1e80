package house

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// strips are the methods of time.Time whose result has no monotonic clock: if a time that went
// through them is compared with another one, a clock that is set counts as time that has passed.
var strips = []string{"Unix", "UnixNano", "UnixMicro", "UnixMilli", "UTC", "AddDate"}

// showTime are files of programs that print the time of day, or compare that of files; nothing
// that they do depends on how much time has passed.
var showTime = []string{
	"cmd/internal/cli/follow.go", "cmd/internal/cli/version.go", "cmd/internal/doctor/host.go",
	"cmd/zre/problems.go",
}

// TestNobodyTrustsTheClock: the clock of a host may be set while a node runs. Libraries and programs
// measure time by the monotonic clock only. (The gossip protocol numbers its changes by the clock,
// and goes on from the last number when the clock is set back.)
func TestNobodyTrustsTheClock(t *testing.T) {
	checked := 0
	for _, s := range sources(t) {
		library := strings.HasPrefix(s.dir, "zre") || strings.HasPrefix(s.dir, "zgossip") ||
			strings.HasPrefix(s.dir, "internal/transport") || s.dir == "internal/beacon" || s.dir == "internal/netif"
		program := strings.HasPrefix(s.dir, "cmd") && !strings.HasPrefix(s.dir, "cmd/zrebench")
		if !library && !program || s.test {
			continue
		}
		checked++
		for _, at := range stripped(s.file) {
			where := s.set.Position(at.Pos())
			shows := func(file string) bool { return strings.HasSuffix(where.Filename, file) }
			if !slices.ContainsFunc(showTime, shows) {
				t.Errorf("%s: a time without the monotonic clock: keep the time.Time, "+
					"or count from one with time.Since", where)
			}
		}
	}
	if checked < 50 {
		t.Fatalf("only %d files were checked", checked)
	}
}

// stripped finds the calls of strips, and time.Unix.
func stripped(file *ast.File) (found []ast.Node) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if ok && slices.Contains(strips, method.Sel.Name) {
			found = append(found, call)
		}
		return true
	})
	return found
}
