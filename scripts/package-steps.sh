# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/package: its steps.  Each makes and removes its own clean system.
: "${release?}" "${output?}" "${version?}" "${root=}"

build_packages='build-essential fakeroot lintian debhelper dh-dkms dh-python check libarchive-dev libblkid-dev libdw-dev
	libelf-dev libjansson-dev liblzo2-dev libsnappy-dev libzstd-dev meson pkgconf python3-cffi
	python3-dev scdoc zlib1g-dev zstd'

# What git tracks, and new files; not what a build left behind.
copy_sources()
{
	mkdir -p "$1"
	git ls-files -z --cached --others --exclude-standard | grep -zv '^build' |
		while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
		tar -c --null -T - | tar -x -C "$1"
}

build_root()
{
	# shellcheck disable=SC2086 # a list of packages
	clean_root "$release" "$(dpkg --print-architecture)" $build_packages
}

# The log is for the case that something fails.
logged()
{
	local log=$1
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 60 "$log" >&2
		die "failed: $*; all of it is in $log"
	}
}

# build_in FOLDER OF THE ROOT, FOLDER FOR THE PACKAGES
build_in()
{
	build_root
	copy_sources "$root$1/kmemdump-$version"
	logged "$2/build.log" in_root sh -ec "cd '$1/kmemdump-$version'
		dpkg-checkbuilddeps && dpkg-buildpackage -us -uc"
	rm -f "$2"/*.deb "$2"/*.dsc "$2"/*.tar.* "$2"/*.changes "$2"/*.buildinfo
	mv "$root$1"/*.deb "$root$1"/*.dsc "$root$1"/*.tar.* "$root$1"/*.changes "$root$1"/*.buildinfo "$2"
	! grep -E 'warning:' "$2/build.log" || die "the build warns; see $2/build.log"
}

step_build()
{
	build_in /build "$output"
	# The next step's lintian is this release's own.
	(cd "$output" && ls -1 ./*.deb)
	remove_root
}

step_lint()
{
	local others=newer-standards-version,out-of-date-standards-version
	# The unit runs once in a boot, and is no daemon.  Lintian of Debian 13 does not know this tag.
	[ "$release" != bookworm ] || others=$others,package-supports-alternative-init-but-no-init.d-script
	build_root
	mkdir "$root/lint"
	cp "$output"/*_"$version"* "$root/lint"
	# Lintian of a release wants the release's own version of Debian's policy.
	logged "$output/lintian.log" in_root sh -c "cd /lint && lintian --allow-root --pedantic \
		--suppress-tags $others \
		--display-info --fail-on error,warning,info,pedantic --tag-display-limit 0 *.changes"
	cat "$output/lintian.log"
	remove_root
}

packages_of_release()
{
	find "$output" -name "*_${version}_*.deb" ! -name '*-dbgsym_*'
}

# All files, and what dpkg knows, without what apt and dpkg themselves write.
state()
{
	(cd "$root" && find . -xdev \( -path ./var/cache -o -path ./var/lib/apt -o -path ./var/log \
		-o -path ./debs -o -path ./var/lib/dpkg -o -path ./etc/ld.so.cache \
		-o -path ./dev -o -path ./proc -o -path ./tmp \) -prune -o -print | sort)
	# shellcheck disable=SC2016 # dpkg-query's own
	in_root dpkg-query -W -f '${Package} ${Status}\n' | sort
}

# Everything our packages depend on is there before, so that what is left is ours.
install_root()
{
	clean_root "$release" "$(dpkg --print-architecture)" python3 python3-cffi-backend libarchive-dev \
		libblkid-dev libdw-dev libelf-dev liblzo2-dev libsnappy-dev libzstd-dev zlib1g-dev libjansson4 \
		dkms gcc libc6-dev pkgconf
	mkdir "$root/debs"
	packages_of_release | xargs cp -t "$root/debs"
}

# The same packages with a higher version, as an upgrade would bring.
newer_packages()
{
	# shellcheck disable=SC2016
	in_root sh -ec 'mkdir /debs/newer; for deb in /debs/*.deb; do
			dpkg-deb -R "$deb" /var/tmp/x
			sed -i "s/^Version: .*/&+next/; s/(= \([^)]*\))/(= \1+next)/g" /var/tmp/x/DEBIAN/control
			dpkg-deb --root-owner-group -b /var/tmp/x "/debs/newer/${deb##*/}" >/dev/null
			rm -rf /var/tmp/x
		done'
}

