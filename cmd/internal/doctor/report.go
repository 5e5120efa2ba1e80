package doctor

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
)

// Finding is something that is wrong: ID is the same for the same kind of fault, What says what
// is wrong, Means what that means for the network, and Type what to type, or to do.
type Finding = eventjson.Finding

// Fact is something that is so.
type Fact = eventjson.Fact

// Report is what the doctor has found.
type Report struct {
	Version  string
	OK       bool // there are no findings
	Findings []Finding
	Facts    []Fact

	mu sync.Mutex // guards Findings and Facts while the report is made
}

func (r *Report) fact(about, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Facts = append(r.Facts, Fact{About: about, What: fmt.Sprintf(format, args...)})
}

func (r *Report) find(f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Findings = append(r.Findings, f)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	about := ""
	for _, f := range r.Facts {
		name := f.About
		if name == about {
			name = ""
		}
		about = f.About
		fmt.Fprintf(&b, "%-11s %s\n", name, visible.String(f.What))
	}
	b.WriteString("\n")
	for i, f := range r.Findings {
		fmt.Fprintf(&b, "%d. %s\n   That means: %s\n   What to do: %s\n", i+1,
			visible.String(f.What), visible.String(f.Means), visible.String(f.Type))
	}
	switch n := len(r.Findings); n {
	case 0:
		b.WriteString("Nothing is wrong, as far as can be seen from this host.\n")
	case 1:
		b.WriteString("One thing is wrong.\n")
	default:
		fmt.Fprintf(&b, "%d things are wrong.\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	o := eventjson.Doctor{
		Event: "DOCTOR", Time: eventjson.Time(time.Now()), Version: r.Version, OK: r.OK,
		Findings: r.Findings, Facts: r.Facts,
	}
	if o.Findings == nil {
		o.Findings = []Finding{}
	}
	if o.Facts == nil {
		o.Facts = []Fact{}
	}
	_, err := fmt.Fprintln(w, eventjson.Line(o))
	return err
}
