#!/bin/sh
# Makes the embedded media: eight seconds that loop without a seam.
#   video: H.264 constrained baseline, 25 fps, a closed GOP a second, no B frames,
#          one access unit delimiter per frame and SPS and PPS before each IDR;
#   audio: AAC-LC, 48 kHz, 375 frames of 1024 samples = 8 s exactly. The tone has
#          a period of 8 s and the middle of three encoded periods is kept, so
#          that the overlap between last and first frame is right.
# Needs ffmpeg with libx264. The result is committed; run this only to change it.
set -eu
cd "$(dirname "$0")"

video() { # name, size, crf, font size
	ffmpeg -v error -y -f lavfi -i "testsrc2=size=$2:rate=25:duration=8" -an \
		-vf "gblur=sigma=0.8,drawbox=y=ih*0.36:h=ih*0.28:w=iw:color=black@0.7:t=fill,drawtext=font=DejaVu Sans Mono:text='streamwatch $1 %{pts\:hms}':fontcolor=white:fontsize=$4:x=(w-tw)/2:y=(h-th)/2,format=yuv420p" \
		-c:v libx264 -profile:v baseline -preset veryslow -crf "$3" -maxrate 420k -bufsize 420k \
		-x264-params "keyint=25:min-keyint=25:scenecut=0:aud=1:repeat-headers=1:bframes=0:threads=1" \
		-bsf:v filter_units=remove_types=6 -f h264 "$1.h264"
}
video 360p 640x360 36 30
video 240p 426x240 37 20

ffmpeg -v error -y -f lavfi \
	-i "aevalsrc='0.2*sin(2*PI*220*t)*(0.35+0.65*lt(mod(t,1),0.1))+0.1*sin(2*PI*330*t)*lt(mod(t,8),0.3)':s=48000:d=24" \
	-c:a aac -b:a 32k -ac 1 -f adts whole.aac
python3 - <<'PY'
data, frames, at = open("whole.aac", "rb").read(), [], 0
while at < len(data):
    n = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    frames.append(data[at:at + n])
    at += n
open("audio.aac", "wb").write(b"".join(frames[376:751]))
PY
rm whole.aac