# As a later version would be, which has another folder in /usr/src, and other modules.
newer_modules()
{
	in_root sh -ec "dpkg-deb -R /debs/kmemdump-dkms_*.deb /var/tmp/x
		cd /var/tmp/x
		mv usr/src/kmemdump-$version usr/src/kmemdump-$version.1
		sed -i 's/$version/$version.1/' usr/src/*/dkms.conf DEBIAN/control DEBIAN/p[or]*
		dpkg-deb --root-owner-group -b /var/tmp/x /debs/newer.deb >/dev/null
		rm -rf /var/tmp/x"
}

step_install()
{
	install_root
	local work
	work=$(mktemp -d)
	state >"$work/before"
	logged "$output/install.log" in_root sh -ec 'apt-get install -qy --no-install-recommends /debs/*.deb'
	cp tests/packages/use "$root/debs/use"
	cp -r tests/fixtures/real/x86_64-6.1-rfc "$root/debs/dump"
	cp tests/api/example.c "$root/debs/"
	in_root sh /debs/use /debs "$version"
	newer_packages
	logged "$output/upgrade.log" in_root sh -ec 'apt-get install -qy --no-install-recommends /debs/newer/*.deb'
	in_root sh /debs/use /debs "$version"
	logged "$output/remove.log" in_root sh -ec 'apt-get purge -qy libkmd0 libkmd-dev kmd-tools kmd-mkimage python3-kmd kmemdump-dkms'
	state >"$work/after"
	diff "$work/before" "$work/after" || die 'removal left something behind'
	rm -rf "$work"
	remove_root
}

step_autopkgtest()
{
	command -v autopkgtest >/dev/null || gone 'autopkgtest is needed (scripts/setup all)'
	clean_root "$release" "$(dpkg --print-architecture)" dpkg-dev apt-utils
	# Its lists are not kept in the tar file.
	logged "$output/autopkgtest.log" in_root apt-get -q update
	# Not the chroot's /tmp: the tests take what is copied there before.  Nor a folder of this machine alone.
	# shellcheck disable=SC2046
	logged "$output/autopkgtest.log" with_mounts env -u TMPDIR autopkgtest $(packages_of_release) "$output"/*_"$version".dsc \
		-- chroot "$root"
	grep -E ' (PASS|FAIL|SKIP)' "$output/autopkgtest.log"
	remove_root
}

# What dkms builds for the kernel of the rig is what the rig then loads.
step_dkms()
{
	local kernel where version_of_kernel headers
	# Its headers are kept with it: the archive has only the newest kernel's.
	where=$(scripts/fetch-kernel "$release" amd64 cloud-amd64) || exit $?
	version_of_kernel=$(cat "$where/release")
	kernel=$(sed -n "s/^\([^# ]*\) *$release *amd64 *cloud-amd64.*/\1/p" tests/e2e/rig/kernels.txt)
	headers=$(scripts/fetch-root "$release")
	clean_root "$release" amd64 dkms gcc make libelf-dev pahole
	(cd "$headers" && tar -c usr/src/linux-headers-"$version_of_kernel" usr/src/linux-headers-*-common usr/lib/linux-kbuild-* \
		usr/lib/modules/"$version_of_kernel") | tar -x -C "$root" --keep-directory-symlink
	mkdir "$root/debs"
	cp "$output"/kmemdump-dkms_"$version"_all.deb "$root/debs"
	logged "$output/dkms.log" in_root sh -ec "apt-get install -qy --no-install-recommends /debs/*.deb || {
			cat /var/lib/dkms/kmemdump/*/build/make.log
			exit 1
		}
		dkms status
		dkms install -m kmemdump -v $version -k $version_of_kernel
		find /lib/modules/$version_of_kernel/updates -name '*.xz' -exec unxz {} +"
	rm -rf "$output/modules"
	mkdir "$output/modules"
	cp "$root/lib/modules/$version_of_kernel/updates/dkms"/*.ko "$output/modules"
	newer_modules
	logged "$output/dkms-upgrade.log" in_root apt-get install -qy --no-install-recommends /debs/newer.deb
	# What an upgrade does not build at once is not of the old version either.
	[ -z "$(find "$root/var/lib/dkms/kmemdump" "$root/usr/src" -maxdepth 1 -name "*$version")" ] ||
		die 'the upgrade of kmemdump-dkms left the old modules behind'
	in_root dkms status -m kmemdump | grep "$version.1" >&2 || die 'dkms does not have the new modules'
	logged "$output/dkms-remove.log" in_root apt-get purge -qy kmemdump-dkms
	[ -z "$(find "$root/lib/modules" "$root/var/lib/dkms" "$root/usr/src" -name '*kmemdump*')" ] ||
		die 'removal of kmemdump-dkms left modules behind'
	remove_root
	[ -f build/build.ninja ] || meson setup build >/dev/null
	meson compile -C build >/dev/null
	/usr/bin/python3 tests/e2e/rig/run.py "$kernel" panic build/tools/kmd-assemble/kmd-assemble \
		--modules "$output/modules"
}

# In another folder, by another build: the packages have the same bytes.
step_reproduce()
{
	local again=$output/again
	mkdir -p "$again"
	build_in /somewhere/else "$again"
	remove_root
	(cd "$output" && sha256sum ./*.deb) | (cd "$again" && sha256sum -c --quiet -) ||
		die "packages differ between $output and $again"
	rm -rf "$again"
}

# The rules of other distributions, read by their own tools.
step_other()
{
	rpmspec -q --define "_sourcedir $PWD" packaging/kmemdump.spec
	rpmlint --strict -c packaging/rpmlint.toml packaging/kmemdump.spec
	# The variables are makepkg's.
	shellcheck --shell=bash --exclude=SC2034,SC2154 packaging/PKGBUILD
	! command -v namcap >/dev/null || namcap packaging/PKGBUILD
}

# A clean system of Debian with the tools of another distribution, and what "meson dist" would make.
# other_root TOOL...
other_root()
{
	build_root
	# Into what is built in anyway: no other tar file is kept.
	logged "$output/other.log" in_root apt-get -q update
	logged "$output/other.log" in_root apt-get install -qy --no-install-recommends "$@"
	mkdir -p "$root/build"
	copy_sources "$root/build/kmemdump-$upstream"
	tar -c -J -C "$root/build" -f "$root/build/kmemdump-$upstream.tar.xz" "kmemdump-$upstream"
	rm -r "$root/build/kmemdump-$upstream"
	chmod 777 "$root/build"
}

# The names of what Debian's packages install, whatever folder of it a distribution prefers.
# Debian's own: documentation, licences, triggers, the links of shared libraries.  Byte code of Python is
# made by Debian when a package is installed, by meson elsewhere.
names_in()
{
	grep -v -e '/$' -e '/__pycache__/' -e '/doc/' -e '/licenses/' -e '/lintian/' -e '/\.' -e '/docbase/' | sed 's/.*\///; s/\.gz$//; s/\.cpython-.*//' | sort -u
}

