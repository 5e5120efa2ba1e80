package oneshot

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
)

// progress is a line at the bottom of a terminal that says how far something is. One goroutine
// uses it.
type progress struct {
	s     *session
	on    bool
	quiet bool
	drawn bool
	width int
}

// progressPeriod is the time between two looks at what has to be said or given up.
const progressPeriod = 200 * time.Millisecond

func newProgress(s *session, quiet bool) *progress {
	p := &progress{s: s, quiet: quiet}
	if f, ok := s.env.Stderr.(*os.File); ok && !quiet && !s.json && cli.IsTerminal(f) {
		p.on = true
		p.width, _, _ = term.GetSize(int(f.Fd())) // 0 if it is not known
	}
	return p
}

// show draws the line. The text is made harmless, and cut where the terminal ends.
func (p *progress) show(text string) {
	if !p.on {
		return
	}
	text = visible.String(text)
	if runes := []rune(text); p.width > 0 && len(runes) >= p.width {
		text = string(runes[:p.width-1])
	}
	fmt.Fprintf(p.s.env.Stderr, "\r%s\x1b[K", text)
	p.drawn = true
}

// clear takes the line away.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.s.env.Stderr, "\r\x1b[K")
		p.drawn = false
	}
}

// note is a line for the user that is no error.
func (p *progress) note(format string, args ...any) {
	if !p.quiet {
		p.warn(format, args...)
	}
}

// warn is a line for the user, also if he wants to read errors only.
func (p *progress) warn(format string, args ...any) {
	p.clear()
	p.s.note(format, args...)
}

// octets is a size for people, in powers of 1000.
func octets(n int64) string {
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n), ""
	for _, unit = range units {
		if value /= 1000; value < 999.5 {
			break
		}
	}
	if value < 10 {
		return strconv.FormatFloat(value, 'f', 1, 64) + " " + unit
	}
	return strconv.FormatFloat(value, 'f', 0, 64) + " " + unit
}

// files is a number of files for people.
func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}

// percent is how much of the total there is; nothing is 100 % of nothing.
func percent(n, total int64) int {
	if total == 0 {
		return 100
	}
	return int(float64(n) / float64(total) * 100)
}

// rate is how fast octets came in a time.
func rate(n int64, took time.Duration) string {
	return octets(int64(float64(n)/max(took.Seconds(), 1e-3))) + "/s"
}
