# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=sh
# Sourced by scripts that build or install in a clean Debian system: a folder for chroot that is
# unpacked for one use and removed afterwards.  Needs root.
#
# What it is unpacked from, a tar file of a release and the packages asked for, is kept in the
# cache for a week.  Packages come from the archive that this machine already trusts.
# KMD_ROOTS is where the folders are made (/var/tmp); a tmpfs is faster.

: "${program:?is set by the script}"
cache=${KMD_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/kmemdump}

say()
{
	echo "$program: $*" >&2
}

die()
{
	say "$@"
	exit 1
}

# Meson and the scripts read 77 as "skipped".
gone()
{
	say "$@"
	exit 77
}

own_release()
{
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

archive_uri()
{
	apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" |
		sed -n "s/^$(own_release) //p" | head -n 1
}

# How this machine reaches the archive holds in the root, too.
apt_options()
{
	apt-config dump | sed -n '/^Acquire::\(Check-\|Retries\|https*::Proxy\)/p'
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || die 'needs root, to make a clean system and to change into it'
	command -v mmdebstrap >/dev/null || gone 'mmdebstrap is needed (scripts/setup all)'
}

# root_tar RELEASE ARCHITECTURES PACKAGE...: makes the tar file if need be, and sets $tar.
root_tar()
{
	mkdir -p "$cache/clean"
	key=$(echo "$*" | sha256sum | cut -c 1-12)
	tar=$cache/clean/$1-$2-$key.tar.zst
	exec 8>"$cache/clean/lock-$key"
	flock 8
	# Of other packages, too: what asked for them may be gone.
	find "$cache/clean" -name '*.tar.zst' -mtime +7 | while read -r old; do rm -f "$old" "$old.conf"; done
	if [ ! -f "$tar" ]; then
		release=$1 archs=$2
		shift 2
		uri=$(archive_uri)
		[ -n "$uri" ] || gone "apt has no source for $(own_release)"
		say "making a clean $release ($archs) with $# packages, to $cache"
		apt_options >"$tar.conf"
		mmdebstrap --mode=root --variant=apt --architectures="$archs" --aptopt="$tar.conf" \
			--dpkgopt=force-unsafe-io --include="ca-certificates $*" \
			"$release" "${tar%.tar.zst}.new.tar.zst" "deb $uri $release main" >"$tar.log" 2>&1 || {
			tail -n 20 "$tar.log" >&2
			rm -f "${tar%.tar.zst}.new.tar.zst" "$tar.conf"
			gone "no clean $release can be made"
		}
		rm -f "$tar.log"
		mv "${tar%.tar.zst}.new.tar.zst" "$tar"
	fi
	exec 8>&-
}

# clean_root RELEASE ARCHITECTURES PACKAGE...: sets $root.  The script removes it by remove_root.
clean_root()
{
	root_tar "$@"
	root=$(mktemp -d "${KMD_ROOTS:-/var/tmp}/kmd-root.XXXXXX")
	tar -x -I zstd -f "$tar" -C "$root"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	cp "$tar.conf" "$root/etc/apt/apt.conf.d/99kmd"
	# No service is started in it.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

# A command of this machine that changes into the root.  The mounts are gone with its processes.
with_mounts()
{
	# shellcheck disable=SC2016
	unshare --mount --pid --fork sh -c '
		root=$1; shift
		mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc" && exec "$@"' sh "$root" "$@"
}

in_root()
{
	with_mounts chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/build LANG=C.UTF-8 TERM=dumb \
		DEBIAN_FRONTEND=noninteractive ${DEB_BUILD_OPTIONS+DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS"} "$@"
}

remove_root()
{
	[ -z "${root-}" ] || rm -rf --one-file-system "$root"
	root=
}
