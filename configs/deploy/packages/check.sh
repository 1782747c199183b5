#!/usr/bin/env bash
# Installs what `make release-check` has built into clean roots and runs it there:
# the deb and the rpm in a Debian of debootstrap, the image as its own user. What
# needs a tool that is missing is skipped with a line.
set -euo pipefail
dist=$(cd "${1:-dist}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
arch=$(go env GOARCH)
version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' "$dist/metadata.json")
commit=$(sed -n 's/.*"commit":"\([^"]*\)".*/\1/p' "$dist/metadata.json")
when=$(git log -1 --format=%ct "$commit")
day=$(TZ=UTC date -d "@$when" +%F)

have() {
	for tool; do
		command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; return 1; }
	done
}
fail() { echo "FAIL: $*" >&2; exit 1; }
holds() { grep -qF -- "$2" <<<"$1" || fail "no $2 in: $1"; }

# said requires of a program what its version says.
said() {
	local text
	text=$("$@" version)
	for want in "streamwatch $version" "commit $commit" "date $day" " go1."; do holds "$text" "$want"; done
}

# installed requires what both packages bring into a root.
installed() {
	local root=$1 file
	said chroot "$root" streamwatch
	holds "$(chroot "$root" streamwatch demo --help)" 'streamwatch demo'
	chroot "$root" streamwatch validate /usr/share/doc/streamwatch/examples/event.yaml >/dev/null
	chroot --userspec=65534:65534 "$root" sh -c 'cd /tmp && streamwatch demo --for 3s --listen 127.0.0.1:0' >"$work/demo" 2>&1 ||
		fail "the demo: $(cat "$work/demo")"
	for file in man/man1/streamwatch.1.gz man/man1/streamwatch-run.1.gz bash-completion/completions/streamwatch \
		"zsh/$2/_streamwatch" fish/vendor_completions.d/streamwatch.fish streamwatch/event.schema.json; do
		[[ -s $root/usr/share/$file ]] || fail "there is no $file"
	done
	holds "$(man -l "$root/usr/share/man/man1/streamwatch.1.gz" 2>/dev/null)" 'STREAMWATCH'
	[[ -s "$root/usr/lib/systemd/system/streamwatch@.service" ]] || fail 'there is no unit'
	cp "$root/usr/share/doc/streamwatch/examples/event.yaml" "$root/etc/streamwatch/mine.yaml"
	chroot --userspec=65534:65534 "$root" streamwatch validate /etc/streamwatch/mine.yaml >/dev/null || fail 'the service cannot read its file'
	rm "$root/etc/streamwatch/mine.yaml"
}

echo '== archives'
(cd "$dist" && sha256sum --quiet --check SHA256SUMS)
mkdir "$work/archive"
tar -xzf "$dist"/streamwatch_*_linux_"$arch".tar.gz -C "$work/archive"
said "$work/archive/streamwatch"
for archive in "$dist"/*.tar.gz; do
	times=$(TZ=UTC tar -tvzf "$archive" --full-time | awk '{print $4, $5}' | sort -u)
	[[ $times == "$(TZ=UTC date -d "@$when" '+%F %T')" ]] || fail "$archive has files of $times"
done
for sbom in "$dist"/*.cdx.json; do
	grep -q '"bomFormat": "CycloneDX"' "$sbom" && grep -q 'pkg:golang/modernc.org/sqlite@' "$sbom" || fail "$sbom"
done

if have debootstrap; then
	echo '== a clean Debian'
	debootstrap --variant=minbase bookworm "$work/root" >"$work/debootstrap" || fail "debootstrap: $(tail -5 "$work/debootstrap")"

	echo '== deb'
	cp "$dist"/streamwatch_*_linux_"$arch".deb "$work/root/tmp/streamwatch.deb"
	chroot "$work/root" apt-get install -y -qq --no-install-recommends /tmp/streamwatch.deb >/dev/null 2>&1 || fail 'it cannot be installed'
	installed "$work/root" vendor-completions
	chroot "$work/root" apt-get purge -y -qq streamwatch >/dev/null 2>&1
	left=$(find "$work/root" -xdev -path '*streamwatch*' -not -path "$work/root/tmp/*")
	[[ -z $left ]] || fail "the deb leaves $left"

	if have rpm; then
		echo '== rpm'
		rpm --root "$work/root" -i --nodeps "$dist"/streamwatch_*_linux_"$arch".rpm
		installed "$work/root" site-functions
		rpm --root "$work/root" -e streamwatch
		left=$(find "$work/root" -xdev -path '*streamwatch*' -not -path "$work/root/tmp/*")
		[[ -z $left ]] || fail "the rpm leaves $left"
	fi
fi

if have skopeo umoci; then
	echo '== image'
	skopeo --override-arch "$arch" copy -q "oci:$dist/image" "oci:$work/oci:it"
	umoci unpack --image "$work/oci:it" "$work/image"
	root=$work/image/rootfs
	said chroot --userspec=65532:65532 "$root" /streamwatch
	# Its user can write nowhere else, as with a read-only root.
	(cd "$root" && find . -xdev \( -uid 65532 -o -perm -o+w \) -not -type l | sort | tr '\n' ' ') >"$work/writable"
	[[ $(cat "$work/writable") == './data ./tmp ' ]] || fail "the image's user can write to $(cat "$work/writable")"
	mkdir "$root/etc/streamwatch"
	cat >"$root/etc/streamwatch/event.yaml" <<-'YAML'
		event: check
		origin: {url: "http://127.0.0.1:9"}
		distribution: {existing: {url: "http://127.0.0.1:9"}}
		streams: [{name: main, manifest: /main.m3u8}]
		monitor: {listen: "127.0.0.1:8090"}
		output: /data
	YAML
	chroot --userspec=65532:65532 "$root" /streamwatch run /etc/streamwatch/event.yaml --for 20s >"$work/run" 2>&1 &
	for _ in {1..100}; do
		if chroot --userspec=65532:65532 "$root" /streamwatch status --health 2>/dev/null; then break; fi
		sleep 0.2
	done
	chroot --userspec=65532:65532 "$root" /streamwatch status --health || fail "not healthy: $(cat "$work/run")"
	kill %1 && wait %1
	[[ -s $root/data/check/report.json ]] || fail "no report: $(cat "$work/run")"
fi
echo 'all well'
