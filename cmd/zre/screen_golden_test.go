//go:build unix

package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/screenshot"
	"github.com/gozre/zre/zre"
)

var update = flag.Bool("update", false, "write the screens of testdata again, once they stand still")

// window is the shell in a terminal emulator: what a user sees.
type window struct {
	t    *testing.T
	node *fakeNode
	user *os.File // the end of the keyboard
	done chan error
	news chan struct{} // something was drawn; capacity 1

	mu     sync.Mutex
	screen *vt.Emulator
	clock  time.Time
}

const windowRows = 40

// open starts the shell in a window of so many columns.
func open(t *testing.T, columns int, n *fakeNode, o options) *window {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("COLORTERM", "")
	t.Setenv("NO_COLOR", "")
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(user, &pty.Winsize{Cols: uint16(columns), Rows: windowRows}); err != nil {
		t.Fatal(err)
	}
	w := &window{
		t: t, node: n, user: user, done: make(chan error, 1), news: make(chan struct{}, 1),
		screen: vt.NewEmulator(columns, windowRows), clock: time.Date(2026, 11, 28, 13, 5, 9, 0, time.UTC),
	}
	logs := &cli.LogWriter{}
	logs.Redirect(io.Discard)
	env := &cli.Env{Stdin: tty, Stdout: tty, Stderr: io.Discard, Logs: logs,
		Log: slog.New(slog.NewTextHandler(logs, nil)), Level: new(slog.LevelVar)}
	s := newShell(n, env, o)
	s.now = w.now
	go func() { w.done <- s.runScreen(t.Context()) }()
	drawn, answered := make(chan struct{}), make(chan struct{})
	go func() { defer close(drawn); w.draw() }()
	go func() { // what a terminal answers when it is asked what it can do
		defer close(answered)
		_, _ = io.Copy(user, w.screen)
	}()
	t.Cleanup(func() {
		w.press("\x03\x03") // of a line that is left, the first one clears it
		select {
		case err := <-w.done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Errorf("the shell does not end, the screen:\n%s", w.shown())
		}
		tty.Close()
		<-drawn
		if err := w.screen.InputPipe().(io.Closer).Close(); err != nil { // Close would race with Read
			t.Error(err)
		}
		<-answered
		user.Close()
	})
	return w
}

