package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/gozre/zre/cmd/internal/visible"
)

// mostShown is how much of one message the screen shows, in octets: enough to read, but
// not a whole file.
const mostShown = 4000

// runScreen is the front for people: a line to type on, and everything else
// above it.
func (s *shell) runScreen(ctx context.Context) error {
	screen := &screen{
		typed: typed{wake: make(chan struct{}, 1)},
		ready: make(chan struct{}),
		gone:  make(chan struct{}),
	}
	if width, height, err := term.GetSize(int(s.env.Stdout.Fd())); err == nil {
		screen.setSize(width, height)
	}
	editor := newEditor(s, openHistory(s.env.Log), screen)
	screen.program = tea.NewProgram(editor,
		tea.WithInput(s.env.Stdin), tea.WithOutput(&terminal{File: s.env.Stdout, ready: sync.OnceFunc(func() { close(screen.ready) })}), tea.WithoutSignalHandler())
	s.print, s.hint, s.say = screen.show, screen.show, screen.show
	s.format.most = mostShown

	s.env.Logs.Redirect(screen)  // Before anything is drawn: no line of the log runs through it.
	ended := make(chan error, 1) // capacity 1: read once, after everything else
	go func() {
		_, err := screen.program.Run()
		close(screen.gone)
		ended <- err
	}()

	s.start()
	s.hint("Tab completes, /help lists the commands, Ctrl-D leaves")
	drained := make(chan struct{})
	go func() { defer close(drained); s.watch() }()

	err := s.joinFirst(ctx)
	var screenErr error
	if err == nil {
		screen.program.Send(promptChanged{})
		screenErr = s.attend(ctx, screen, ended)
	} else {
		screen.program.Quit()
		screenErr = <-ended
	}
	s.env.Logs.Redirect(s.env.Stderr)

	// The terminal is restored; leaving may take a moment.
	patient := time.AfterFunc(500*time.Millisecond, func() {
		fmt.Fprintln(s.env.Stderr, "waiting for peers to acknowledge what was sent")
	})
	closeErr := delivery(s.node.Close())
	patient.Stop()
	<-drained
	return errors.Join(err, screenErr, closeErr)
}

// attend runs what is typed until the user leaves or ctx ends, and returns
// when the terminal is put back.
func (s *shell) attend(ctx context.Context, screen *screen, ended <-chan error) error {
	// A command that waits for a slow peer ends with the screen.
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			line, ok := screen.typed.next(working)
			if !ok {
				return
			}
			screen.show(editorPrompt(line.group) + line.text)
			err := s.execute(working, line.text)
			switch {
			case errors.Is(err, errQuit):
				screen.program.Quit()
			case err != nil && working.Err() == nil:
				screen.show(err.Error())
			}
			screen.program.Send(promptChanged{})
		}
	}()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		screen.program.Quit()
		err = <-ended
	}
	stop()
	<-done
	// Not an error: the terminal is gone, so nobody could read one.
	if errors.Is(err, tea.ErrProgramKilled) && !errors.Is(err, tea.ErrProgramPanic) {
		return nil
	}
	return err
}

// screen prints above the line being typed.
type screen struct {
	program       *tea.Program
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

// show prints text of one or more lines. Once the program has ended it does
// nothing: the terminal is the user's again.
//
// The prints are sent as messages and not returned as commands, because
// bubbletea runs each command in a goroutine of its own, in no order.
//
// Before the line is drawn bubbletea assumes that it is as high as the window, and would
// scroll what is printed out of sight.
func (s *screen) show(text string) {
	select {
	case <-s.ready:
	case <-s.gone:
		return
	}
	s.printing.Lock()
	defer s.printing.Unlock()
	width, height := s.size()
	for _, part := range fit(text, width, height) {
		s.program.Send(tea.Println(part)())
	}
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
		s.show(visible.String(line))
	}
	return len(p), nil
}

// typed is the queue of lines that were typed and not yet run. It has no bound: a user
// types slowly, and the screen must never wait for a command, which may wait for the
// screen.
type typed struct {
	mu    sync.Mutex
	lines []typedLine
	wake  chan struct{} // capacity 1: one wake-up is enough
}

// typedLine is a line with the group that the prompt named.
type typedLine struct{ text, group string }

func (t *typed) add(line typedLine) {
	t.mu.Lock()
	t.lines = append(t.lines, line)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// next waits for a line; ok is false when ctx has ended.
func (t *typed) next(ctx context.Context) (line typedLine, ok bool) {
	for {
		t.mu.Lock()
		if len(t.lines) > 0 {
			line, t.lines = t.lines[0], t.lines[1:]
			t.mu.Unlock()
			return line, true
		}
		t.mu.Unlock()
		select {
		case <-t.wake:
		case <-ctx.Done():
			return typedLine{}, false
		}
	}
}
