// Package fleet has one event watched by several processes: agents poll from
// their vantages and say what streams show; the hub diagnoses, keeps the book of
// incidents and tells people. They meet at NATS JetStream, which has the
// consensus, the membership and the queues; docs/fleet.md has the messages.
//
// The rule that keeps it simple: a lease entitles. Who holds the lease of a shard
// polls its streams, who holds that of the hub diagnoses, and whoever cannot
// renew one in time stops by itself.
package fleet
