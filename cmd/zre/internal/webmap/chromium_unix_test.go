//go:build unix

package webmap

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// chromium is a headless browser with one page, spoken to by its DevTools protocol over two
// pipes: JSON, with a NUL behind each message.
type chromium struct {
	t       *testing.T
	in      *os.File
	session string

	mu       sync.Mutex // guards what follows
	last     int
	answers  map[int]chan json.RawMessage
	complain []string // what the page has logged: errors, refused content
}

// message is a call, an answer or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

// browser starts the browser; the test is skipped where there is none.
func browser(t *testing.T) *chromium {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
	}
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir=" + t.TempDir(), "about:blank",
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // it does not start as root with one
	}
	cmd := exec.Command(program, args...)
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = toBrowser.Close(), fromBrowser.Close()
	c := &chromium{t: t, in: in, answers: map[int]chan json.RawMessage{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(out)
	}()
	t.Cleanup(func() {
		// An error means that it has ended already.
		_, _ = in.WriteString(`{"id":1000000,"method":"Browser.close"}` + "\x00")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait()
		}()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_, _ = in.Close(), out.Close()
		<-read
	})
	var target struct{ TargetID string }
	c.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var session struct{ SessionID string }
	c.into(&session, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	c.session = session.SessionID
	for _, domain := range []string{"Runtime", "Log", "Page"} {
		c.call(domain+".enable", nil)
	}
	return c
}

// read reads answers and events until the browser ends.
func (c *chromium) read(out io.Reader) {
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		switch {
		case m.ID != 0 && m.Error != nil:
			c.complain = append(c.complain, string(m.Error))
			fallthrough
		case m.ID != 0:
			if answer := c.answers[m.ID]; answer != nil {
				answer <- m.Result
			}
		case m.Method == "Runtime.exceptionThrown", m.Method == "Log.entryAdded":
			c.complain = append(c.complain, string(text))
		}
		c.mu.Unlock()
	}
}

// call calls a method and waits for its answer.
func (c *chromium) call(method string, params any) json.RawMessage {
	c.t.Helper()
	c.mu.Lock()
	c.last++
	id, answer := c.last, make(chan json.RawMessage, 1) // capacity 1: read does not wait
	c.answers[id] = answer
	c.mu.Unlock()
	text, err := json.Marshal(message{ID: id, Method: method, Params: params, Session: c.session})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, 0)); err != nil {
		c.t.Fatalf("Chromium has ended: %v", err)
	}
	select {
	case result := <-answer:
		return result
	case <-time.After(patience):
		c.t.Fatalf("Chromium does not answer %s", method)
	}
	return nil
}

func (c *chromium) into(v any, method string, params any) {
	c.t.Helper()
	if err := json.Unmarshal(c.call(method, params), v); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

// eval is the value of an expression in the page, as text.
func (c *chromium) eval(expression string) string {
	c.t.Helper()
	var o struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	c.into(&o, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if o.ExceptionDetails != nil {
		c.t.Fatalf("%s: %s", expression, o.ExceptionDetails)
	}
	return fmt.Sprint(o.Result.Value)
}

// until waits until an expression has a value.
func (c *chromium) until(want, expression string) {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := c.eval(expression)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for %s to be %q, it is %q; the page says %s", expression, want, got, c.complaints())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// part is a part of a test. If it fails the parts behind it are not run.
func (c *chromium) part(name string, test func()) {
	whole := c.t
	ok := whole.Run(name, func(t *testing.T) {
		c.t = t
		test()
	})
	if c.t = whole; !ok {
		whole.FailNow()
	}
}

// press presses a key.
func (c *chromium) press(key string) {
	c.t.Helper()
	params := map[string]any{"type": "keyDown", "key": key}
	if len(key) == 1 {
		params["text"] = key
	}
	c.call("Input.dispatchKeyEvent", params)
	c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key})
}

func (c *chromium) complaints() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.complain, "\n")
}

// window sets the size of the window and the colours that the user prefers.
func (c *chromium) window(width, height int, scheme string) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
	})
	c.call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
}
