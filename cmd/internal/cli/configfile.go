package cli

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/ini.v1"
)

// entry is one line of zre.conf that sets something.
type entry struct {
	section, key, value string
	line                int // 0 if it was not found again
}

func (e entry) errorf(file, format string, args ...any) error {
	return &ConfigError{File: file, Line: e.line, Section: e.section, Key: e.key, Err: fmt.Errorf(format, args...)}
}

// parseConfig reads the text of a zre.conf: sections in brackets, KEY = VALUE,
// a key alone for a switch, comments behind # or ; on lines of their own and
// behind values. A value with a comment sign in it goes into backquotes.
func parseConfig(file string, data []byte) ([]entry, error) {
	// The library knows a comment behind a value by the blank before it, and
	// takes a tab for no blank.
	data = bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
	parsed, err := ini.LoadSources(ini.LoadOptions{
		AllowBooleanKeys:           true,
		AllowShadows:               true,
		AllowDuplicateShadowValues: true,
		IgnoreContinuation:         true,
		SpaceBeforeInlineComment:   true,
		KeyValueDelimiters:         "=",
	}, data)
	if err != nil {
		line, text := quoted(data, err)
		return nil, &ConfigError{File: file, Line: line, Err: fmt.Errorf("%s (right: [SECTION] or KEY = VALUE)", text)}
	}
	places := locate(data)
	var entries []entry
	for _, section := range parsed.Sections() {
		name := section.Name()
		if name == ini.DefaultSection {
			for _, key := range section.Keys() {
				e := entry{key: key.Name()}
				e.line = places.next(e)
				return nil, e.errorf(file, "stands above the first section; write [zre] before it")
			}
			continue
		}
		if !slices.Contains(sections(), name) {
			return nil, &ConfigError{File: file, Line: places.next(entry{section: name}), Section: name,
				Err: fmt.Errorf("there is no such section%s", hint(name, sections()))}
		}
		for _, key := range section.Keys() {
			values := key.ValueWithShadows()
			if len(values) == 0 {
				values = []string{""}
			}
			for _, value := range values {
				e := entry{section: name, key: key.Name(), value: value}
				e.line = places.next(e)
				if strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'") {
					return nil, e.errorf(file, "%s: a quote without its end; put a value with # or ; in it into `backquotes`", value)
				}
				entries = append(entries, e)
			}
		}
	}
	// In the order of the file, so that the first mistake is reported first.
	slices.SortStableFunc(entries, func(a, b entry) int { return a.line - b.line })
	return entries, nil
}

// quoted finds the line that the library's error quotes at its end, 0 if none,
// and gives the error's text without the line's end.
func quoted(data []byte, err error) (number int, text string) {
	text = strings.TrimSpace(err.Error())
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if l := strings.TrimSpace(string(line)); l != "" && strings.HasSuffix(text, ": "+l) {
			return n, text
		}
	}
	return 0, text
}

// places are the lines on which a key stands in a section, in order; the
// library keeps no line numbers.
type places map[[2]string][]int

func (p places) next(e entry) int {
	at := [2]string{e.section, e.key}
	lines := p[at]
	if len(lines) == 0 {
		return 0
	}
	if len(lines) > 1 {
		p[at] = lines[1:]
	}
	return lines[0]
}

// locate finds the lines of sections (with an empty key) and of keys.
func locate(data []byte) places {
	header := regexp.MustCompile(`^\s*\[(.*)\]`)
	found := places{}
	section, number := "", 0
	for line := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		if m := header.FindStringSubmatch(text); m != nil {
			section = m[1]
			found[[2]string{section, ""}] = append(found[[2]string{section, ""}], number)
			continue
		}
		key, _, assigned := strings.Cut(text, "=")
		if !assigned { // a key alone, perhaps with a comment behind it
			key, _, _ = strings.Cut(strings.ReplaceAll(key, " ;", " #"), " #")
		}
		at := [2]string{section, strings.Trim(strings.TrimSpace(key), "\"`")}
		found[at] = append(found[at], number)
	}
	return found
}
