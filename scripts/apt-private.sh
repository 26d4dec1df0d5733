# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=sh
# Sourced by the fetch scripts: apt with lists, state and downloads of our own.
#
# Packages come from the sources that this machine already trusts, yet nothing is
# installed, no root is needed, and another architecture's package is no different.
# Sets $cache.

: "${program:?is set by the script}" "${arch:?is set by the script}"
cache=${KMD_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/kmemdump}

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
	exec 9>"$cache/lock"
	flock 9
}

# A folder that becomes part of the cache by a rename, or goes away.
make_work()
{
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

private_apt()
{
	apt_tool=$1
	shift
	"$apt_tool" -q -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::State="$cache/apt-$arch/state" -o Dir::Cache="$cache/apt-$arch/cache" \
		-o Dir::State::status="$cache/apt-$arch/status" -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 \
		-o APT::Update::Post-Invoke::= -o Debug::NoLocking=1 "$@"
}

refresh_lists()
{
	mkdir -p "$cache/apt-$arch/state/lists/partial" "$cache/apt-$arch/cache/archives/partial"
	: >"$cache/apt-$arch/status"
	say "reading the archive's package lists for $arch (some 10 MB)"
	private_apt apt-get update --error-on=any >"$cache/apt-$arch/update.log" 2>&1 ||
		gone "the package archive cannot be read; see $cache/apt-$arch/update.log"
}
