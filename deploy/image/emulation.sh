#!/usr/bin/env bash
# emulation.sh ARCHITECTURE: lets this machine run programs of another architecture, for the steps
# of an image that run in it. Needs root, and qemu-user-static and arch-test of Debian. What it
# tells the kernel stays until the machine ends, as it does where systemd tells it when that package
# is installed; by its flag F that counts in containers as well.
set -euo pipefail
architecture=$1
if [ "$architecture" = "$(dpkg --print-architecture)" ]; then exit 0; fi
if ! command -v arch-test >/dev/null; then
  echo "emulation.sh: arch-test is not installed" >&2
  exit 1
fi
if arch-test "$architecture" >/dev/null; then exit 0; fi

# Debian's names on the left, QEMU's on the right.
case $architecture in
  amd64) cpu=x86_64 ;;
  arm64) cpu=aarch64 ;;
  *) cpu=$architecture ;;
esac
rule=/usr/lib/binfmt.d/qemu-$cpu.conf
if [ ! -f "$rule" ]; then
  echo "emulation.sh: qemu-user-static is not installed, wanted for \"$architecture\"" >&2
  exit 1
fi
table=/proc/sys/fs/binfmt_misc
if [ ! -e "$table/register" ]; then mount -t binfmt_misc binfmt_misc "$table"; fi
if [ ! -e "$table/qemu-$cpu" ]; then cat "$rule" >"$table/register"; fi
arch-test "$architecture" >/dev/null
