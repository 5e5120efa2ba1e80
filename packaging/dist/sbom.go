package main

import (
	"os"
	"path/filepath"
)

// sboms makes an SBOM of each program, in CycloneDX's JSON: the modules that the program says
// it was built of, with their checksums. It returns the directory with them.
func (r *release) sboms(s system, bin string) (string, error) {
	dir := r.path("sbom", s.os, s.arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, p := range programs() {
		err := do(r.command(r.path("tools", "cyclonedx-gomod"), "bin", "-json", "-std",
			"-noserial", "-notimestamp", "-version", r.version,
			"-output", filepath.Join(dir, p+".cdx.json"), filepath.Join(bin, p+s.suffix())))
		if err != nil {
			return "", err
		}
	}
	return dir, nil
}
