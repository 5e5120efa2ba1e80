package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gozre/zre/cmd/internal/visible"
)

// encode is json.Marshal that leaves <, > and & as they are: people read these lines, and
// they are not for web pages.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// line is an object on one line, safe to look at on a terminal.
func line(v any) string {
	text, err := encode(v)
	if err != nil { // the types here always can be encoded
		return fmt.Sprintf(`{"event":"ERROR","reason":%q}`, err)
	}
	return string(visible.JSON(text))
}
