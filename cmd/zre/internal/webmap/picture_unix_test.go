//go:build unix

package webmap

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"image/png"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

var update = flag.Bool("update", false, "make docs/map.png again")

// mapPicture is the image of the page in README.md.
const mapPicture = "../../../../docs/map.png"

// Sizes of the image, in pixels.
const pictureWidth, pictureHeight = 1100, 700

// office is a network for the image: what the page shows of it does not depend on chance.
func office() *watch.Snapshot {
	at := time.Date(2026, 2, 3, 14, 40, 21, 0, time.Local) // The page shows local times.
	id := func(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)) }
	s := &watch.Snapshot{Time: at, Self: watch.Self{
		ID: id("watcher"), Name: "watcher", Endpoint: "tcp://10.0.0.20:41049", Groups: []string{"builds", "chat", "time"},
		In: watch.Rate{Messages: 90, Octets: 99e3}, Out: watch.Rate{Messages: 41, Octets: 244}, Window: 4 << 20,
	}}
	members := map[string]int{}
	for i, p := range []struct {
		name   string
		in     float64
		groups []string
	}{
		{"alice", 21e3, []string{"chat"}}, {"bob", 33e3, []string{"time"}}, {"carol", 14e3, []string{"workers"}},
		{"dave", 14e3, []string{"chat", "temperature"}}, {"erin", 17e3, []string{"builds"}}, {"frank", 0, []string{"chat"}},
		{"grace", 0, []string{"chat", "time"}}, {"heidi", 0, []string{"workers"}}, {"ivan", 0, []string{"temperature"}},
		{"judy", 0, []string{"builds", "chat"}}, {"mallory", 0, []string{"chat"}}, {"niaj", 0, []string{"time"}},
		{"olivia", 0, []string{"chat", "workers"}},
	} {
		peer := watch.Peer{
			Peer: zre.Peer{
				ID: id(p.name), Name: p.name, Endpoint: fmt.Sprintf("tcp://10.0.0.%d:41000", 21+i), Groups: p.groups,
				Idle: time.Duration(i*137%1500) * time.Millisecond,
			},
			RoundTrip: time.Duration(92+i*53%230) * time.Microsecond,
		}
		if p.in > 0 {
			peer.In, peer.Out = watch.Rate{Messages: p.in / 1100, Octets: p.in}, watch.Rate{Messages: 8, Octets: 48}
		}
		for _, g := range p.groups {
			members[g]++
		}
		s.Peers = append(s.Peers, peer)
	}
	for _, g := range []string{"builds", "chat", "temperature", "time", "workers"} {
		own := g == "builds" || g == "chat" || g == "time"
		group := watch.Group{Name: g, Own: own, Members: members[g]}
		if own {
			group.In = watch.Rate{Messages: 20, Octets: 20e3}
		}
		s.Groups = append(s.Groups, group)
	}
	for i, e := range []watch.Entry{
		{Type: zre.EventEnter, Name: "olivia"}, {Type: zre.EventJoin, Name: "olivia", Group: "workers"},
		{Type: zre.EventShout, Name: "bob", Group: "time", Count: 66, Octets: 128e3},
		{Type: zre.EventExit, Name: "peggy", Reason: "goodbye"}, {Type: zre.EventLeave, Name: "ivan", Group: "chat"},
		{Type: zre.EventEnter, Name: "judy"}, {Type: zre.EventJoin, Name: "judy", Group: "builds"},
		{Type: zre.EventJoin, Name: "judy", Group: "chat"},
		{Type: zre.EventShout, Name: "erin", Group: "builds", Count: 52, Octets: 88e3},
		{Type: zre.EventLeader, Name: "carol", Group: "workers"},
	} {
		e.Seq, e.Time, e.Peer = uint64(i+1), at.Add(time.Duration(3*i-40)*time.Second), id(e.Name)
		s.Events = append(s.Events, e)
	}
	return s
}

// TestPicture has the page show the network of the image in README.md, and with -update makes
// that image. Browsers draw letters differently, so the image is not compared.
func TestPicture(t *testing.T) {
	file, err := os.ReadFile(mapPicture)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(file)); err != nil || c.Width != pictureWidth || c.Height != pictureHeight {
		t.Errorf("docs/map.png: %d by %d, %v", c.Width, c.Height, err)
	}
	s, c := serve(t), browser(t)
	s.hub.publish(office())
	c.window(pictureWidth, pictureHeight, "light")
	c.call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true})
	c.call("Page.navigate", map[string]any{"url": s.url("127.0.0.1")})
	c.until("13 5 10", `["#map .peer", "#map .group", "#events li"].map((e) => document.querySelectorAll(e).length).join(" ")`)
	if !*update {
		return
	}
	var shot, before struct{ Data string }
	for end := time.Now().Add(patience); shot.Data == "" || shot != before; { // until the page stands still
		if time.Now().After(end) {
			t.Fatal("the page does not stand still")
		}
		before = shot
		c.into(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
	}
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mapPicture, image, 0o644); err != nil {
		t.Fatal(err)
	}
}
