package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"github.com/gozre/zre/cmd/internal/visible"
)

// runScreen is the front for people: a line to type on, and everything else
// above it.
func (s *shell) runScreen(ctx context.Context) error {
	screen := &screen{
		typed: typed{wake: make(chan struct{}, 1)},
		ready: make(chan struct{}),
		gone:  make(chan struct{}),
		look:  look{color: s.options.colored(), long: s.options.long, own: s.node.Name()},
		now:   s.now,
	}
	if width, height, err := term.GetSize(int(s.env.Stdout.Fd())); err == nil {
		screen.setSize(width, height)
	}
	editor := newEditor(s, openHistory(s.env.Log), screen)
	screen.out = &terminal{File: s.env.Stdout, ready: sync.OnceFunc(func() { close(screen.ready) })}
	screen.program = tea.NewProgram(editor,
		tea.WithInput(s.env.Stdin), tea.WithOutput(screen.out), tea.WithoutSignalHandler())
	s.print, s.hint, s.say = screen.show(plain), screen.show(faint), screen.show(faint)
	s.screen = screen

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
	go func() { defer close(drained); s.feed(screen) }()

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
	s.env.Remember(s.node.Peers())

	// The terminal is restored; leaving may take a moment.
	patient := time.AfterFunc(500*time.Millisecond, func() {
		fmt.Fprintln(s.env.Stderr, "waiting for peers to acknowledge what was sent")
	})
	closeErr := s.delivered(s.node.Close())
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
			s.run(working, line)
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

// run runs a line that was typed. What it sends is shown as a message of this node's own;
// any other command is repeated as it was typed.
func (s *shell) run(ctx context.Context, line typedLine) {
	sends := line.to != ""
	if !sends {
		_, isText := said(line.text)
		_, _, opens := s.opening(line.text)
		sends = isText || opens
	}
	typed := []span{{faint, editorPrompt(line.group)}, {plain, visible.String(line.text)}}
	if !sends {
		s.screen.put([][]span{typed})
	}
	var err error
	s.sent = false
	if line.to != "" {
		err = s.sendTo(ctx, line.to, line.text)
	} else {
		err = s.execute(ctx, line.text)
	}
	if sends && !s.sent {
		s.screen.put([][]span{typed})
	}
	switch {
	case errors.Is(err, errQuit):
		s.screen.program.Quit()
	case err != nil && ctx.Err() == nil:
		s.screen.show(wrong)(visible.String(err.Error()))
	}
}

// echo shows a message of this node's own, in a pipe nothing.
func (s *shell) echo(message func(look) []span) {
	s.sent = true
	if s.screen != nil {
		s.screen.put([][]span{s.screen.look.line(s.screen.now(), message(s.screen.look)...)})
	}
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
type typedLine struct {
	text  string
	group string
	to    string // the group that the text goes to as it is, if it is no line that was typed
}

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
