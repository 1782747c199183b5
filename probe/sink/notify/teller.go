package notify

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// settling is how long, at least, a change or a warning must last before a message is
// sent: faults that heal by themselves, such as a cache that reloads, begin as one.
const settling = 3 * time.Second

// resumed is how long an incident from before a restart must be seen again before a
// receiver that did not know of it gets a message.
const resumed = 30 * time.Second

// teller decides which messages one receiver gets, and when. It takes in every change
// of an incident and answers which message is due; it has no clock of its own.
type teller struct {
	receiver     *Receiver
	wait, repeat time.Duration
	stories      map[string]*story // open incidents, by id
}

// story is an open incident and what the receiver knows of it.
type story struct {
	in     probe.Incident
	told   *told     // nil before the first message
	since  time.Time // since when its last message is out of date; zero while it is not
	spared bool      // it was muted after its first message: that it is still open is news once the silence is over
	silent time.Time // no message before this time: the incident must be seen again first
}

// told is what a receiver was told last.
type told struct {
	Incident probe.Incident `json:"incident"` // as it was told
	At       time.Time      `json:"at"`
	Subject  string         `json:"subject"`
	Acked    bool           `json:"acked,omitempty"`
}

// note takes in an incident as it is now. It returns a message where one is due at
// once: the end of an incident that the receiver knows of. One that is over within the
// wait causes no message at all; it is in the journal.
func (t *teller) note(in probe.Incident, now time.Time) *Message {
	st := t.stories[in.ID]
	if !in.Open() {
		delete(t.stories, in.ID)
		if st == nil || st.told == nil {
			return nil
		}
		return &Message{Kind: Closed, Incident: in, At: now, Subject: st.told.Subject}
	}
	if st == nil {
		st = &story{}
		t.stories[in.ID] = st
	}
	st.in = in
	if st.told != nil && in.Acknowledged == nil {
		st.told.Acked = false // taken back: the next one is news again
	}
	st.spared = st.told != nil && (st.spared || in.Muted())
	switch _, news := t.news(st); {
	case !news || in.Muted():
		st.since = time.Time{}
	case st.since.IsZero():
		st.since = now
	}
	return nil
}

// news says what the receiver should know that it was not told.
func (t *teller) news(st *story) (Kind, bool) {
	switch {
	case st.told == nil:
		return Opened, t.receiver.wants(&st.in)
	case st.in.Acknowledged != nil && !st.told.Acked:
		return Acknowledged, true
	case st.spared || st.told.Incident.Claim() != st.in.Claim():
		return Updated, true
	}
	return Repeated, false
}

// next says what a story comes to next and when; the zero time is never.
func (t *teller) next(st *story) (kind Kind, due time.Time) {
	kind, news := t.news(st)
	switch {
	case st.in.Muted():
		return kind, time.Time{}
	case !news && (st.told == nil || t.repeat <= 0 || st.in.Acknowledged != nil):
		return kind, time.Time{}
	case !news:
		return Repeated, st.told.At.Add(t.repeat)
	case kind == Acknowledged:
		return kind, st.since
	case kind == Updated || st.in.Severity <= probe.Warning:
		due = st.since.Add(max(t.wait, settling))
	default:
		due = st.since.Add(t.wait)
	}
	if due.Before(st.silent) {
		due = st.silent
	}
	return kind, due
}

// due returns what is to be told by now, and when something is next; the zero
// time is not before something changes. At the end, all is due that waits to
// settle.
func (t *teller) due(now time.Time, end bool) (list []Message, next time.Time) {
	for _, id := range slices.Sorted(maps.Keys(t.stories)) {
		st := t.stories[id]
		kind, at := t.next(st)
		if at.IsZero() {
			continue
		}
		if at.After(now) && (!end || kind == Repeated || st.silent.After(now)) {
			next = probe.Sooner(next, at)
			continue
		}
		list = append(list, t.tell(st, kind, now))
		_, at = t.next(st)
		next = probe.Sooner(next, at)
	}
	return list, next
}

// tell makes the message, and remembers that it was.
func (t *teller) tell(st *story, kind Kind, now time.Time) Message {
	m := Message{Kind: kind, Incident: st.in, At: now}
	switch kind {
	case Opened:
		m.Incident.State = probe.Opened
		m.Subject = m.Headline()
	case Updated:
		m.Incident.State = probe.Updated
		was := st.told.Incident.Claim()
		m.Changed = cmp.Or(was.Changes(st.in.Claim()), "its silence is over")
		st.spared = false
	default:
	}
	if st.told != nil {
		m.Subject = st.told.Subject
	}
	was := st.told
	st.told = &told{Incident: st.in, At: now, Subject: m.Subject, Acked: st.in.Acknowledged != nil}
	if kind == Acknowledged {
		st.told.Incident = was.Incident // any other change gets a message of its own
	}
	st.since = time.Time{}
	if _, more := t.news(st); more {
		st.since = now
	}
	return m
}
