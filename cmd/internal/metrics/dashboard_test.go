package metrics

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gozre/zre/zre"
)

func grafana(name string) string {
	return filepath.Join("..", "..", "..", "packaging", "grafana", name)
}

// TestDashboard checks the example dashboard against its schema, and that the panels do not
// overlap.
func TestDashboard(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(grafana("schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(grafana("dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	document.(map[string]any)["panels"] = []any{map[string]any{"type": "graph"}}
	if schema.Validate(document) == nil {
		t.Error("the schema takes a panel that Grafana has no more")
	}

	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	text, err := os.ReadFile(grafana("dashboard.json"))
	if err == nil {
		err = json.Unmarshal(text, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	type cell struct{ x, y int }
	ids, taken := map[int]bool{}, map[cell]string{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("the id %d is there twice", p.ID)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := cell{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[at]; other != "" {
					t.Fatalf("%q and %q overlap", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
	}
}

// TestDashboardShowsNodes checks that the counters of nodes that the dashboard shows are there.
func TestDashboardShowsNodes(t *testing.T) {
	text, err := os.ReadFile(grafana("dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	served := "\n" + string(nodeText(zre.Stats{}))
	shown := regexp.MustCompile(`\bzre_[a-z_]+`).FindAllString(string(text), -1)
	if len(shown) < 10 {
		t.Fatalf("it shows only %q", shown)
	}
	for _, name := range shown {
		if !strings.Contains(served, "\n"+name+" ") {
			t.Errorf("%s is shown, and no such metric is served", name)
		}
	}
}
