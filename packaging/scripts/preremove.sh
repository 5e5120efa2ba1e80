#!/bin/sh
# dpkg says "upgrade" and rpm says 1 if a new version follows.
case ${1:-} in upgrade | 1) exit 0 ;; esac
if [ -d /run/systemd/system ]; then
	systemctl --quiet disable --now zgossip_server.service || :
elif [ -d /run/openrc ]; then
	rc-service --ifexists --quiet zgossip_server stop || :
	rc-update --quiet --all delete zgossip_server || :
fi
exit 0
