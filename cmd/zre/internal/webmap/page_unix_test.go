//go:build unix

package webmap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

// hostile are names that would do something, if the page let them.
var hostile = []string{
	"<script>document.title='script'</script>",
	"<img src=x onerror=\"document.title='img'\">",
	"</text><script>document.title='svg'</script>",
	"javascript:document.title='link'",
	"line\nbreak\x1b[31m\u202ereversed\x00",
	strings.Repeat("W", 255),
	"\xff\xfe",
}

// crowd is a snapshot with so many peers in two groups; the first have the hostile names.
func crowd(n int) *watch.Snapshot {
	s := &watch.Snapshot{Time: time.Now(), Self: watch.Self{ID: uuid.UUID{0xff}, Name: hostile[0], Groups: []string{"chat"}, Window: 4 << 20}}
	for i := range n {
		name := fmt.Sprintf("peer%03d", i)
		if i < len(hostile) {
			name = hostile[i]
		}
		group := []string{"chat", hostile[i%2]}[i%2]
		p := watch.Peer{
			Peer: zre.Peer{
				ID: uuid.UUID{1, byte(i >> 8), byte(i)}, Name: name, Endpoint: "tcp://127.0.0.1:41000", Groups: []string{group},
				Headers: map[string]string{name: name}, Evasive: i%5 == 4,
			},
			In: watch.Rate{Messages: 1, Octets: float64(i) * 1000}, RoundTrip: time.Millisecond,
		}
		s.Peers = append(s.Peers, p)
		s.Events = append(s.Events, watch.Entry{Seq: uint64(i), Type: zre.EventEnter, Peer: p.ID, Name: name})
	}
	if n > 0 {
		s.Groups = []watch.Group{{Name: "chat", Own: true, Members: (n + 1) / 2}, {Name: hostile[1], Members: n / 2}}
		s.Faults = []string{hostile[0] + ": " + hostile[1]}
	}
	return s
}

func TestPage(t *testing.T) {
	s, c := serve(t), browser(t)
	s.hub.publish(crowd(12))
	c.window(1280, 800, "light")
	c.call("Page.navigate", map[string]any{"url": s.url("127.0.0.1")})
	c.until("12", `document.querySelectorAll("#rows tr").length`)

	c.part("names are text", func() {
		c.until("12", `document.querySelectorAll("#map .peer").length`)
		c.until("12", `document.querySelectorAll("#events li").length`)
		c.until("zre map 1 0", `document.title + " " + document.scripts.length + " " + document.querySelectorAll("img, iframe, object, a, style").length`)
		c.until("true", `document.getElementById("rows").textContent.includes("<script>document.title='script'</script>")`)
		c.until(`line\u000abreak\u001b[31m\u202ereversed\u0000`, `[...document.querySelectorAll("#rows td")].map((e) => e.textContent).find((t) => t.startsWith("line"))`)
		// The name of 255 letters is cut everywhere, and makes nothing wide.
		c.until("1280", `document.documentElement.scrollWidth`)
	})

	c.part("the token", func() {
		c.until("false", `location.href.includes("token")`)
		c.until("", `document.cookie`)
	})

	c.part("keys", func() {
		c.press("ArrowRight")
		c.until("self", `document.querySelector("#map .selected")?.classList.contains("self") ? "self" : ""`)
		c.press("ArrowRight")
		c.until("1", `document.querySelectorAll("#map .peer.selected").length`)
		c.until("true", `document.activeElement.classList.contains("peer")`)
		c.press("End")
		c.until("1", `document.querySelectorAll("#map .group.selected").length`)
		c.press("Escape")
		c.until("0", `document.querySelectorAll("#map .selected").length`)
		c.press("/")
		c.until("filter", `document.activeElement.id`)
		for _, letter := range "peer01" {
			c.press(string(letter))
		}
		c.until("2", `document.querySelectorAll("#rows tr").length`)
		c.until("2 of 12", `document.getElementById("peer-count").textContent`)
		c.press("Escape")
		c.until("12", `document.querySelectorAll("#rows tr").length`)
		c.press("?")
		c.until("true", `document.getElementById("help").open`)
		c.eval(`document.getElementById("help-close").click()`)
		c.press("p")
		c.until("true", `document.getElementById("pause").getAttribute("aria-pressed")`)
		s.hub.publish(crowd(3))
		c.press("p")
		c.until("false", `document.getElementById("pause").getAttribute("aria-pressed")`)
		c.until("3", `document.querySelectorAll("#rows tr").length`)
	})

	c.part("sorting", func() {
		s.hub.publish(crowd(12))
		c.until("12", `document.querySelectorAll("#rows tr").length`)
		c.eval(`document.querySelector("button[data-sort=in]").click()`)
		c.until("peer011", `document.querySelector("#rows td").textContent`)
		c.eval(`document.querySelector("button[data-sort=in]").click()`)
		c.until("–", `document.querySelectorAll("#rows td")[3].textContent`)
	})

	c.part("bounded", func() {
		s.hub.publish(crowd(watch.MaxPeers + 100))
		c.until(fmt.Sprint(watch.MaxPeers), `document.querySelectorAll("#rows tr").length`)
		c.until("100 more peers are not shown", `document.getElementById("omitted").textContent`)
		c.until("true", `document.querySelectorAll("#events li").length <= 100`)
		s.hub.publish(crowd(0))
		c.until("0", `document.querySelectorAll("#rows tr, #map .peer, #map .group, #map .member, #map .link, #events li").length`)
	})

	c.part("phone", func() {
		s.hub.publish(crowd(12))
		for _, width := range []int{320, 390} {
			c.window(width, 800, "light")
			c.until(fmt.Sprint(width), `document.documentElement.scrollWidth`)
			c.until("true", `document.getElementById("map").getBoundingClientRect().width > innerWidth * 0.8`)
			c.until("12", `document.querySelectorAll("#rows tr").length`)
		}
	})

	c.part("dark and light", func() {
		c.window(1280, 800, "light")
		c.until("rgb(246, 247, 249)", `getComputedStyle(document.body).backgroundColor`)
		c.window(1280, 800, "dark")
		c.until("rgb(17, 22, 29)", `getComputedStyle(document.body).backgroundColor`)
	})

	if text := c.complaints(); text != "" {
		t.Errorf("the page complains: %s", text)
	}

	c.part("the end", func() {
		s.hub.end()
		c.until("lost", `document.getElementById("status").className`)
	})
}
