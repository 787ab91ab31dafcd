#!/bin/sh
# Stands between Miniflare and the runtime; told by the environment where (ISOLA_SOCKETS), what (ISOLA_WORKERD) and
# at which address its entry is to be (ISOLA_ENTRY; empty leaves it).
#
# - The runtime does not bind a Unix socket whose file a killed one left behind, so the files go first.
# - The launcher learns the process that it must not leave behind.
# - Miniflare's entry would be a TCP port for every user of the machine; a private socket takes its place.
# - Ctrl-C is for the launcher, which ends the runtime in its turn.
trap '' INT
rm -f "$ISOLA_SOCKETS"/core-*
echo $$ > "$ISOLA_SOCKETS/core.pid"
for argument do
  shift
  case "$argument" in
    --socket-addr=entry=*) argument="--socket-addr=entry=${ISOLA_ENTRY:-${argument#--socket-addr=entry=}}" ;;
  esac
  set -- "$@" "$argument"
done
exec "$ISOLA_WORKERD" "$@"
