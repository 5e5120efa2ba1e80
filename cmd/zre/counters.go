package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/internal/snake"
)

// object is a JSON object that keeps the order of its fields.
type object []field

type field struct {
	name  string // words with "_" between them
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range o {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := eventjson.Encode(f.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, '"'), f.name...), `":`...), value...)
	}
	return append(out, '}'), nil
}

var _ json.Marshaler = object(nil)

func (o object) table() string {
	var rows [][]string
	for _, f := range o {
		rows = append(rows, []string{strings.ReplaceAll(f.name, "_", " "), fmt.Sprint(f.value)})
	}
	return table(rows)
}

// counters lists the fields of a struct of counters, so that all that the
// library counts is shown.
func counters(stats any) object {
	var list object
	value := reflect.ValueOf(stats)
	for _, f := range reflect.VisibleFields(value.Type()) {
		if !f.Anonymous && f.IsExported() {
			list = append(list, field{snake.Case(f.Name), value.FieldByIndex(f.Index).Interface()})
		}
	}
	return list
}
