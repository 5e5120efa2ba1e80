package house

import (
	"slices"
	"strings"
)

// module is the path that this repository's packages start with.
const module = "github.com/gozre/zre"

// room is one directory, or with a trailing "/..." one tree of them, and what the Go files
// in it may import. The row with the longest matching directory counts.
type room struct {
	dir string
	// may names packages of this module by their directory and others by their path; both
	// may end in "/...". The standard library is open to all but pure rooms.
	may []string
	// tests is what only its test files may import beyond that.
	tests []string
	// pure rooms have no goroutine, no clock, no lock, no socket and no file: the same
	// calls give the same answers, which is what lets them be simulated and fuzzed.
	pure bool
}

// rooms is the house, from the bottom to the top. A new package gets a row here, and a row in
// ARCHITECTURE.md if it is a room of its own.
var rooms = []room{
	// The generator is a program of its own; only the fuzzers look into it. It gives the
	// sources of the primitives to other modules.
	{dir: "gen/...", may: []string{"gen/...", "internal/codec", "github.com/dave/jennifer/jen", "go.yaml.in/yaml/v3"}},

	// The codecs: hand-written primitives, and what is generated on top of them.
	{dir: "internal/codec/wire", pure: true},
	{dir: "internal/codec/...", may: []string{"internal/codec/wire", "github.com/google/uuid"}, pure: true},

	// Keys.
	{dir: "internal/curve"},

	// Where a node is reached.
	{dir: "internal/endpoint", may: []string{"internal/curve"}},

	{dir: "internal/hostname"},

	// Files that a person names.
	{dir: "internal/regular"},
	{dir: "internal/snake"},

	// What carries messages. The tests of zmtp compare it with libzmq.
	{dir: "internal/transport", may: []string{"internal/curve"}},
	{dir: "internal/transport/mem", may: []string{"internal/transport", "internal/curve"}},
	{dir: "internal/transport/zmtp", may: []string{"internal/transport", "internal/transport/zmtp/keystream", "internal/transport/zmtp/poly1305", "internal/curve", "golang.org/x/crypto/...", "golang.org/x/sys/..."}, tests: []string{"github.com/pebbe/zmq4"}},
	{dir: "internal/transport/zmtp/keystream", may: []string{"golang.org/x/crypto/salsa20/salsa", "golang.org/x/sys/cpu"}},
	{dir: "internal/transport/zmtp/poly1305", may: []string{"golang.org/x/crypto/poly1305", "golang.org/x/sys/cpu"}},
	{dir: "internal/transport/libzmq", may: []string{"internal/transport", "internal/curve", "github.com/pebbe/zmq4"}},
	{dir: "internal/transport/choose", may: []string{"internal/transport/..."}},
	{dir: "internal/transport/transporttest", may: []string{"internal/transport", "internal/curve", "go.uber.org/goleak"}},

	// What touches the system.
	{dir: "internal/netif", may: []string{"golang.org/x/sys/...", "golang.org/x/net/...", "github.com/vishvananda/netlink/nl"}},
	{dir: "internal/beacon", may: []string{"internal/netif", "golang.org/x/sys/...", "golang.org/x/net/..."}},

	// The public libraries.
	{dir: "internal/gossip/...", may: []string{"internal/gossip/...", "internal/codec/...", "internal/curve"}, pure: true},
	{dir: "zgossip/...", may: []string{"internal/gossip/...", "internal/codec/...", "internal/curve", "internal/transport", "internal/transport/choose", "internal/netif", "internal/hostname", "github.com/google/uuid"}},
	{dir: "zre/internal/core", may: []string{"internal/codec/...", "internal/curve", "internal/endpoint", "github.com/google/uuid"}, pure: true},
	{dir: "zre/internal/link", may: []string{"zre/internal/core", "internal/codec/...", "internal/endpoint", "internal/transport", "github.com/google/uuid"}},
	{dir: "zre/internal/inbox", may: []string{"zre/internal/core", "internal/codec/...", "internal/transport", "github.com/google/uuid"}},
	{dir: "zre/internal/named", may: []string{"internal/curve", "internal/hostname"}},
	{dir: "zre/internal/pace"},
	{dir: "zre/internal/problems", may: []string{"zre/internal/pace", "internal/hostname", "internal/transport", "github.com/google/uuid"}},
	{dir: "zre/internal/trust", may: []string{"internal/curve", "internal/transport", "github.com/google/uuid"}},
	{dir: "zre/internal/host", may: []string{"internal/netif"}},
	{dir: "zre/internal/discovery", may: []string{"zre/internal/host", "zre/internal/problems", "zre/internal/trust", "zgossip", "internal/codec/...", "internal/curve", "internal/endpoint", "internal/netif", "internal/beacon", "github.com/google/uuid"}},
	{dir: "zre/internal/engine", may: []string{"zre/internal/core", "zre/internal/pace", "zre/internal/link", "zre/internal/inbox", "zre/internal/host", "internal/curve", "internal/endpoint", "internal/transport", "github.com/google/uuid"}},
	{dir: "zre/internal/settle", may: []string{"zre/internal/core"}, pure: true},
	{dir: "zre/internal/lan", may: []string{"internal/beacon", "internal/netif", "internal/transport/mem"}},
	{dir: "zre/keys", may: []string{"internal/curve", "internal/regular"}},
	{dir: "zre", may: []string{"zre/internal/...", "internal/curve", "internal/endpoint", "internal/hostname", "internal/beacon", "internal/netif", "internal/transport", "internal/transport/choose", "internal/transport/mem", "github.com/google/uuid", "golang.org/x/sys/unix"}},

	// Tests of programs that use the library.
	{dir: "zre/zretest", may: []string{"zre", "zre/internal/lan"}},

	// The programs stand on the public libraries.
	{dir: "cmd/internal/...", may: append([]string{"cmd/internal/...", "github.com/cpuguy83/go-md2man/v2/md2man"}, programs...)},
	{dir: "cmd/internal/metrics", may: []string{"internal/snake", "zre"}, tests: []string{"github.com/santhosh-tekuri/jsonschema/v6"}},
	{dir: "cmd/internal/screenshot", may: []string{"github.com/charmbracelet/ultraviolet", "github.com/charmbracelet/x/ansi", "github.com/charmbracelet/x/vt"}},
	{dir: "cmd/...", may: append([]string{"cmd/internal/..."}, programs...)},
	// The doctor looks below the library.
	{dir: "cmd/internal/doctor", may: append([]string{"cmd/internal/...", "internal/beacon", "internal/netif", "golang.org/x/net/..."}, programs...)},
	// The shell draws on a terminal.
	{dir: "cmd/zre/...", may: append([]string{"cmd/internal/...", "cmd/zre/...", "charm.land/bubbletea/v2", "charm.land/bubbles/v2/...", "github.com/charmbracelet/x/ansi"}, programs...)},
	{dir: "cmd/zre/internal/watch", may: []string{"cmd/internal/cli", "cmd/internal/eventjson", "zre", "github.com/google/uuid", "github.com/spf13/pflag"}},
	{dir: "cmd/zre/internal/top", may: []string{"cmd/internal/cli", "cmd/internal/eventjson", "cmd/internal/peername", "cmd/internal/visible", "cmd/zre/internal/watch", "zre", "github.com/google/uuid", "github.com/spf13/cobra", "github.com/spf13/pflag", "charm.land/bubbletea/v2", "github.com/charmbracelet/x/ansi"}},
	{dir: "cmd/zre/internal/webmap", may: []string{"cmd/internal/cli", "cmd/internal/eventjson", "cmd/zre/internal/watch", "zre", "github.com/spf13/cobra", "github.com/spf13/pflag"}},
	{dir: "cmd/zgossip_server/...", may: append([]string{"cmd/internal/...", "github.com/prometheus/client_golang/...", "github.com/coreos/go-systemd/v22/..."}, programs...)},
	// The benchmark makes keys, and with the build tag libzmq it measures libzmq too, in C.
	{dir: "cmd/zrebench/...", may: append([]string{"cmd/internal/...", "cmd/zrebench/...", "internal/curve", "gonum.org/v1/plot/..."}, programs...)},
	{dir: "cmd/zrebench/internal/rawzmq", may: []string{"C"}},

	// What `make install` and `make dist` run.
	{dir: "packaging/dist"},
	{dir: "packaging/pages"},
	{dir: "packaging/man", may: []string{"internal/snake", "github.com/cpuguy83/go-md2man/v2/md2man"}},

	{dir: "examples/...", may: []string{"zre", "github.com/google/uuid"}},

	// What only tests use.
	{dir: "."},
	{dir: "internal/house", may: []string{"golang.org/x/mod/..."}},
	{dir: "internal/lab", may: []string{"golang.org/x/sys/unix"}},
	{dir: "fuzz"},
	{dir: "test/...", may: []string{"internal/lab"}},
}

