package top

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/screenshot"
	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

var update = flag.Bool("update", false, "write the golden screens")

// hostile are names that a terminal would obey.
var hostile = []string{
	"<script>alert(1)</script>", "esc\x1b[2J\x1b]0;title\x07", "line\nbreak\r\t", "\u202egnp.exe",
	strings.Repeat("W", 255), strings.Repeat("界", 85), "\xff\xfe", "e\u0301", "👩‍👩‍👧‍👦 family",
}

var names = []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj"}

// snapshot is a network with so many peers, of which the first have these names.
func snapshot(n int, first ...string) *watch.Snapshot {
	at := time.Date(2026, 2, 3, 14, 5, 6, 0, time.UTC)
	s := &watch.Snapshot{Time: at, Self: watch.Self{
		ID: uuid.UUID{0xab, 0xcd}, Name: "watcher", Endpoint: "tcp://192.168.1.20:41094", Groups: []string{"chat"},
		In: watch.Rate{Messages: 101.5, Octets: 95e3}, Out: watch.Rate{Messages: 44, Octets: 263}, Window: 4 << 20,
	}}
	first = append(first, names...)
	groups := []string{"chat", "time", "workers"}
	members := map[string]int{}
	for i := range n {
		p := watch.Peer{
			Peer: zre.Peer{
				ID: uuid.UUID{byte(i), 0x10}, Endpoint: fmt.Sprintf("tcp://192.168.1.%d:41000", i%250),
				Groups: []string{groups[i%3]}, Idle: time.Duration(i*i) * 100 * time.Millisecond, Evasive: i == 4,
			},
			In: watch.Rate{Messages: float64(i), Octets: float64(i%7) * 1234.5}, RoundTrip: time.Duration(i*i*150) * time.Microsecond,
		}
		if p.Name = fmt.Sprintf("node%d", i); i < len(first) {
			p.Name = first[i]
		}
		if i == 3 {
			p.Groups = append(p.Groups, "temperature")
			p.Stats.Unacknowledged, p.Out = 3<<20, watch.Rate{Messages: 10, Octets: 2e6}
		}
		if i == 5 {
			p.Headers = map[string]string{cli.OneShotHeader: "1"}
		}
		for _, g := range p.Groups {
			members[g]++
		}
		s.Peers = append(s.Peers, p)
		s.Events = append(s.Events,
			watch.Entry{Time: at.Add(time.Duration(i) * time.Second), Type: zre.EventEnter, Peer: p.ID, Name: p.Name},
			watch.Entry{Time: at.Add(time.Duration(i) * time.Second), Type: zre.EventShout, Peer: p.ID, Name: p.Name, Group: p.Groups[0], Count: uint64(i + 1), Octets: 5000})
	}
	if n > 0 {
		s.Events = append(s.Events,
			watch.Entry{Time: at, Type: zre.EventJoin, Name: "bob", Group: "chat"},
			watch.Entry{Time: at, Type: zre.EventExit, Name: first[0], Reason: "goodbye"})
		s.Groups = []watch.Group{
			{Name: "chat", Own: true, Members: members["chat"], Leader: s.Peers[0].ID, In: watch.Rate{Messages: 3, Octets: 44e3}},
			{Name: "temperature", Members: members["temperature"]}, {Name: "time", Members: members["time"]}, {Name: "workers", Members: members["workers"]},
		}
	}
	return s
}

// shownIn is a model in a window, after these keys.
func shownIn(s *watch.Snapshot, width, height int, keys ...string) *model {
	m := newModel(false)
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	if s != nil {
		m.Update(s)
	}
	press(m, keys...)
	return m
}

func press(m *model, keys ...string) (last tea.Cmd) {
	codes := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
		"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
		"backspace": {Code: tea.KeyBackspace}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
	}
	for _, k := range keys {
		key, ok := codes[k]
		if !ok {
			key = tea.Key{Code: []rune(k)[0], Text: k}
		}
		_, last = m.Update(tea.KeyPressMsg(key))
	}
	return last
}

// screen is the view without what makes bold and reverse.
func screen(m *model) string {
	var b strings.Builder
	for _, line := range m.lines() {
		b.WriteString(strings.TrimRight(ansi.Strip(line), " ") + "\n")
	}
	return b.String()
}

func TestGoldenScreens(t *testing.T) {
	fault := snapshot(12)
	fault.Faults = []string{"tcp://192.168.1.7:41000: no answer", "another"}
	for _, size := range [][2]int{{80, 24}, {60, 20}, {120, 40}} {
		for _, test := range []struct {
			name string
			m    *model
		}{
			{"few", shownIn(snapshot(5), size[0], size[1])},
			{"full", shownIn(snapshot(12), size[0], size[1], "s")},
			{"hostile", shownIn(snapshot(12, hostile...), size[0], size[1])},
			{"scrolled", shownIn(snapshot(200), size[0], size[1], "s", "r", "pgdown")},
			{"filter", shownIn(snapshot(200), size[0], size[1], "/", "e", "r", "i")},
			{"paused", shownIn(fault, size[0], size[1], "p")},
			{"help", shownIn(snapshot(12), size[0], size[1], "?")},
			{"nobody", shownIn(snapshot(0), size[0], size[1])},
			{"start", shownIn(nil, size[0], size[1])},
		} {
			golden := filepath.Join("testdata", fmt.Sprintf("%s-%d.txt", test.name, size[0]))
			got := screen(test.m)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (run the test with -update if this is meant):\n%s", golden, diff)
			}
		}
	}
}

