package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var root = filepath.Join("..", "..")

// TestPages makes the pages, and has mandoc look at them where it is installed.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	if err := write(root, dir, time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"zre.conf.5": {`.TH "ZRE.CONF" "5" "2023-11-14"`, `.SH SECTION [zgossip_server]`, `\fBquiet\-period\fP`},
		"zre.7":      {`.TH "ZRE" "7" "2023-11-14"`, `\fBbeacons_heard\fP`, `\fBwithdrawn\fP`},
	} {
		file := filepath.Join(dir, name)
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(string(page), `\-`, "-")
		for _, w := range want {
			if !strings.Contains(plain, strings.ReplaceAll(w, `\-`, "-")) {
				t.Errorf("%s does not say %s", name, w)
			}
		}
		if strings.Contains(plain, "<!--") {
			t.Errorf("%s: a list of counters was not made", name)
		}
		if lint, err := exec.LookPath("mandoc"); err == nil {
			if out, err := exec.Command(lint, "-T", "lint", "-W", "warning", file).CombinedOutput(); err != nil {
				t.Errorf("mandoc: %v\n%s", err, out)
			}
		} else {
			t.Log("there is no mandoc on this machine: the pages are not checked by it")
		}
	}
}

// TestEverySettingIsInThePage compares zre.conf(5) with zre.conf, in which another test holds
// all flags.
func TestEverySettingIsInThePage(t *testing.T) {
	example, err := os.ReadFile(filepath.Join(root, "zre.conf"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := configPage(root)
	if err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile(`(?m)^#([a-z][a-z-]*) = `).FindAllStringSubmatch(string(example), -1)
	if len(settings) < 40 {
		t.Fatalf("only %d settings in zre.conf", len(settings))
	}
	for _, m := range settings {
		if want := strings.Count(string(example), "\n#"+m[1]+" = "); strings.Count(page, "**"+m[1]+"** = ") != want {
			t.Errorf("%s is not in the page as often as in zre.conf (%d)", m[1], want)
		}
	}
}

func TestFieldsWithoutACommentAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.go")
	text := "package p\n\ntype S struct {\n\tA int // said\n\tB int\n}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := counters(file, "S"); err == nil || !strings.Contains(err.Error(), "B counts") {
		t.Errorf("%v", err)
	}
	if _, err := counters(file, "T"); err == nil {
		t.Error("a struct that is not there is no error")
	}
}

// TestEveryFieldIsInThePage compares zre(7) with the golden lines of all JSON objects.
func TestEveryFieldIsInThePage(t *testing.T) {
	file := filepath.Join(root, "cmd", "internal", "eventjson", "testdata", "objects.jsonl")
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page, err := overviewPage(root)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for line := range strings.Lines(string(lines)) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		kind := object["event"].(string)
		_, text, found := strings.Cut(page, "**"+kind+"**\n:   ")
		if !found {
			t.Errorf("zre(7) does not say what %s is", kind)
			continue
		}
		kinds++
		if kind == "INFO" { // It has the fields of PEERS.
			text = page[strings.Index(page, "**PEERS**\n"):]
		}
		text, _, _ = strings.Cut(text, "\n\n")
		for field := range object {
			if field != "event" && field != "time" && field != "unreached" &&
				!strings.Contains(text, "**"+strings.ReplaceAll(field, "_", `\_`)+"**") {
				t.Errorf("zre(7) does not say what %s of %s is", field, kind)
			}
		}
	}
	if kinds < 10 {
		t.Errorf("only %d kinds were found in %s", kinds, file)
	}
}