names_of_debian()
{
	local deb
	for deb in $(packages_of_release); do
		dpkg-deb -c "$deb" | sed 's/ -> .*//; s/.* \.//'
	done | names_in
}

# rpmbuild fails if the spec file forgets a file, or names one that is not installed.
step_rpm()
{
	local upstream=${version%-*} out=$output/rpm
	other_root rpm
	cp packaging/kmemdump.spec packaging/fedora.macros "$root/build"
	# Its dependencies have Fedora's names.
	logged "$output/rpm.log" in_root sh -ec "cd /build
		rpmbuild -ba --nodeps ${no_tests:+--nocheck} --define '_topdir /build/rpm' --define '_sourcedir /build' \
			--load /build/fedora.macros kmemdump.spec"
	rm -rf "$out"
	mkdir "$out"
	find "$root/build/rpm" -name '*.rpm' -exec cp -t "$out" {} +
	remove_root
	(cd "$out" && ls -1 ./*.rpm)
	for package in "$out"/*.rpm; do
		case $package in *.src.rpm) ;; *) rpm -qp --nosignature --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$package" 2>/dev/null | sed '/^d/d; s/^[^ ]* //' ;; esac
	done | names_in >"$out/names"
	names_of_debian | diff - "$out/names" || die 'the RPM packages do not have what the Debian packages have'
}

step_arch()
{
	local upstream=${version%-*} out=$output/arch
	other_root makepkg libarchive-tools
	cp packaging/PKGBUILD "$root/build"
	# makepkg 7 looks for pacman, which asks for dependencies by Arch's names: --nodeps does without.
	logged "$output/arch.log" in_root setpriv --reuid=nobody --regid=nogroup --clear-groups sh -ec "cd /build
		export HOME=/build PKGEXT=.pkg.tar.zst PACMAN=true
		makepkg --printsrcinfo
		makepkg --nodeps ${no_tests:+--nocheck}"
	rm -rf "$out"
	mkdir "$out"
	find "$root/build" -maxdepth 1 -name '*.pkg.tar.zst' -exec cp -t "$out" {} +
	remove_root
	(cd "$out" && ls -1 ./*.pkg.tar.zst)
	for package in "$out"/*.pkg.tar.zst; do
		# From the root, as the others' lists: makepkg's own files begin with a point there.
		tar -t -f "$package" | sed 's/^/\//'
	done | names_in >"$out/names"
	names_of_debian | diff - "$out/names" || die "the package for Arch does not have what the Debian packages have"
}
