package main

import (
	"reflect"
	"slices"
	"testing"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zgossip"
)

// Each setting that is used while the server runs is in liveSettings, and no other one.
func TestLiveSettings(t *testing.T) {
	other := map[string]string{
		"listen": "127.0.0.1:5", "connect": "127.0.0.1:5", "port": "5", "transport": "mem", "dump": "true", "json": "true",
	}
	read := func(name, value string) (cfg zgossip.ServerConfig) {
		t.Helper()
		o := newOptions()
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		o.register(fs)
		if name != "" {
			if err := fs.Set(name, value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := o.live(new(cli.Env), &cfg); err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	before := read("", "")
	var names []string
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	newOptions().register(fs)
	fs.VisitAll(func(f *pflag.Flag) {
		value := other[f.Name]
		if value == "" {
			value = "123"
		}
		if !reflect.DeepEqual(read(f.Name, value), before) {
			names = append(names, f.Name)
		}
	})
	want := liveSettings()
	slices.Sort(want)
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("used are %v, liveSettings has %v", names, want)
	}
}
