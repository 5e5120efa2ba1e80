// Dist makes what is released: `make dist` is this program.
//
//	go run ./packaging/dist [-out dist] [-systems linux/amd64,…] [-packages=false]
//
// For each system it builds static programs, lays them out with scripts/install.sh, and packs
// them into an archive; for Linux also into .deb, .rpm and .apk by nfpm. Each has an SBOM
// (CycloneDX) of each program, which is made of what the program says it was built of.
// SHA256SUMS has the checksums of all files.
//
// The same commit gives the same octets: all times are that of the commit (or
// SOURCE_DATE_EPOCH), files are sorted and belong to root, and no path of this machine is in
// them. The tools are those of packaging/tools/go.mod.
package main
