package monitor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// Act does what a person asks for: silences, expires, acknowledges. It is noted
// first, so that a process that is killed after Act has returned still knows of
// it. It returns the action as it was done; asking twice for the same changes
// nothing. An error is a *probe.Refusal, or the journal could not be written and
// nothing was done. It may be called from any goroutine.
func (m *Monitor) Act(ctx context.Context, a probe.Action) (probe.Action, error) {
	m.acting.Lock()
	defer m.acting.Unlock()
	now := time.Now()
	m.maskAction(&a)
	a, changes, err := m.desk.Check(now, a)
	if err != nil || !changes {
		return a, err
	}
	if m.opts.Journal != nil {
		if err := m.opts.Journal(ctx, &a); err != nil {
			return a, fmt.Errorf("noting what was asked for: %w", err)
		}
	}
	what := zap.String("what", a.String())
	m.log.Info("somebody acted", zap.String("kind", string(a.Kind)), zap.String("by", a.By), what)
	m.tell(probe.Batch{At: now, Event: m.opts.Event, Actions: []probe.Action{a}}, m.desk.Do(now, &a))
	return a, nil
}

// Silences returns the silences and the maintenance of the event: those that
// mute now, those that will, and those that ended within a day.
func (m *Monitor) Silences() []probe.Silence { return m.desk.Silences(time.Now()) }

// Maintain replaces the maintenance that the event file plans.
func (m *Monitor) Maintain(planned []probe.Silence) {
	now := time.Now()
	m.tell(probe.Batch{At: now, Event: m.opts.Event}, m.desk.Maintain(m.maskPlanned(planned), now))
}

// silencesNow returns those that mute at a time.
func (m *Monitor) silencesNow(now time.Time) []probe.Silence {
	return slices.DeleteFunc(m.desk.Silences(now), func(s probe.Silence) bool { return s.State != probe.SilenceActive })
}

// maskAction hides what is secret in what people write.
func (m *Monitor) maskAction(a *probe.Action) {
	hide := m.opts.Secrets.Mask
	a.By, a.Note = hide(a.By), hide(a.Note)
	if a.Silence != nil {
		s := *a.Silence
		s.Reason = hide(s.Reason)
		a.Silence = &s
	}
}

func (m *Monitor) maskPlanned(planned []probe.Silence) []probe.Silence {
	planned = slices.Clone(planned)
	for i := range planned {
		planned[i].Reason = m.opts.Secrets.Mask(planned[i].Reason)
	}
	return planned
}

// logMarks says who is told of an incident now.
func (m *Monitor) logMarks(in *probe.Incident) {
	fields := []zap.Field{
		zap.String("id", in.ID), zap.Bool("silenced", in.Muted()), zap.Bool("acknowledged", in.Acknowledged != nil),
	}
	if s := in.Silenced; s != nil {
		fields = append(fields, zap.String("until", probe.FormatTime(s.Until)), zap.String("reason", s.Reason))
	}
	m.log.Info("incident marked", fields...)
}
