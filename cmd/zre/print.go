package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gozre/zre/cmd/internal/visible"
)

// screen prints above the line being typed.
type screen struct {
	look          look
	now           func() time.Time
	program       *tea.Program
	out           io.Writer
	typed         typed
	ready         chan struct{} // closed when the line has been drawn for the first time
	gone          chan struct{} // closed when the program has ended
	width, height atomic.Int64
	printing      sync.Mutex // keeps the lines of one text together
}

func (s *screen) setSize(width, height int) {
	s.width.Store(int64(width))
	s.height.Store(int64(height))
}

// size is that of the window; 80 by 24 if it is not known.
func (s *screen) size() (width, height int) {
	width, height = int(s.width.Load()), int(s.height.Load())
	if width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// show returns a function that prints text of one or more lines in a style, broken between
// words.
func (s *screen) show(st style) func(text string) {
	return func(text string) {
		var lines [][]span
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, []span{{st, line}})
		}
		s.print(lines, 2)
	}
}

// put prints lines of messages and events.
func (s *screen) put(lines [][]span) { s.print(lines, timeWidth+2) }

// print prints lines, whose further rows are indented. Once the program has ended it does
// nothing: the terminal is the user's again.
//
// The prints are sent as messages and not returned as commands, because
// bubbletea runs each command in a goroutine of its own, in no order.
//
// Before the line is drawn bubbletea assumes that it is as high as the window, and would
// scroll what is printed out of sight.
func (s *screen) print(lines [][]span, indent int) {
	if len(lines) == 0 {
		return
	}
	select {
	case <-s.ready:
	case <-s.gone:
		return
	}
	s.printing.Lock()
	defer s.printing.Unlock()
	width, height := s.size()
	for _, part := range fit(layOut(s.look.color, lines, width, indent), width, height) {
		s.program.Send(tea.Println(part)())
	}
}

// clear empties the window: bubbletea clears its own line alone. What it writes itself is
// written later; so that nothing that is printed meanwhile is lost, this is not. Called in
// the event loop.
func (s *screen) clear() {
	// If nothing can be written any more, bubbletea will find out.
	_, _ = io.WriteString(s.out, ansi.CursorHomePosition+ansi.EraseEntireScreen)
}

// layOut breaks lines into the rows of a window. The last column stays free: terminals do
// not agree on where the cursor is behind it.
func layOut(color bool, lines [][]span, width, indent int) string {
	var rows []string
	for _, line := range lines {
		for _, row := range wrap(line, width-1, indent) {
			rows = append(rows, paint(color, row))
		}
	}
	return strings.Join(rows, "\n")
}

// terminal is the output of bubbletea; it notices when the first frame is on
// it, which bubbletea itself does not tell: that is when the cursor is shown.
type terminal struct {
	*os.File
	ready func()
}

func (t *terminal) Write(p []byte) (int, error) {
	n, err := t.File.Write(p)
	if bytes.Contains(p, []byte(ansi.ShowCursor)) {
		t.ready()
	}
	return n, err
}

// Write implements io.Writer for the log.
func (s *screen) Write(p []byte) (int, error) {
	for line := range strings.SplitSeq(strings.TrimRight(string(p), "\n"), "\n") {
		s.show(plain)(visible.String(line))
	}
	return len(p), nil
}
