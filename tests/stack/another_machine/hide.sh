#!/bin/sh
# hide.sh DEV SHM COMMAND...: runs it where /proc is empty and /dev has what every Unix has (DEV is an
# empty folder for it). SHM "shm" leaves an empty /dev/shm, in which glibc keeps its semaphores; a Mac's
# are the kernel's. Run it in a mount namespace of its own.
set -eu
dev=$1 shm=$2
shift 2
mount -t tmpfs none "$dev"
for name in null zero full random urandom tty; do
    touch "$dev/$name"
    mount --bind "/dev/$name" "$dev/$name"
done
if [ "$shm" = shm ]; then
    mkdir -m 1777 "$dev/shm"
fi
mount --rbind "$dev" /dev
mount -t tmpfs none /proc
exec "$@"
