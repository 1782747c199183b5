package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

const (
	longestSilence = 14 * 24 * time.Hour // longer than any event; one that is forgotten ends
	maxSilences    = 1000                // that have not expired
	maxText        = 500                 // of a reason or a note, in bytes
	maxName        = 100                 // of who did something
)

// Check returns an action as it is to be noted, and whether it would change
// anything. An error is a *probe.Refusal. Nothing is changed yet: what a person
// did is noted before it has an effect.
func (d *Desk) Check(now time.Time, a probe.Action) (_ probe.Action, changes bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.At = now.UTC().Truncate(time.Millisecond)
	if err := worded("by", &a.By, maxName); err != nil {
		return a, false, err
	}
	switch a.Kind {
	case probe.ActSilence:
		a.Silence, err = d.newSilence(&a)
		return a, err == nil, err
	case probe.ActExpire:
		return d.checkExpire(a)
	default:
		return d.checkAcknowledge(a)
	}
}

// newSilence checks what is to be muted, and for how long.
func (d *Desk) newSilence(a *probe.Action) (*probe.Silence, error) {
	s := *a.Silence
	s.ID, s.From, s.By, s.Maintenance = d.quiet.id(a.At), a.At, a.By, false
	s.Until = s.Until.UTC().Truncate(time.Millisecond)
	s.Streams = slices.Compact(slices.Sorted(slices.Values(s.Streams)))
	if err := worded("reason", &s.Reason, maxText); err != nil {
		return nil, err
	}
	switch lasts := s.Until.Sub(s.From); {
	case s.Reason == "":
		return nil, refuse("a reason is missing", "say why, for those who come after you: \"encoder restart\"")
	case s.By == "":
		return nil, refuse("it is not said who silences", "give by, such as your name")
	case lasts <= 0:
		return nil, refuse("the silence would be over already", "give how long it lasts, such as 2h")
	case lasts > longestSilence:
		return nil, refuse("a silence lasts at most 336h", "plan a longer one as maintenance in the event file")
	case len(d.quiet.all(a.At)) >= maxSilences:
		return nil, &probe.Refusal{
			Reason: probe.Conflict, Text: "there are too many silences already", Hint: "expire those that are not needed",
		}
	}
	if err := d.matchable(&s); err != nil {
		return nil, err
	}
	return new(s.At(a.At)), nil
}

// matchable refuses a silence that could mute nothing.
func (d *Desk) matchable(s *probe.Silence) error {
	for _, name := range s.Streams {
		if d.seats[name] == nil {
			return refuse(fmt.Sprintf("there is no stream %q", name), "the streams are "+d.names())
		}
	}
	if s.Check != "" {
		c, ok := checks.Find(s.Check)
		if meant := checks.Meant(s.Check); !ok && len(meant) > 1 {
			return refuse(fmt.Sprintf("check %q is %s", s.Check, strings.Join(meant, " or ")),
				"write the one that is meant in full")
		} else if !ok {
			return refuse(fmt.Sprintf("there is no check %q", s.Check), "streamwatch checks lists them")
		}
		s.Check = c.ID
	}
	switch s.Scope {
	case "", probe.ScopeEvent, probe.ScopeOrigin, probe.ScopeEdge, probe.ScopeStream, probe.ScopeRendition:
		return nil
	default:
		return refuse(fmt.Sprintf("there is no scope %q", s.Scope), "one of event, origin, edge, stream, rendition")
	}
}

// names lists the streams, as far as a person reads on.
func (d *Desk) names() string {
	list := make([]string, len(d.order))
	for i, s := range d.order {
		list[i] = s.name
	}
	return strings.Join(probe.Few(list), ", ")
}

// checkExpire ends a silence now. One that has ended stays as it is.
func (d *Desk) checkExpire(a probe.Action) (probe.Action, bool, error) {
	id := a.Silence.ID
	if slices.ContainsFunc(d.quiet.planned, func(s probe.Silence) bool { return s.ID == id }) {
		return a, false, &probe.Refusal{
			Reason: probe.Conflict, Text: id + " is a maintenance of the event file",
			Hint: "change maintenance there, and have the file read again",
		}
	}
	i := d.quiet.find(id)
	if i < 0 {
		return a, false, &probe.Refusal{
			Reason: probe.NotFound, Text: fmt.Sprintf("there is no silence %q", id),
			Hint: "streamwatch silence list shows them",
		}
	}
	s := d.quiet.silences[i]
	active := s.Active(a.At)
	if active {
		s.Until = a.At
	}
	a.Silence = new(s.At(a.At))
	return a, active, nil
}

// checkAcknowledge finds the incident that is meant. Saying the same again
// changes nothing.
func (d *Desk) checkAcknowledge(a probe.Action) (probe.Action, bool, error) {
	if err := worded("note", &a.Note, maxText); err != nil {
		return a, false, err
	}
	e := d.book.find(a.Incident)
	if e == nil {
		return a, false, &probe.Refusal{
			Reason: probe.NotFound, Text: fmt.Sprintf("there is no open incident %q", a.Incident),
		}
	}
	if a.Kind == probe.ActUnacknowledge {
		return a, e.Acknowledged != nil, nil
	}
	if a.By == "" {
		return a, false, refuse("it is not said who acknowledges", "give by, such as your name")
	}
	was := e.Acknowledged
	return a, was == nil || was.By != a.By || was.Note != a.Note, nil
}

func refuse(text, hint string) *probe.Refusal { return &probe.Refusal{Text: text, Hint: hint} }

// worded makes what a person wrote one line, and refuses what is too long.
func worded(name string, text *string, most int) error {
	if !utf8.ValidString(*text) {
		return refuse(name+" is not UTF-8", "")
	}
	apart := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if *text = strings.Join(strings.FieldsFunc(*text, apart), " "); len(*text) > most {
		return refuse(fmt.Sprintf("%s has %d bytes, at most %d are kept", name, len(*text), most), "")
	}
	return nil
}
