package top

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/gozre/zre/cmd/zre/internal/watch"
)

// model is what is shown. Only bubbletea's event loop touches it.
type model struct {
	color         bool
	width, height int
	newest        *watch.Snapshot // what came last
	shown         *watch.Snapshot // older than newest while paused
	paused        bool
	help          bool
	typing        bool // a filter
	filter        string
	order         order
	first         int // the row at the top
}

func newModel(color bool) *model { return &model{color: color, width: 80, height: 24} }

// maxFilter bounds the filter, in octets.
const maxFilter = 255

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return nil }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case *watch.Snapshot:
		m.newest = msg
		if !m.paused {
			m.shown = msg
		}
	case tea.PasteMsg:
		if m.typing {
			m.addToFilter(msg.Content)
		}
	case tea.KeyPressMsg:
		if m.typing && m.typed(msg) {
			break
		}
		return m, m.key(msg.String())
	}
	m.keepInside()
	return m, nil
}

// typed handles a key while a filter is typed. It reports false if the key is not for that.
func (m *model) typed(msg tea.KeyPressMsg) bool {
	switch msg.String() {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.filter = false, ""
	case "backspace", "ctrl+h":
		_, size := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-size]
	case "ctrl+u":
		m.filter = ""
	default:
		if msg.Text == "" {
			return false
		}
		m.addToFilter(msg.Text)
	}
	return true
}

func (m *model) addToFilter(text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if len(m.filter)+len(text) <= maxFilter {
		m.filter += text
	}
}

// key handles a key.
func (m *model) key(key string) tea.Cmd {
	page := max(1, m.rowsShown()-1)
	switch key {
	case "q", "ctrl+c", "ctrl+d":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	case "?", "h", "f1":
		m.help = !m.help
	case "esc":
		if m.help {
			m.help = false
		} else {
			m.filter = ""
		}
	case "s", "S":
		m.sortBy(key == "s")
	case "r":
		m.order.reverse = !m.order.reverse
	case "/", "f":
		m.typing, m.help = true, false
	case "p", "space":
		m.paused = !m.paused
		m.shown = m.newest
	case "down", "j":
		m.first++
	case "up", "k":
		m.first--
	case "pgdown":
		m.first += page
	case "pgup":
		m.first -= page
	case "home", "g":
		m.first = 0
	case "end", "G":
		m.first = len(m.rows())
	}
	m.keepInside()
	return nil
}

// sortBy goes to the next column to sort by, or to the one before.
func (m *model) sortBy(next bool) {
	n, step := len(sortable(columns())), -1
	if next {
		step = 1
	}
	m.order = order{by: (m.order.by + step + n) % n}
}

// rows are the peers to show.
func (m *model) rows() []*watch.Peer { return rowsOf(m.shown, m.filter, m.order) }

// keepInside keeps the rows on the screen when there are fewer, or the window has grown.
func (m *model) keepInside() { m.first = max(0, min(m.first, len(m.rows())-m.rowsShown())) }

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "zre top"
	return v
}