// TestFits draws every size, and holds that the view has as many lines as the window, none
// wider than it, and nothing that a terminal obeys.
func TestFits(t *testing.T) {
	for _, s := range []*watch.Snapshot{nil, snapshot(0), snapshot(12, hostile...), snapshot(200)} {
		if s != nil {
			s.Faults = hostile
			for i, h := range hostile {
				s.Groups = append(s.Groups, watch.Group{Name: h, Own: i%2 == 0, Members: 100000, Leader: uuid.UUID{1}, In: watch.Rate{Octets: 1e12}})
			}
			s.Self.Name = hostile[5]
		}
		for _, width := range []int{0, 1, 2, 3, 5, 7, 9, 11, 15, 18, 20, 27, 34, 40, 51, 58, 60, 75, 76, 80, 99, 100, 120, 200} {
			for _, height := range []int{0, 1, 2, 3, 5, 8, 11, 14, 20, 24, 31, 60} {
				for _, keys := range [][]string{nil, {"?"}, {"p", "/", "界", "<"}} {
					m := shownIn(s, width, height, keys...)
					lines := m.lines()
					if len(lines) != height {
						t.Fatalf("%d lines in a window of %dx%d", len(lines), width, height)
					}
					for _, line := range lines {
						plain := ansi.Strip(line)
						if w := ansi.StringWidth(plain); w > width {
							t.Fatalf("%dx%d, keys %v: the line %q is %d wide", width, height, keys, plain, w)
						}
						if i := strings.IndexFunc(plain, func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }); i >= 0 {
							t.Fatalf("the line %q has a control character", plain)
						}
					}
				}
			}
		}
	}
}

func TestKeys(t *testing.T) {
	s := snapshot(50)
	m := shownIn(s, 80, 24)
	first := func() string { return m.rows()[m.first].Name }
	hold := func(what, want string) {
		t.Helper()
		if got := first(); got != want {
			t.Errorf("%s: the first row is %s, want %s", what, got, want)
		}
	}
	hold("at first", "alice")
	press(m, "r")
	hold("from the end", "node49")
	press(m, "s")
	hold("by what comes in", "grace")
	press(m, "S", "down", "down", "up")
	hold("a row down", "bob")
	press(m, "end")
	if m.first+m.rowsShown() != 50 {
		t.Errorf("at the end the rows begin with %d", m.first)
	}
	press(m, "home", "up")
	hold("at the beginning", "alice")

	press(m, "end", "/", "b", "o", "q")
	if len(m.rows()) != 0 || m.filter != "boq" {
		t.Errorf("%d rows match %q", len(m.rows()), m.filter)
	}
	press(m, "backspace", "enter")
	hold("filtered", "bob")
	m.Update(tea.PasteMsg{Content: "pasted"})
	if press(m, "esc"); m.filter != "" {
		t.Errorf("the filter is %q", m.filter)
	}
	press(m, "/")
	m.Update(tea.PasteMsg{Content: "e\x1b[2J\nr" + strings.Repeat("x", 300)})
	m.Update(tea.PasteMsg{Content: "e\x1br"})
	if m.filter != "er" {
		t.Errorf("the filter is %q", m.filter)
	}
	press(m, "esc")

	press(m, "p")
	m.Update(snapshot(2))
	if len(m.rows()) != 50 {
		t.Errorf("paused, %d rows are shown", len(m.rows()))
	}
	press(m, "p")
	if len(m.rows()) != 2 {
		t.Errorf("after the pause %d rows are shown", len(m.rows()))
	}
	press(m, "?")
	if !m.help {
		t.Error("no help")
	}
	if press(m, "esc"); m.help {
		t.Error("the help does not end")
	}
	for _, key := range []string{"q", "ctrl+c"} {
		if cmd := press(m, key); cmd == nil {
			t.Errorf("%s does nothing", key)
		} else if _, quits := cmd().(tea.QuitMsg); !quits {
			t.Errorf("%s does not quit", key)
		}
	}
	press(m, "/")
	if cmd := press(m, "ctrl+c"); cmd == nil {
		t.Error("Ctrl-C does nothing while a filter is typed")
	}
}

func TestSorting(t *testing.T) {
	all := sortable(columns())
	if len(all) != 6 {
		t.Fatalf("%d columns to sort by", len(all))
	}
	s := snapshot(12)
	for by, want := range []string{"alice", "grace", "dave", "bob", "dave", "niaj"} {
		if got := rowsOf(s, "", order{by: by})[0].Name; got != want {
			t.Errorf("by %s: %s is first, want %s", all[by].title, got, want)
		}
	}
}

func TestColour(t *testing.T) {
	s := snapshot(12)
	for _, colour := range []bool{false, true} {
		m := newModel(colour)
		m.Update(s)
		text := strings.Join(m.lines(), "\n")
		if strings.Contains(text, "\x1b[33m") != colour || !strings.Contains(text, "\x1b[7m") {
			t.Errorf("with colour %v: %q", colour, text)
		}
	}
}

// TestPicture holds the image of the screen in docs/.
func TestPicture(t *testing.T) {
	s := snapshot(12)
	for i := range s.Peers { // as in a network that is there for a while
		p := &s.Peers[i]
		p.RoundTrip, p.ID = time.Duration(140+i*37%91)*time.Microsecond, uuid.NewSHA1(uuid.NameSpaceURL, []byte(p.Name))
	}
	for i := range s.Events {
		s.Events[i].Peer = uuid.NewSHA1(uuid.NameSpaceURL, []byte(s.Events[i].Name))
	}
	s.Groups[0].Leader = s.Peers[0].ID
	m := newModel(true)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m.Update(s)
	press(m, "s")
	screen := vt.NewEmulator(80, 24)
	if _, err := io.WriteString(screen, strings.Join(m.lines(), "\r\n")); err != nil {
		t.Fatal(err)
	}
	screenshot.Golden(t, "top.svg", screenshot.SVG(screen, 24), 4, *update)
}
