// Package snake writes names of Go in snake case, as the JSON of the programs, their metrics
// and their manual pages have them.
package snake
