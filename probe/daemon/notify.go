package daemon

import (
	"path/filepath"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

// notified makes a sink of each receiver of an event. open are the incidents that
// they were told of already.
func (d *Daemon) notified(e *configs.Event, open []probe.Incident) (list []sender) {
	var shared notify.Notebook
	if d.o.Hub != nil {
		shared = d.o.Hub
	}
	for _, r := range eventfile.Receivers(e) {
		list = append(list, notify.New(notify.Options{
			Notes:    shared,
			Receiver: r, Wait: e.Notify.Group.Wait, Repeat: e.Notify.Group.Repeat, Open: open,
			Current: d.source.Open, Count: d.metrics.Notified, Folder: filepath.Join(d.folder, "notify"), Log: d.log,
		}))
	}
	return list
}