// programs is what every program may import.
var programs = []string{
	"zre", "zre/keys", "zgossip/...", "internal/regular", "internal/snake",
	"github.com/google/uuid", "github.com/spf13/cobra/...", "github.com/spf13/pflag", "gopkg.in/ini.v1",
	"golang.org/x/term", "golang.org/x/sys/...",
}

// inTests is what test files of every room may import, in addition to the packages of this module.
// ZeroMQ is not in it: tests too use package libzmq, except in rooms that say otherwise.
var inTests = []string{
	"github.com/google/go-cmp/...", "github.com/google/uuid", "pgregory.net/rapid", "go.uber.org/goleak",
	"golang.org/x/sys/...", "golang.org/x/net/...", "golang.org/x/crypto/nacl/box", "golang.org/x/term", "github.com/creack/pty", "github.com/hinshun/vt10x", "github.com/charmbracelet/x/vt",
}

// closedToPure is what pure rooms may not import of the standard library.
var closedToPure = []string{
	"net", "net/http/...", "os", "os/...", "io/ioutil", "log", "math/rand", "runtime/...", "sync", "sync/...", "syscall", "unsafe",
}

// roomOf finds the row for a directory, given relative to the module.
func roomOf(dir string) (room, bool) {
	best, found := room{}, false
	for _, r := range rooms {
		if matches(r.dir, dir) && (!found || len(r.dir) > len(best.dir)) {
			best, found = r, true
		}
	}
	return best, found
}

// allows says whether a file of the room may import the path.
func (r room) allows(path string, test bool) bool {
	local := path
	if path == module {
		local = "."
	} else if rest, ok := strings.CutPrefix(path, module+"/"); ok {
		local = rest
		if test {
			return true
		}
	} else if standard(path) {
		return !r.pure || test || !matchesAny(closedToPure, path)
	}
	return matchesAny(r.may, local) || test && (matchesAny(inTests, local) || matchesAny(r.tests, local))
}

// standard says whether a path belongs to the standard library: no dot in its first element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return path != "C" && !strings.Contains(first, ".")
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

// matches reads a trailing "/..." as the go command does: the path itself and all below it.
func matches(pattern, path string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	if !ok {
		return pattern == path
	}
	return path == tree || strings.HasPrefix(path, tree+"/")
}
