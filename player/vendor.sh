#!/bin/sh
# Fetches the pinned player libraries from npm and stores them compressed below
# third_party/, each with its licence, and axe-core for the tests below
# testdata/. The versions stand in assets.go and nowhere else. Run it by
# `go generate ./player`; the result is committed, so a build needs no network.
set -eu
cd "$(dirname "$0")"

version() { sed -n "s/^\t$1 *= \"\(.*\)\"\$/\1/p" assets.go; }
hls=$(version hlsVersion)
videojs=$(version videojsVersion)
axe=4.14.1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# store PACKAGE FILE TO: -n leaves name and time out, so the same bytes come out.
store() { gzip -9nc "$tmp/$1/package/$2" >"$3.gz"; }

for p in "hls.js@$hls" "video.js@$videojs" "axe-core@$axe"; do
	mkdir "$tmp/${p%@*}"
	tarball=$(cd "$tmp" && npm pack --silent "$p")
	tar -xzf "$tmp/$tarball" -C "$tmp/${p%@*}"
done

mkdir -p third_party testdata
store hls.js dist/hls.min.js third_party/hls.min.js
store video.js dist/video.min.js third_party/video.min.js
store video.js dist/video-js.min.css third_party/video-js.min.css
store axe-core axe.min.js testdata/axe.min.js
cp "$tmp/hls.js/package/LICENSE" third_party/hls.js.LICENSE
cp "$tmp/video.js/package/LICENSE" third_party/video.js.LICENSE
cp "$tmp/axe-core/package/LICENSE" testdata/axe-core.LICENSE