// draw shows what the shell writes, until it has ended.
func (w *window) draw() {
	buf := make([]byte, 4096)
	for {
		n, err := w.user.Read(buf)
		w.mu.Lock()
		_, _ = w.screen.Write(buf[:n]) // it takes everything
		w.mu.Unlock()
		select {
		case w.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (w *window) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// shown is the text of the screen, and where the cursor is.
func (w *window) shown() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	b.WriteString(picture(w.screen))
	at := w.screen.CursorPosition()
	fmt.Fprintf(&b, "~~~~ cursor: column %d, row %d\n", at.X, at.Y)
	return b.String()
}

// picture is the text of a screen, without blanks at the ends.
func picture(screen *vt.Emulator) string {
	var rows []string
	for y := range screen.Height() {
		var b strings.Builder
		for x := 0; x < screen.Width(); x++ {
			cell := screen.CellAt(x, y)
			if cell == nil || cell.Content == "" {
				b.WriteByte(' ')
				continue
			}
			b.WriteString(cell.Content)
			x += max(cell.Width, 1) - 1
		}
		rows = append(rows, strings.TrimRight(b.String(), " "))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n") + "\n"
}

// until waits until the screen is as the test wants it.
func (w *window) until(what string, is func(shown string) bool) {
	w.t.Helper()
	patience := time.Minute
	if *update { // somebody waits for it
		patience = 5 * time.Second
	}
	deadline := time.After(patience)
	for !is(w.shown()) {
		select {
		case <-w.news:
		case <-deadline:
			w.t.Fatalf("%s did not come; the screen:\n%s", what, w.shown())
		}
	}
}

func (w *window) shows(text string) {
	w.t.Helper()
	w.until(text, func(shown string) bool { return strings.Contains(shown, text) })
}

func (w *window) press(keys string) {
	w.t.Helper()
	if _, err := w.user.WriteString(keys); err != nil {
		w.t.Fatal(err)
	}
}

// paste is what a terminal sends for a pasted text.
func (w *window) paste(text string) {
	w.t.Helper()
	w.press("\x1b[200~" + strings.ReplaceAll(text, "\n", "\r") + "\x1b[201~")
}

// enter types a line and waits for what it shows.
func (w *window) enter(line, shows string) {
	w.t.Helper()
	w.press(line + "\r")
	w.shows(shows)
}

// golden waits until the screen is as it is written in testdata.
func (w *window) golden(name string) {
	w.t.Helper()
	if *update {
		for quiet := false; !quiet; {
			select {
			case <-w.news:
			case <-time.After(time.Second):
				quiet = true
			}
		}
	}
	want := goldenFile(w.t, name, w.shown())
	w.until("the screen "+name+":\n"+want, func(shown string) bool { return shown == want })
}

// goldenFile reads what is expected, or with -update writes it.
func goldenFile(t *testing.T, name, shown string) string {
	t.Helper()
	file := filepath.Join("testdata", "screen", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

// atEachWidth runs a test at the three widths.
func atEachWidth(t *testing.T, f func(t *testing.T, columns int)) {
	for _, columns := range []int{60, 80, 120} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) { f(t, columns) })
	}
}

func TestScreenOfATalk(t *testing.T) {
	atEachWidth(t, func(t *testing.T, columns int) {
		n := newFakeNode()
		w := open(t, columns, n, *newOptions())
		w.shows("Ctrl-D leaves")
		for _, p := range []zre.Peer{alice, bob, wide} {
			n.come(p)
		}
		w.shows("料理の話")
		n.come(twin)
		w.shows("ENTER   bob/ccccbbbb")
		w.enter("/join chat", "joined chat")
		w.enter("hello, everyone", "me: hello, everyone")
		w.enter("/whisper alice psst", "WHISPER to alice: psst")
		for _, ev := range []zre.Event{
			message(alice, "chat", strings.Repeat("words that wrap, ", 12)+"end"),
			message(wide, "料理の話", strings.Repeat("日本語の文章には空白がない。", 6)),
			message(wide, "chat", "👩‍👩‍👧 family, 👍🏽 thumb, e\u0301 accent, \u0939\u093f\u0928\u094d\u0926\u0940 "+strings.Repeat("🎉", 40)),
			message(bob, "", "for you alone "+strings.Repeat("and on and on ", 8)),
			message(alice, "chat", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"+strings.Repeat("\x00\xff", 3000)),
			message(alice, "chat", "a\n\tb\n\nc"),
			message(alice, "chat", "frame", "\x1b[2Jharm\u202e", ""),
			message(bob, "chat", strings.Repeat("long ", 1000)),
			{Type: zre.EventEvasive, Peer: bob.ID, Name: bob.Name},
			{Type: zre.EventLeader, Peer: alice.ID, Name: alice.Name, Group: "chat"},
			{Type: zre.EventExit, Peer: twin.ID, Name: twin.Name, Reason: zre.ReasonGoodbye},
		} {
			n.events <- ev
		}
		w.shows("goodbye")
		w.golden(fmt.Sprintf("talk-%d", columns))
	})
}

func TestScreenOfLists(t *testing.T) {
	atEachWidth(t, func(t *testing.T, columns int) {
		golden := func(w *window, name string) {
			t.Helper()
			w.golden(fmt.Sprintf("%s-%d", name, columns))
		}
		n := newFakeNode(alice, bob, twin, space, wide)
		w := open(t, columns, n, *newOptions())
		w.shows("Ctrl-D leaves")
		w.enter("/join chat", "joined chat")
		w.enter("/peers", "big bird")
		w.enter("/groups", "MEMBERS")
		w.enter("/who", "(leader)")
		w.enter("/ping alice", "answers after")
		w.enter("/send testdata/notes.txt", "as one message")
		w.enter("/whisper bob psst", "could be")
		w.enter("/shuot hello", "did you mean /shout?")
		w.press("/whisper bo\t\t")
		w.shows("127.0.0.1:3")
		golden(w, "lists")
		w.press("\x03\x0c")
		w.until("an empty screen", func(shown string) bool { return strings.HasPrefix(shown, "chat>\n") })
		w.enter("/help", "leaves, on an empty line")
		golden(w, "help")
	})
}

func TestScreenOfALineBeingTyped(t *testing.T) {
	atEachWidth(t, func(t *testing.T, columns int) {
		step := 0
		golden := func(w *window) {
			t.Helper()
			step++
			w.golden(fmt.Sprintf("line-%d-%d", columns, step))
		}
		w := open(t, columns, newFakeNode(alice, bob), *newOptions())
		w.shows("Ctrl-D leaves")
		w.enter("/join 料理", "joined 料理")
		w.enter("an earlier line about tea", "tea")
		w.press(strings.Repeat("日本語 e\u0301 ", 12) + "end")
		golden(w) // scrolled
		w.press("\x1b[D\x1b[D\x1b[D\x1b[D\x17")
		golden(w) // Ctrl-W has deleted a word before the cursor
		w.press("\x01")
		golden(w) // at the beginning
		w.press("\x03\x12TEA")
		golden(w) // Ctrl-R
		w.press("\x07")
		w.paste("/shuot this\n/whisper alice is secret\n")
		golden(w) // what to do with a pasted block?
		w.press("y")
		w.shows("WHISPER to alice: is secret")
		w.paste("first line\n日本語 second line\n")
		w.shows("y/n")
		w.press("y")
		w.shows("second line")
		w.press("/quiet")
		golden(w)
	})
}

// TestScreenInColor is about the colours; the other screens show text alone.
func TestScreenInColor(t *testing.T) {
	for _, when := range []colorMode{colorAlways, colorNever} {
		t.Run(string(when), func(t *testing.T) {
			n := newFakeNode(alice)
			o := newOptions()
			o.color, o.long = when, true
			w := open(t, 80, n, *o)
			w.shows("Ctrl-D leaves")
			n.come(wide)
			w.shows("料理の話")
			w.enter("/join chat", "joined chat")
			w.enter("hello", "me: hello")
			w.enter("/nosuch", "there is no command")
			n.events <- message(alice, "chat", "hi")
			n.events <- message(alice, "", "psst")
			w.shows("psst")
			shown := func() string {
				w.mu.Lock()
				defer w.mu.Unlock()
				return strings.TrimRight(strings.ReplaceAll(w.screen.Render(), "\x1b", "^"), " \r\n") + "\n"
			}
			if *update {
				w.golden("unused") // waits
				if err := os.Remove("testdata/screen/unused.txt"); err != nil {
					t.Fatal(err)
				}
			}
			want := goldenFile(t, "color-"+string(when), shown())
			w.until("the screen in colour:\n"+want, func(string) bool { return shown() == want })
		})
	}
}

// TestPicture holds the image of the shell in README.md.
func TestPicture(t *testing.T) {
	at := func(n byte, name, endpoint string, groups ...string) zre.Peer {
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte{n})
		return zre.Peer{ID: id, Name: name, Endpoint: "tcp://" + endpoint, Groups: groups}
	}
	bob, carol := at(1, "bob", "192.168.1.21:41024", "time"), at(2, "carol", "192.168.1.22:41007", "time", "builds")
	n := newFakeNode()
	n.name, n.endpoint = "alice", "tcp://192.168.1.20:41094"
	w := open(t, 80, n, *newOptions())
	w.shows("Ctrl-D leaves")
	n.come(bob)
	w.shows("JOIN    bob time")
	w.enter("/join time", "joined time")
	w.tick(18 * time.Second)
	w.enter("test!", "alice: test!")
	n.events <- message(bob, "time", "what time is it?")
	w.shows("what time is it?")
	w.tick(7 * time.Second)
	n.come(carol)
	w.shows("JOIN    carol builds")
	n.events <- message(carol, "time", "a quarter past nine, and the build of the night is green again: 214 tests, none left out")
	w.shows("none left out")
	w.enter("/whisper bob thank carol for the build", "WHISPER to bob")
	n.events <- message(bob, "", "I do")
	w.shows("I do")
	w.enter("/peers", "192.168.1.22:41007  ")
	w.press("/ping ca")
	w.until("the line", func(shown string) bool { return strings.Contains(shown, "time> /ping ca") })
	w.mu.Lock()
	defer w.mu.Unlock()
	rows := strings.Count(picture(w.screen), "\n")
	screenshot.Golden(t, "shell.svg", screenshot.SVG(w.screen, rows), 2, *update)
}

// tick lets time pass.
func (w *window) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}
