// Package player writes the embeds of a live stream: pages and snippets for
// hls.js, Video.js and native playback, an iframe, and the files around them.
// Their configuration is derived from the live manifest, every value with the
// reason for it, because the libraries' defaults do not survive a live event:
// ten seconds of 503 end an hls.js page for good.
//
// The rule that keeps it simple: values in, files out. FactsOf, Derive and
// Render read no clock, disk or network; Write is the only function with an
// effect. What a page does is one static script per engine, the same bytes for
// every event; what differs between events is data in one JSON block.
package player
