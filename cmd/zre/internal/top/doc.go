// Package top is "zre top": a full-screen view of what one node knows of its network.
//
//	model  what is shown, and what keys do; bubbletea's event loop alone touches it
//	view   the model as lines of text for a window; pure
//	parts  the groups and the events in the view
//	table  the columns of peers, by the width of the window; sorting and filtering
//	run    the node, the watcher and the terminal
//
// Names of peers are made harmless where they become text of the view (package visible).
package top
