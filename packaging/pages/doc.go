// Pages writes README.md, docs/ and what belongs to them as they are installed.
//
//	go run ./packaging/pages DIRECTORY VERSION COMMIT
//
// A link to a file that is installed too stays as it is; any other one leads to the file in the
// repository, at this version. Comments that say how a test runs a block are left out. VERSION
// and COMMIT are those of scripts/stamp.sh. The program runs at the top of the module.
package main
