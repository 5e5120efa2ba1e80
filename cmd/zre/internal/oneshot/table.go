package oneshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// shortDigits is how many digits of a UUID a table shows.
const shortDigits = 8

func shortID(p zre.Peer) string { return peername.Digits(p.ID)[:shortDigits] }

// table lines the columns of rows up. Cells are made harmless.
func table(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = visible.String(cell)
		}
		// Writing to a strings.Builder cannot fail.
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush()
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// headerList is the headers by name, without the key, which has a place of its own.
func headerList(headers map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if name != publicKeyHeader {
			list = append(list, name+"="+headers[name])
		}
	}
	return strings.Join(list, " ")
}

// publicKeyHeader is where zyre, and this implementation, send the public key.
const publicKeyHeader = "X-PUBLICKEY"

// roundTrip is a round trip in milliseconds with three digits, as ping(8) prints it.
func roundTrip(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 1:
		return fmt.Sprintf("%.3f ms", ms)
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// endpoint is an endpoint without its scheme.
func endpoint(p zre.Peer) string { return strings.TrimPrefix(p.Endpoint, "tcp://") }
