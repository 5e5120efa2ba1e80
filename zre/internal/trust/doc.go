// Package trust decides which nodes a node speaks with: in a plain network all
// without a key, in a secure one those that have a trusted key. It has one lock of
// its own; the list of trusted keys can be replaced while the node runs.
package trust
