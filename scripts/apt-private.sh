# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=sh
# Sourced by the fetch scripts: apt with lists, state and downloads of our own.
#
# Packages come from the archive that this machine already trusts, yet nothing is
# installed, no root is needed, and another architecture's or another release's
# package is no different.  Set $arch, and $release if it is another one.
# Sets $cache.

: "${program:?is set by the script}" "${arch:?is set by the script}"
cache=${KMD_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/kmemdump}
apt_home=$cache/apt-$arch${release:+-$release}

say()
{
	echo "$program: $*" >&2
}

# What is wanted cannot be had; meson reads 77 as "skipped".
gone()
{
	say "$@"
	exit 77
}

need_tools()
{
	for tool in apt-get apt-cache dpkg tar flock; do
		command -v "$tool" >/dev/null || gone "$tool is needed and not here"
	done
}

# Tests that run side by side wait for one download instead of making two.
lock_cache()
{
	mkdir -p "$cache"
	exec 9>"$cache/lock${release:+-$release}"
	flock 9
}

# A folder that becomes part of the cache by a rename, or goes away.
make_work()
{
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

own_release()
{
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# The release that packages of backports and of experimental are meant for.
base_release()
{
	case "$release" in
	*-backports) echo "${release%-backports}" ;;
	experimental) echo sid ;;
	esac
}

# Another release is in the archive that our own comes from.
write_sources()
{
	uri=$(apt-get indextargets --format "\$(RELEASE) \$(REPO_URI)" |
		sed -n "s/^$(own_release) //p" | head -n 1)
	[ -n "$uri" ] || gone "this machine's apt has no source for $(own_release)"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	for suite in $release $(base_release); do
		echo "deb [signed-by=$keys] $uri $suite main"
	done >"$apt_home/sources.list"
}

private_apt()
{
	apt_tool=$1
	shift
	if [ -n "${release-}" ]; then
		set -- -o Dir::Etc::sourcelist="$apt_home/sources.list" -o Dir::Etc::sourceparts=- "$@"
	fi
	"$apt_tool" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::State="$apt_home/state" -o Dir::Cache="$apt_home/cache" \
		-o Dir::State::status="$apt_home/status" -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 \
		-o APT::Update::Post-Invoke::= -o Debug::NoLocking=1 "$@"
}

# Lists of the last hour will do: one run fetches several things.
refresh_lists()
{
	mkdir -p "$apt_home/state/lists/partial" "$apt_home/cache/archives/partial"
	: >"$apt_home/status"
	[ -z "$(find "$apt_home/fresh" -mmin -60 2>/dev/null)" ] || return 0
	[ -z "${release-}" ] || write_sources
	say "reading the archive's package lists for $arch${release:+, $release} (some 10 MB)"
	private_apt apt-get update --error-on=any >"$apt_home/update.log" 2>&1 ||
		gone "the package archive cannot be read; see $apt_home/update.log"
	: >"$apt_home/fresh"
}

# fetch_closure FOLDER PACKAGE...: the packages and all that they need, unpacked into the new folder.
# With an empty status file apt counts nothing as installed: the closure is whole.
fetch_closure()
{
	closure=$1
	shift
	mkdir -p "$work/archives/partial" "$closure"
	private_apt apt-get -y --no-install-recommends --download-only \
		-o Dir::Cache::archives="$work/archives" install "$@" >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		gone "$* for $arch could not be downloaded"
	}
	for deb in "$work"/archives/*.deb; do
		dpkg --fsys-tarfile "$deb" | tar -x -C "$closure" --keep-directory-symlink
	done
	# Since trixie packages hold nothing under /lib, where programs look for the loader.
	[ -e "$closure/lib" ] || ln -s usr/lib "$closure/lib"
}
