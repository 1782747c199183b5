package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// askEmails is how often SNS is asked who has confirmed.
const askEmails = 2 * time.Minute

// unconfirmed are the addresses that alarms do not reach yet.
type unconfirmed struct {
	mu        sync.Mutex // guards addresses
	addresses []string
}

func (u *unconfirmed) set(list []string) (changed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed = !slices.Equal(u.addresses, list)
	u.addresses = list
	return changed
}

// watchEmails asks who has not confirmed the subscription that alarms.email asks
// for, until everybody has.
func (d *Daemon) watchEmails(ctx context.Context) {
	if len(d.o.Event.Alarms.Email) == 0 || d.found.Pending == nil {
		return
	}
	for alive := true; alive; alive = probe.Pause(ctx, askEmails) {
		pending, failed := d.found.Pending(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case failed != nil:
			d.log.Info("it is not known who confirmed the e-mails of AWS", zap.Error(failed))
			return
		case d.emails.set(pending) && len(pending) > 0:
			const text = "alarms do not reach these addresses: the link in the e-mail from AWS was not followed"
			d.log.Warn(text, zap.Strings("addresses", pending))
		}
		if len(pending) == 0 {
			return
		}
	}
}

// alarmNotes are what keeps alarms from reaching people.
func (d *Daemon) alarmNotes() []string {
	var list []string
	if d.out != nil && d.out.alarms != nil {
		list = d.out.alarms.notes()
	}
	d.emails.mu.Lock()
	defer d.emails.mu.Unlock()
	for _, address := range d.emails.addresses {
		list = append(list, address+" has not confirmed the e-mail from AWS: alarms do not reach it")
	}
	return list
}
