// Queue is a work queue without a server:
//
//	queue                 a worker: it turns the text of jobs into capitals
//	queue TEXT...         hands in a job for each TEXT, and prints the results
//
// The workers elect a leader (Config.Contest). Everybody who hands in a job shouts it to the
// group, so that each worker knows of it. The leader whispers it to a worker, the one with the
// fewest jobs. A finished job is shouted, too. When a worker leaves, the leader gives its jobs
// to others; when the leader leaves, the next one has the same list. So a job is done at least
// once, and a rare one twice, as in most queues: jobs have to bear that.
//
// A worker that has just come does not know the jobs from before; the others do them.
package main
