#!/bin/sh
# After a package was installed or removed: systemd reads its units again.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
