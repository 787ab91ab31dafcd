#!/bin/sh
# Stands between Miniflare and the runtime; told by the environment where (ISOLA_SOCKETS) and what (ISOLA_WORKERD).
#
# - The runtime does not bind a Unix socket whose file a killed one left behind, so the files go first.
# - The launcher learns the process that it must not leave behind.
# - Miniflare's entry would be a TCP port for every user of the machine; nobody needs it, so it becomes a private socket.
# - Ctrl-C is for the launcher, which ends the runtime in its turn.
trap '' INT
rm -f "$ISOLA_SOCKETS"/core-*
echo $$ > "$ISOLA_SOCKETS/core.pid"
for argument do
  shift
  case "$argument" in
    --socket-addr=entry=*) argument="--socket-addr=entry=unix:$ISOLA_SOCKETS/core-entry" ;;
  esac
  set -- "$@" "$argument"
done
exec "$ISOLA_WORKERD" "$@"
